import AlexNet
import Foundation
import ModelZoo
import ONNXFormat
import OpsetConversion
import RCNN
import ResNet
import Testing
import TestSupport
import ZooCore

/// Graphs of several nodes, bodies, functions, and whole networks.
@Suite("Operator sets: models", .needs(.python("onnxruntime")))
struct ModelTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  @Test func graphsOfSeveralNodesGiveTheSame() throws {
    try withFolder { folder in
      try Python.run(Sweep.script("model_cases.py"), folder)
      var sweep = Sweep(folder)
      for model in try Sweep.models(folder) {
        try sweep.convert(model, to: [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 28])
      }
      for (path, source) in sweep.written where path.hasSuffix(".9.onnx") || path.hasSuffix(".12.onnx") {
        try sweep.convert(path, comparedWith: source, to: [13, 18, 28])
      }
      let report = try sweep.compare()
      #expect(report.wrong.isEmpty && report.equal > 1200 && report.counts["original not valid"] == nil)
    }
  }

  /// Networks of each format, and the operator set down to which each goes.
  @Test func networksGiveTheSame() throws {
    let networks: [(path: String, least: Int64)] = [
      ("Zoo/AlexNet/alexnet-cifar10.zoo", 7), ("Zoo/ResNet/resnet20-cifar10.zoo", 7),
      ("Zoo/Transformer/transformer-en-de.zoo", 11), ("Zoo/RCNN/rcnn-bccd.zoo", 17),
      ("Tests/GraphFormatTests/Caffe/Fixtures/alexnet.prototxt", 7),
      ("Tests/GraphFormatTests/Caffe/Fixtures/small-resnet.prototxt", 7),
      ("Tests/GraphFormatTests/TFLite/Fixtures/classifier-float.tflite", 9),
      ("Tests/GraphFormatTests/TFLite/Fixtures/classifier-int8.tflite", 11),
      ("Tests/KerasFormatTests/Fixtures/windows.keras", 11), ("Tests/KerasFormatTests/Fixtures/graph.keras", 11),
    ]
    try withFolder { folder in
      let folders = ["bert", "gpt2", "vit", "resnet"]
      var models: [String: Int64] = [:]
      func add(_ model: ModelDefinition, _ name: String, _ least: Int64) throws {
        let path = "\(folder)/\(name).onnx"
        try ONNXFormat.write(model, to: path)
        models[path] = least
      }
      for (path, least) in networks {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        try add(try ModelDefinition(contentsOf: "\(Self.root)/\(path)"), name, least)
      }
      for name in folders {
        try add(
          try ModelDefinition(pretrainedFolder: "\(Self.root)/Tests/ModelZooTests/Fixtures/\(name)"), name, 11)
      }
      try models.keys.sorted().joined(separator: "\n").write(
        toFile: folder + "/models.txt", atomically: true, encoding: .utf8)
      try Python.run(Sweep.script("network_cases.py"), folder)
      var sweep = Sweep(folder)
      let targets: [Int64] = [7, 9, 11, 13, 17, 21, 28]
      for (path, least) in models.sorted(by: { $0.key < $1.key }) {
        let refused = sweep.refused.count
        try sweep.convert(path, to: targets.filter { $0 >= least })
        #expect(sweep.refused.count == refused, "\(path) does not go down to \(least)")
        try sweep.convert(path, to: targets.filter { $0 < least })
      }
      // Sums over hundreds of terms come out of decompositions in another order.
      let report = try sweep.compare(tolerance: "2e-5")
      #expect(report.wrong.isEmpty && report.equal > 70)
    }
  }
}
