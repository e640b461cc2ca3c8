import Foundation
import ModelZoo
import NumPyFormat
import Testing
import TestSupport
import ZooCore

/// What weights are stored as, calibration, and what both cost.
@Suite(.needs(Zoo.built))
struct StorageTests {
  /// A classifier of pictures by a convolution, a transposed one and two matrix products.
  private static func model(opset: Int64 = 17) throws -> ModelDefinition {
    var model = colourModel()
    model.operatorSets = [OperatorSet(version: opset)]
    model.graph.nodes = [
      Node("Conv", name: "conv", inputs: ["photo", "w1"], outputs: ["a"]),
      Node("Relu", name: "relu", inputs: ["a"], outputs: ["b"]),
      Node("ConvTranspose", name: "up", inputs: ["b", "w2"], outputs: ["c"]),
      Node("GlobalAveragePool", name: "pool", inputs: ["c"], outputs: ["d"]),
      Node("Flatten", name: "flatten", inputs: ["d"], outputs: ["e"]),
      Node("MatMul", name: "matmul", inputs: ["e", "w3"], outputs: ["f"]),
      Node("Gemm", name: "gemm", inputs: ["f", "w4", "bias"], outputs: ["scores"]),
    ]
    var generator = NormalGenerator(seed: 1)
    for (name, shape) in [
      ("w1", [40, 3, 3, 3]), ("w2", [40, 24, 2, 2]), ("w3", [24, 400]), ("w4", [400, 3]), ("bias", [3]),
    ] {
      model.graph.initializers.append(
        NamedTensor(name: name, tensor: StoredTensor(try generator.tensor(.float32, shape))))
    }
    return model
  }

