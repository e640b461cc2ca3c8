import CZooPlugin
import ConvPlugin
import Foundation
import KerasFormat
import StandardPlugin
import Testing
import ZooCore
import ZooRuntime

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
    #expect(references.count == 7)
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
