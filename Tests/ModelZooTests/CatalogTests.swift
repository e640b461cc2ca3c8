import Foundation
import ModelZoo
import Testing

@Suite struct CatalogTests {
  private func withCatalog(_ files: [String], _ body: (ModelCatalog, String) throws -> Void) throws {
    try withFolder { folder in
      for file in files {
        let path = "\(folder)/\(file)"
        try FileManager.default.createDirectory(
          atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: path))
      }
      try body(ModelCatalog(folders: [folder + "/a", folder + "/b", folder + "/missing"]), folder)
    }
  }

  @Test func findsModelsByName() throws {
    try withCatalog(["a/one.zoo", "b/one.zoo", "b/two-small.onnx", "b/notes.txt"]) { catalog, folder in
      #expect(catalog.entries.map(\.name) == ["one", "two-small"])
      let asked = ["one", "two-small", "two", folder + "/b/one.zoo"]
      let found = try asked.map { try catalog.path(of: $0) }
      #expect(found == ["/a/one.zoo", "/b/two-small.onnx", "/b/two-small.onnx", "/b/one.zoo"].map { folder + $0 })
    }
  }

  @Test func tellsWhatComesNear() throws {
    try withCatalog(["a/resnet20-cifar10.zoo", "a/resnet56-cifar10.zoo", "a/resnet20-other.zoo"]) { catalog, folder in
      let error = #expect(throws: ZooError.self) { try catalog.path(of: "resnet2O-cifar10") }
      #expect(error?.kind == .notFound)
      #expect(error?.message.contains(folder + "/a") == true)
      #expect(error?.advice?.contains("resnet20-cifar10") == true)
      #expect(kind { try catalog.path(of: "resnet20") } == .usage)
      let file = #expect(throws: ZooError.self) { try catalog.path(of: "missing.onnx") }
      #expect(file?.message == "no such file")
    }
  }
}
