import AlexNet
import EncoderDecoder
import Foundation
import NumPyFormat
import RCNN
import ResNet
import Testing
import TestSupport
import ZooCore

@testable import ModelZoo

/// Everything that becomes an ONNX file, in ONNX Runtime, beside what it gives here.
@Suite(.needs(.python("onnx", "onnxruntime"))) struct ExportTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  private static func files(_ folder: String, _ endings: String...) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)").sorted()
      .filter { name in endings.contains { name.hasSuffix(".\($0)") } }.map { "\(root)/\(folder)/\($0)" }
  }

  /// What each source gives, by the source's name; names of what is no model, or none that can be read.
  private static func models() throws -> (models: [String: ModelDefinition], others: Set<String>) {
    var models: [String: ModelDefinition] = [:]
    var others: Set<String> = []
    func add(_ path: String, _ read: (String) throws -> ModelDefinition) {
      let name = URL(filePath: path).lastPathComponent
      do { models[name] = try read(path) } catch { others.insert(name) }
    }
    let packages = [
      "AlexNet/alexnet-cifar10", "ResNet/resnet20-cifar10", "RCNN/rcnn-bccd", "Transformer/transformer-en-de",
    ]
    for name in packages { add("\(root)/Zoo/\(name).zoo") { try ModelDefinition(contentsOf: $0) } }
    for path in try files("Tests/GraphFormatTests/Caffe/Fixtures", "prototxt")
      + files("Tests/GraphFormatTests/TFLite/Fixtures", "tflite")
      + files("Tests/KerasFormatTests/Fixtures", "keras", "h5") + files("Tests/SVMModelFormatTests/Fixtures", "model")
    {
      add(path) { try ModelDefinition(contentsOf: $0) }
    }
    let fixtures = "Tests/ModelZooTests/Fixtures"
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(fixtures)") {
      add("\(root)/\(fixtures)/\(name)") { path in
        do { return try ModelDefinition(pretrainedFolder: path) } catch {
          let files = try WeightFiles(contentsOf: path)
          return try EncoderDecoder(.transformer).model(weights: files.tensors, values: files.values)
        }
      }
    }
    return (models, others)
  }

  /// Expects numbers that differ by at most `tolerance` of the largest, or `least`.
  private func expectSame(
    _ found: Tensor, _ wanted: Tensor, tolerance: Double, atLeast least: Double, _ place: String
  ) throws {
    #expect(found.type == wanted.type && found.shape == wanted.shape, "\(place)")
    let (mine, theirs) = (try found.numbers(), try wanted.numbers())
    let largest = theirs.filter(\.isFinite).reduce(0) { max($0, abs($1)) }
    let worst = zip(mine, theirs).reduce(0) {
      $1.0 == $1.1 || $1.0.isNaN && $1.1.isNaN ? $0 : max($0, abs($1.0 - $1.1))
    }
    #expect(mine.count == theirs.count && worst <= max(tolerance * largest, least), "\(place): \(worst) of \(largest)")
  }

  /// What ONNX Runtime says of networks that it does not run, because it has operators for fewer types of elements than
  /// ONNX, or because the inputs made here are no places in a table.
  private static let unlikeONNXRuntime = [
    "arithmetic.tflite": "NOT_IMPLEMENTED", "found.tflite": "NOT_IMPLEMENTED",
    "computed.tflite": "out of data bounds", "indexing.tflite": "out of data bounds",
  ]

  @Test func everyExportRunsInONNXRuntime() throws {
    let (models, others) = try Self.models()
    #expect(
      others == [
        "dense", "endless-call.tflite", "endless-choice.tflite", "endless-loop.tflite", "lambda.keras", "language",
        "no-constants.tflite", "processors.json", "sentences.json", "text-classifiers.json", "vit-state",
      ])
    try withFolder { folder in
      let paths = Dictionary(uniqueKeysWithValues: models.keys.map { ($0, "\(folder)/\($0).onnx") })
      for (name, model) in models { try ZooError.locating(name) { try model.write(to: paths[name]!, format: .onnx) } }
      try paths.values.sorted().joined(separator: "\n").write(
        toFile: folder + "/models.txt", atomically: true, encoding: .utf8)
      try Python.run("\(Self.root)/Tests/OpsetConversionTests/network_cases.py", folder)
      try Python.run("\(Self.root)/Tests/ModelZooTests/exports.py", folder)
      for (name, model) in models.sorted(by: { $0.key < $1.key }) {
        let path = paths[name]!
        guard model.ownOperators.isEmpty else {
          #expect(FileManager.default.fileExists(atPath: path + ".error") && name == "rcnn-bccd.zoo")
          continue
        }
        if let error = try? String(contentsOfFile: path + ".error", encoding: .utf8) {
          #expect(Self.unlikeONNXRuntime[name].map(error.contains) == true, "\(name): \(error)")
          continue
        }
        let inputs = try NumPyFile.readArchive(path + ".inputs.npz")
        let own = try Model(model, options: Model.Options(plugins: .linked, threads: 1)).run(inputs)
        let outputs = try NumPyFile.readArchive(path + ".outputs.npz")
        #expect(Set(own.keys) == Set(outputs.keys), "\(name)")
        for (output, wanted) in outputs {
          guard let found = own[output] else { continue }
          // A sum that differs in its last bit may become the next of eight bits' steps.
          let isStep = model.isQuantized && [.int8, .uint8, .int16].contains(found.type)
          try expectSame(
            found, wanted, tolerance: model.isQuantized ? 0.03 : 2e-5, atLeast: isStep ? 1 : 0, "\(name): \(output)")
        }
      }
    }
  }
}

extension ModelDefinition {
  /// Whether sums that differ in the last bit may fall on different sides of a step of eight bits.
  fileprivate var isQuantized: Bool { graph.nodes.contains { $0.operatorType.hasSuffix("QuantizeLinear") } }
}
