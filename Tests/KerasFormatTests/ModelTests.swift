import CZooPlugin
import ConvPlugin
import Foundation
import KerasFormat
import StandardPlugin
import TestSupport
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem
import TensorFiles

/// Models that Keras saved, beside what Keras computed with them (make_fixtures.py).
@Suite struct ModelTests {
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

  struct Reference: Decodable {
    struct Value: Decodable {
      var shape: [Int]
      var elements: [Float]
    }
    var files: [String]
    var inputs: [String: Value]
    var outputs: [Value]
  }

  @Test func modelsGiveWhatKerasGives() throws {
    let registry = OperatorRegistry()
    for entry in [standardPluginEntry, convPluginEntry] {
      let plugin = try #require(entry(UInt32(ZOO_PLUGIN_ABI_VERSION), HostTable(cpu: CPU.current).pointer))
      try registry.register(plugin, origin: "linked in")
    }
    let data = try Data(contentsOf: Self.fixtures.appending(path: "references.json"))
    let references = try JSONDecoder().decode([String: Reference].self, from: data)
    #expect(references.count == 9)
    for (name, reference) in references {
      for file in reference.files {
        let definition = try KerasFormat.readModel(Self.fixtures.appending(path: file).path)
        #expect(definition.graph.name == name)
        let model = try CompiledModel(definition, registry: registry)
        let inputs = try reference.inputs.mapValues { try Tensor($0.elements, shape: $0.shape) }
        #expect(Set(model.inputs.map(\.name)) == Set(inputs.keys))
        let results = try model.run(inputs)
        #expect(model.outputs.count == reference.outputs.count)
        for (output, expected) in zip(model.outputs, reference.outputs) {
          let got = try #require(results[output.name])
          #expect(got.shape == expected.shape, "\(file): \(output.name)")
          let largest = expected.elements.reduce(0) { max($0, abs($1)) }
          for (value, wanted) in zip(try got.elements(Float.self), expected.elements) {
            #expect(abs(value - wanted) <= 1e-5 * largest, "\(file): \(output.name)")
          }
        }
      }
    }
  }

  /// A copy is the same file to Keras: its lists of layers and weights are written too.
  @Test(arguments: ["frozen", "graph", "recurrent", "attending"]) func aCopyHoldsTheModel(name: String) throws {
    try withFolder { folder in
      let (original, copy) = (Self.fixtures.appending(path: "\(name).h5").path, "\(folder)/copy.h5")
      let file = try KerasFormat.read(original)
      try KerasFormat.write(file, to: copy)
      #expect(try KerasFormat.holdsModel(copy))
      let (first, second) = (try KerasFormat.readModel(original).graph, try KerasFormat.readModel(copy).graph)
      #expect(first.nodes.map(\.outputs) == second.nodes.map(\.outputs))
      for (a, b) in zip(first.initializers, second.initializers) {
        #expect(a.name == b.name)
        #expect(try a.tensor.load().withUnsafeBytes { Array($0) } == b.tensor.load().withUnsafeBytes { Array($0) })
      }
      // With a weight less, or other names, it is no such model any more.
      for change in [{ $0.tensors.removeLast() }, { $0.tensors[0].name = "other" }] as [(inout TensorFile) -> Void] {
        var other = file
        change(&other)
        try KerasFormat.write(other, to: copy)
        #expect(try !KerasFormat.holdsModel(copy))
        #expect(try KerasFormat.read(copy).tensors.count == other.tensors.count)
      }
    }
  }

  @Test func unknownLayersAreNamedInBothForms() throws {
    try withFolder { folder in
      // The same model with a layer of a class that nobody knows.
      var file = try KerasFormat.read(Self.fixtures.appending(path: "frozen.h5").path)
      let index = try #require(file.metadata.firstIndex { $0.key == "model_config" })
      file.metadata[index].value = file.metadata[index].value.replacing("LayerNormalization", with: "UnheardOf")
      try KerasFormat.write(file, to: "\(folder)/a.h5")
      let error = #expect(throws: ZooError.self) { try KerasFormat.readModel("\(folder)/a.h5") }
      #expect(
        error?.kind == .unsupported && error?.message.contains("class UnheardOf") == true,
        "\(String(describing: error))")
    }
  }

  @Test func picturesAreTurnedOnlyAtTheEdges() throws {
    let graph = try KerasFormat.readModel(Self.fixtures.appending(path: "windows.keras").path).graph
    // Into the first layer: Flatten has one pixel left, whose axes need no turning. The padding has become the convolution's.
    #expect(graph.nodes.count { $0.operatorType == "Transpose" } == 1)
    #expect(!graph.nodes.contains { $0.operatorType == "Pad" })
  }

  @Test func codeIsRefusedByName() throws {
    let error = #expect(throws: ZooError.self) {
      try KerasFormat.readModel(Self.fixtures.appending(path: "lambda.keras").path)
    }
    #expect(error?.kind == .unsupported && error?.location?.contains("\"code\"") == true)
    #expect(error?.message.contains("Lambda") == true && error?.advice?.contains("never run") == true)
  }

  @Test func weightsHaveTheirPathsAsNames() throws {
    let old = try KerasFormat.read(Self.fixtures.appending(path: "frozen.h5").path)
    #expect(old.tensors.contains { $0.name == "model_weights/last/frozen/last/kernel" && $0.tensor.shape == [144, 3] })
    #expect(old.metadata.contains { $0.key == "keras_version" })
    let new = try KerasFormat.read(Self.fixtures.appending(path: "frozen.keras").path)
    #expect(
      new.tensors.contains { $0.name == "layers/sequential/layers/conv2d/vars/0" && $0.tensor.shape == [1, 1, 4, 4] })
    #expect(old.tensors.count == new.tensors.count)
  }
}
