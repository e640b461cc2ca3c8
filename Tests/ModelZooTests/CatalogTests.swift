import Foundation
import ModelZoo
import TestSupport
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
      try body(ModelCatalog(ownFolders: [folder + "/a", folder + "/missing"], shippedFolders: [folder + "/b"]), folder)
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

  @Test func addsAndRemoves() throws {
    try withFolder { folder in
      let catalog = ModelCatalog(ownFolders: [folder + "/own"], shippedFolders: [folder + "/shipped"])
      try FileManager.default.createDirectory(atPath: folder + "/shipped", withIntermediateDirectories: true)
      var model = colourModel()
      try model.write(to: folder + "/shipped/given.zoo", format: .package)
      try model.write(to: folder + "/mine.onnx", format: .onnx)

      let entry = try catalog.add(folder + "/mine.onnx")
      #expect(entry.name == "mine" && entry.path == folder + "/own/mine.zoo")
      #expect(catalog.entries.map(\.name) == ["given", "mine"] && catalog.entries.map(\.isShipped) == [true, false])
      #expect(try ModelDefinition(contentsOf: entry.path).metadata == model.metadata)

      // A name that is taken needs a word; a file that is damaged changes nothing.
      let before = try Data(contentsOf: URL(fileURLWithPath: entry.path))
      #expect(kind { try catalog.add(folder + "/mine.onnx") } == .usage)
      var damaged = before
      damaged[damaged.count / 2] ^= 1
      try damaged.write(to: URL(fileURLWithPath: folder + "/mine.zoo"))
      #expect(kind { try catalog.add(folder + "/mine.zoo", replaces: true) } == .badData)
      #expect(try Data(contentsOf: URL(fileURLWithPath: entry.path)) == before)
      model.metadata.summary = "another"
      try model.write(to: folder + "/mine.zoo", format: .package)
      _ = try catalog.add(folder + "/mine.zoo", replaces: true)
      #expect(try ModelDefinition(contentsOf: entry.path).metadata.summary == "another")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/own") == ["mine.zoo"])

      for name in ["", "../x", ".x", "a b", "-x", "a\u{0}"] {
        #expect(kind { try catalog.add(entry.path, as: name) } == .usage)
      }
      #expect(kind { try catalog.remove("given") } == .usage)
      #expect(kind { try catalog.remove("min") } == .notFound)
      #expect(try catalog.remove("mine") == [entry.path])
      #expect(catalog.entries.map(\.name) == ["given"])
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