  @Test(
    "ONNX's checker and ONNX Runtime take what is stored",
    .needs(.python("onnx", "onnxruntime")),
    arguments: ["bf16", "int8"], [13, 17, 23] as [Int64])
  func isONNX(storage: String, opset: Int64) throws {
    try withFolder { folder in
      var model = try Self.model(opset: opset)
      // Not offered here; ONNX Runtime computes it.
      let up = model.graph.nodes.firstIndex { $0.operatorType == "ConvTranspose" } ?? 0
      let withTransposed = model
      model.graph.nodes.remove(at: up)
      model.graph.nodes[2].inputs = ["b"]
      model.graph.initializers.removeAll { $0.name == "w2" || $0.name == "w3" }
      var generator = NormalGenerator(seed: 2)
      model.graph.initializers.append(
        NamedTensor(name: "w3", tensor: StoredTensor(try generator.tensor(.float32, [40, 400]))))
      try NumPyFile.write(generator.tensor(.float32, [2, 3, 4, 4]), to: folder + "/x.npy")

      func computed(_ model: ModelDefinition) throws -> (types: String, path: String) {
        try model.write(to: folder + "/m.onnx", format: .onnx)
        let outcome = try Zoo.run("convert", folder + "/m.onnx", folder + "/small.onnx", "--weights", storage, "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rounding = try #require(try outcome.json()["rounding"] as? [String: Any])
        #expect(rounding["storage"] as? String == storage)
        #expect((rounding["bytes_after"] as? Int ?? .max) < (rounding["bytes_before"] as? Int ?? 0))
        let error = try #require(rounding["largest_error"] as? Double)
        #expect(error > 0 && error < (storage == "int8" ? 1 / 253.0 : 1 / 255.0))
        let types = try Python.run(
          Zoo.root + "/Tests/CommandTests/stored_weights.py", folder + "/small.onnx", folder + "/x.npy",
          folder + "/expected.npy")
        return (types, folder + "/expected.npy")
      }
      _ = try computed(withTransposed)
      let (types, path) = try computed(model)
      #expect(types.contains(storage == "int8" ? "INT8" : "BFLOAT16"), "\(types)")
      let expected = try NumPyFile.read(path).elements(Float.self)
      let run = try Zoo.run(
        "run", folder + "/small.onnx", "--input", "photo=\(folder)/x.npy", "--output-dir", folder + "/out")
      #expect(run.status == 0, "\(run.errors)")
      let scores = try NumPyFile.read(folder + "/out/scores.npy").elements(Float.self)
      let largest = expected.map(abs).max() ?? 0
      #expect(zip(scores, expected).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
    }
  }

  /// Without what no plugin offers.
  private static func runnable() throws -> ModelDefinition {
    var model = try model()
    model.graph.nodes.removeAll { $0.operatorType == "ConvTranspose" }
    model.graph.nodes[2].inputs = ["b"]
    model.graph.initializers.removeAll { $0.name == "w2" || $0.name == "w3" }
    var generator = NormalGenerator(seed: 3)
    model.graph.initializers.append(
      NamedTensor(name: "w3", tensor: StoredTensor(try generator.tensor(.float32, [40, 400]))))
    return model
  }

  @Test func storesShowsAndCompares() throws {
    try withFolder { folder in
      let exact = folder + "/exact.zoo"
      try Self.runnable().write(to: exact, format: .package)
      for (storage, type) in [("bf16", "bfloat16"), ("int8", "int8")] {
        let path = "\(folder)/\(storage).zoo"
        let outcome = try Zoo.run("convert", exact, path, "--weights", storage)
        #expect(outcome.status == 0 && outcome.output.contains("largest error"), "\(outcome.errors)")
        let report = try Zoo.run("inspect", path, "--json").json()
        let parts = try #require(report["storage"] as? [[String: Any]])
        #expect(parts.first?["type"] as? String == type && parts.count == 2)
        #expect(parts.reduce(0) { $0 + ($1["tensors"] as? Int ?? 0) } == (report["tensors"] as? [Any])?.count)
        #expect(try Zoo.run("inspect", path).output.contains("stored as"))

        let compared = try Zoo.run("compare", path, "--reference", exact, "--seed", "1", "--json")
        #expect(compared.status == 0, "\(compared.errors)")
        let outputs = try #require(try compared.json()["outputs"] as? [[String: Any]])
        let error = try #require(outputs.first?["relative"] as? Double)
        #expect(error > 0 && error < (storage == "int8" ? 0.02 : 0.004))
        #expect((outputs.first?["cosine"] as? Double ?? 0) > (storage == "int8" ? 0.9995 : 0.9999))
        let same = try Zoo.run("compare", path, "--seed", "1", "--json").json()["outputs"] as? [[String: Any]]
        #expect(same?.first?["largest"] as? Double == 0)
        let text = try Zoo.run("compare", path, "--reference", exact, "--seed", "1", "--batch", "2")
        #expect(text.status == 0 && text.output.contains("scores") && text.output.contains("2×3"), "\(text.output)")

        let back = try Zoo.run("convert", path, folder + "/back.zoo", "--weights", "fp32")
        #expect(back.status == 0, "\(back.errors)")
        #expect(try ModelDefinition(contentsOf: folder + "/back.zoo").graph.nodes.count == 6)
      }
      #expect(try Zoo.run("convert", exact, folder + "/x.zoo", "--weights", "int4").status == 64)
      #expect(try Zoo.run("compare", exact).status == 64)
      #expect(try Zoo.run("compare", exact, "--reference", folder + "/none.zoo", "--seed", "1").status == 66)
      var old = try Self.runnable()
      old.operatorSets = [OperatorSet(version: 11)]
      try old.write(to: folder + "/old.onnx", format: .onnx)
      let refused = try Zoo.run("convert", folder + "/old.onnx", folder + "/x.zoo", "--weights", "int8")
      #expect(refused.status == 65 && refused.errors.contains("old.onnx") && refused.errors.contains("13"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/x.zoo"))
    }
  }

  @Test func tellsWhichTensorsAreKept() throws {
    try withFolder { folder in
      var model = try Self.runnable()
      model.graph.initializers.removeAll { $0.name == "w4" }
      model.graph.initializers.append(
        NamedTensor(
          name: "w4", tensor: StoredTensor(try Tensor([Float](repeating: .nan, count: 1200), shape: [400, 3]))))
      try model.write(to: folder + "/m.zoo", format: .package)
      let outcome = try Zoo.run("convert", folder + "/m.zoo", folder + "/n.zoo", "--weights", "int8", "--json")
      #expect(outcome.status == 0)
      #expect((try outcome.json()["rounding"] as? [String: Any])?["kept"] as? [String] == ["w4"])
      let text = try Zoo.run("convert", folder + "/m.zoo", folder + "/n.zoo", "--weights", "int8")
      #expect(text.errors.contains("w4"), "\(text.errors)")
    }
  }

  @Test func calibratesAndMeasures() throws {
    try withFolder { folder in
      try Self.runnable().write(to: folder + "/m.onnx", format: .onnx)
      for (label, colour) in [("red", (250, 20, 0)), ("green", (0, 250, 0)), ("blue", (0, 100, 200))] {
        try FileManager.default.createDirectory(atPath: "\(folder)/set/\(label)", withIntermediateDirectories: true)
        try writePicture(UInt8(colour.0), UInt8(colour.1), UInt8(colour.2), to: "\(folder)/set/\(label)/a.png")
      }
      let outcome = try Zoo.run(
        "calibrate", folder + "/m.onnx", folder + "/set", "--seed", "4", "-o", folder + "/c.zoo", "--json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let report = try outcome.json()
      #expect(report["samples"] as? Int == 4)
      let ranges = try #require(report["ranges"] as? [[String: Any]])
      #expect(ranges.map { $0["value"] as? String } == ["e", "f", "photo"])
      // Both formats keep it.
      #expect(try Zoo.run("convert", folder + "/c.zoo", folder + "/c.onnx").status == 0)
      for file in ["c.zoo", "c.onnx"] {
        let calibration = try ModelDefinition(contentsOf: "\(folder)/\(file)").metadata.calibration
        #expect(calibration?.samples == 4 && calibration?.ranges.count == ranges.count)
        #expect(try Zoo.run("inspect", "\(folder)/\(file)").output.contains("4 samples"))
        let run = try Zoo.run("run", "\(folder)/\(file)", "--seed", "1", "--precision", "int8")
        #expect(run.status == 0, "\(run.errors)")
      }

      let plain = try Zoo.run("eval", folder + "/c.zoo", folder + "/set", "--json").json()
      let compared = try Zoo.run(
        "eval", folder + "/c.zoo", folder + "/set", "--precision", "bf16", "--compare", "--json")
      #expect(compared.status == 0, "\(compared.errors)")
      let comparison = try compared.json()
      #expect(comparison["images"] as? Int == 3 && comparison["top1"] is Double && comparison["top5"] is Double)
      #expect((comparison["reference"] as? [String: Any])?["top1"] as? Double == plain["top1"] as? Double)
      #expect((comparison["agreement"] as? Double ?? -1) <= 1)
      let largest = try #require(comparison["largest_difference"] as? Double)
      let mean = try #require(comparison["mean_difference"] as? Double)
      #expect(largest > 0 && largest < 0.003 && mean <= largest)
      let text = try Zoo.run("eval", folder + "/c.zoo", folder + "/set", "--precision", "bf16", "--compare")
      #expect(text.output.contains("same first class"), "\(text.output)")
      let same = try Zoo.run("eval", folder + "/c.zoo", folder + "/set", "--reference", folder + "/m.onnx", "--json")
      #expect(try same.json()["largest_difference"] as? Double == 0)

      #expect(try Zoo.run("calibrate", folder + "/m.onnx", "-o", folder + "/d.zoo").status == 64)
      #expect(try Zoo.run("calibrate", folder + "/m.onnx", folder + "/none", "-o", folder + "/d.zoo").status == 66)
      #expect(try Zoo.run("calibrate", folder + "/m.onnx", folder + "/set", "-o", folder + "/d.txt").status == 64)
      try write("no picture", to: folder + "/x.png")
      #expect(try Zoo.run("calibrate", folder + "/m.onnx", folder + "/x.png", "-o", folder + "/d.zoo").status == 65)
      try colourModel().write(to: folder + "/none.onnx", format: .onnx)
      #expect(
        try Zoo.run("calibrate", folder + "/none.onnx", folder + "/set", "-o", folder + "/d.zoo").status == 65)
      #expect(!FileManager.default.fileExists(atPath: folder + "/d.zoo"))
    }
  }
}
