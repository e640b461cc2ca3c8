import Foundation
import ModelZoo
import NumPyFormat
import Testing
import TestSupport
import ZooCore

/// What `run --output-dir` and other commands do to files.
@Suite(.needs(Zoo.built))
struct OutputFileTests {
  private static let names = [
    "a/b", "a_b", "A_B", "a\\b", "", ".", "..", "../x", "con", ".hidden", "esc\u{1b}[2J", "a\u{202e}b", "x:0",
    String(repeating: "n", count: 300), String(repeating: "n", count: 300) + "2", String(repeating: "ü", count: 200),
    "output_4", "a_b-2",
  ]

  @Test func eachOutputHasAFileOfItsOwn() throws {
    try withFolder { folder in
      let (names, model) = (Self.names.filter { !$0.isEmpty }, folder + "/m.zoo")
      try scaling(names).write(to: model, format: .package)
      let outcome = try Zoo.run("run", model, "--seed", "1", "--output-dir", folder + "/out", "--json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let report = try outcome.json()
      let outputs = try #require(report["outputs"] as? [[String: Any]])
      let files = try outputs.map { try #require($0["file"] as? String) }
      #expect(outputs.compactMap { $0["name"] as? String } == names)
      #expect(Set(files.map { $0.lowercased() }).count == names.count)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/out").count == names.count)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["m.zoo", "out"])
      let first = try NumPyFile.read(files[0]).elements(Float.self)[0]
      for (index, file) in files.enumerated() {
        let name = String(try #require(file.split(separator: "/").last))
        #expect(name.utf8.count <= 143 && !name.hasPrefix(".") && !name.unicodeScalars.contains("\u{1b}"))
        #expect(try NumPyFile.read(file).elements(Float.self)[0] == first * Float(index + 1), "\(file)")
      }
      // Names that can be a file's are.
      for name in ["a_b", "x:0", "a_b-2", "output_4"] { #expect(files.contains("\(folder)/out/\(name).npy")) }
      let text = try Zoo.run("run", model, "--seed", "1", "--output-dir", folder + "/out").output
      #expect(text.contains("a/b") && text.contains("/a_b-3.npy"), "\(text)")
    }
  }

  @Test func allOutputsAreWrittenOrNone() throws {
    try withFolder { folder in
      try scaling(["a", "b", "c"]).write(to: folder + "/m.zoo", format: .package)
      try FileManager.default.createDirectory(atPath: folder + "/out/c.npy", withIntermediateDirectories: true)
      let outcome = try Zoo.run("run", folder + "/m.zoo", "--seed", "1", "--output-dir", folder + "/out")
      #expect(outcome.status == 65 && outcome.errors.contains("c.npy"), "\(outcome.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/out") == ["c.npy"])
    }
  }

  @Test func convertTreatsItsOutputAsCopyingDoes() throws {
    try withFolder { folder in
      try colourModel().write(to: folder + "/a.onnx", format: .onnx)
      let expected = folder + "/expected.zoo"
      #expect(try Zoo.run("convert", folder + "/a.onnx", expected).status == 0)
      // A private file stays private, also behind a link.
      try write("old", to: folder + "/private")
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder + "/private")
      try FileManager.default.createSymbolicLink(atPath: folder + "/b.zoo", withDestinationPath: "private")
      #expect(try Zoo.run("convert", folder + "/a.onnx", folder + "/b.zoo").status == 0)
      let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/private")
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      #expect(try bytes(of: folder + "/private") == bytes(of: expected))
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/b.zoo") == "private")
      // Standard output, by a name that says the format.
      try FileManager.default.createSymbolicLink(atPath: folder + "/c.zoo", withDestinationPath: "/dev/stdout")
      let script = "\"$0\" convert a.onnx c.zoo > piped; head -c $(wc -c < expected.zoo) piped | cmp - expected.zoo"
      let outcome = try Zoo.run(
        ["-c", "cd '\(folder)' && " + script, try #require(Zoo.executable)], program: "/bin/sh")
      #expect(outcome.status == 0, "\(outcome)")
      let refused = try Zoo.run("convert", folder + "/a.onnx", folder + "/none/../x.zoo")
      #expect(refused.status == 66, "\(refused)")
    }
  }

  /// Outputs that are the input times 1, 2, 3, …
  private func scaling(_ names: [String]) throws -> ModelDefinition {
    var model = ModelDefinition()
    model.operatorSets = [OperatorSet(version: 17)]
    model.graph.name = "scaling"
    model.graph.inputs = [ValueInfo(name: "input", elementType: .float32, shape: [2])]
    model.graph.outputs = names.map { ValueInfo(name: $0, elementType: .float32, shape: [2]) }
    for (index, name) in names.enumerated() {
      let factor = try StoredTensor(Tensor([Float(index + 1)], shape: [1]))
      model.graph.initializers.append(NamedTensor(name: "factor \(index)", tensor: factor))
      model.graph.nodes.append(
        Node("Mul", name: "times \(index)", inputs: ["input", "factor \(index)"], outputs: [name]))
    }
    return model
  }
}
