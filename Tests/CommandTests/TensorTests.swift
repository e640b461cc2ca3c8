import Foundation
import ModelZoo
import NumPyFormat
import ONNXFormat
import Testing
import TestSupport
import ZooCore

@Suite(.needs(Zoo.built))
struct TensorTests {
  private func withModel(batch: ShapeDimension = "N", _ body: (_ folder: String, _ model: String) throws -> Void)
    throws
  {
    try withFolder { folder in
      try colourModel(batch: batch).write(to: folder + "/colours.onnx", format: .onnx)
      try body(folder, folder + "/colours.onnx")
    }
  }

  @Test func runsFiles() throws {
    try withModel { folder, model in
      let values = (0..<96).map { Float($0) }
      try NumPyFile.write(Tensor(values, shape: [2, 3, 4, 4]), to: folder + "/x.npy")
      let outcome = try Zoo.run(
        "run", model, "--input", "photo=\(folder)/x.npy", "--output-dir", folder + "/new/out", "--json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let outputs = try #require(try outcome.json()["outputs"] as? [[String: Any]])
      #expect(outputs.count == 1)
      #expect(outputs[0]["name"] as? String == "scores" && outputs[0]["shape"] as? [Int] == [2, 3])
      #expect(outputs[0]["type"] as? String == "float32")
      let scores = try NumPyFile.read(folder + "/new/out/scores.npy")
      #expect(scores.shape == [2, 3])
      #expect(try scores.elements(Float.self) == [7.5, 23.5, 39.5, 55.5, 71.5, 87.5])
    }
  }

  @Test func drawsInputs() throws {
    try withModel { _, model in
      let first = try Zoo.run("run", model, "--seed", "3", "--batch", "5", "--json")
      let second = try Zoo.run("run", model, "--seed", "3", "--dim", "N=5", "--json")
      #expect(first.status == 0 && first.output == second.output)
      let inputs = try #require(try first.json()["inputs"] as? [[String: Any]])
      #expect(inputs[0]["shape"] as? [Int] == [5, 3, 4, 4])
      #expect(try Zoo.run("run", model, "--seed", "4", "--batch", "5", "--json").output != first.output)
    }
  }

  @Test func refusesInputsThatDoNotFit() throws {
    try withModel(batch: 1) { folder, model in
      let missing = try Zoo.run("run", model)
      #expect(missing.status == 64 && missing.errors.contains("photo") && missing.errors.contains("--seed"))
      let unknown = try Zoo.run("run", model, "--input", "image=\(folder)/x.npy")
      #expect(unknown.status == 64 && unknown.errors.contains("photo"))
      #expect(try Zoo.run("run", model, "--input", "photo=\(folder)/x.npy").status == 66)
      #expect(try Zoo.run("run", model, "--input", "photo").status == 64)
      #expect(try Zoo.run("run", model, "--seed", "1", "--batch", "3").status == 64)
      #expect(try Zoo.run("run", model, "--seed", "1", "--dim", "T=3").status == 64)
      try write("no array", to: folder + "/x.npy")
      #expect(try Zoo.run("run", model, "--input", "photo=\(folder)/x.npy").status == 65)
      try NumPyFile.write(Tensor([Float](repeating: 0, count: 3), shape: [1, 3]), to: folder + "/x.npy")
      let shape = try Zoo.run("run", model, "--input", "photo=\(folder)/x.npy")
      #expect(shape.status == 65 && shape.errors.contains("photo"), "\(shape.errors)")
    }
  }

  @Test func measures() throws {
    try withModel { _, model in
      let outcome = try Zoo.run("bench", model, "--batch", "2", "--threads", "1", "--seconds", "0.05", "--json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let report = try outcome.json()
      for key in ["median_s", "min_s", "first_result_s", "peak_mib"] {
        #expect((report[key] as? Double ?? 0) > 0, "\(key)")
      }
      #expect((report["runs"] as? Int ?? 0) >= 3)
      #expect(report["batch"] as? Int == 2 && report["threads"] as? Int == 1)
      #expect(report["precision"] as? String == "fp32" && report["model"] as? String == "colours")
    }
  }

  @Test func profiles() throws {
    try withModel { folder, model in
      let trace = folder + "/trace.json"
      let outcome = try Zoo.run("bench", model, "--seconds", "0.01", "--profile=" + trace, "--json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let profile = try #require(outcome.json()["profile"] as? [String: Any])
      let nodes = try #require(profile["nodes"] as? [[String: Any]])
      let operators = try #require(profile["operators"] as? [[String: Any]])
      #expect(!nodes.isEmpty && nodes.count == operators.reduce(0) { $0 + ($1["calls"] as? Int ?? 0) })
      let shares = nodes.reduce(0) { $0 + ($1["share"] as? Double ?? 9) }
      #expect(shares > 0 && shares <= 1)
      #expect(profile["trace"] as? String == trace)

      let document = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: trace)))
      let events = try #require((document as? [String: Any])?["traceEvents"] as? [[String: Any]])
      let spans = events.filter { $0["ph"] as? String == "X" }
      #expect(spans.count >= nodes.count)
      for span in spans {
        #expect(span["name"] is String && (span["dur"] as? Double ?? -1) >= 0 && (span["ts"] as? Double ?? -1) >= 0)
      }
      // The model may stand behind --profile too.
      let text = try Zoo.run("bench", "--seconds", "0", "--profile", model)
      #expect(text.status == 0 && text.output.contains("(between)"), "\(text.errors)")
      #expect(try Zoo.run("bench", model, "--seconds", "0", "--profile=\(folder)/none/x").status == 66)
    }
  }

  @Test func takesOpenDimensionsAs128() throws {
    try withFolder { folder in
      var model = colourModel()
      model.graph.inputs = [ValueInfo(name: "photo", elementType: .float32, shape: ["N", 3, "H", 4])]
      try model.write(to: folder + "/open.onnx", format: .onnx)
      let report = try Zoo.run("bench", folder + "/open.onnx", "--seconds", "0", "--json").json()
      #expect((report["inputs"] as? [String: [Int]])?.values.first == [1, 3, 128, 4])
      let text = try Zoo.run("bench", folder + "/open.onnx", "--seconds", "0").output
      #expect(text.contains("H: taken as 128"))
      let given = try Zoo.run("bench", folder + "/open.onnx", "--seconds", "0", "--dim", "H=4", "--json").json()
      #expect((given["inputs"] as? [String: [Int]])?.values.first == [1, 3, 4, 4])
    }
  }

  @Test func verifies() throws {
    try withFolder { folder in
      let scores: [Float] = [7.5, 23.5, 39.5]
      func makeCase(_ name: String, _ model: ModelDefinition, expected: [Float]) throws {
        let set = "\(folder)/\(name)/test_data_set_0"
        try FileManager.default.createDirectory(atPath: set, withIntermediateDirectories: true)
        try model.write(to: "\(folder)/\(name)/model.onnx", format: .onnx)
        let input = try Tensor((0..<48).map { Float($0) }, shape: [1, 3, 4, 4])
        try ONNXFormat.writeTensor(NamedTensor(name: "photo", tensor: StoredTensor(input)), to: set + "/input_0.pb")
        let output = try Tensor(expected, shape: [1, 3])
        try ONNXFormat.writeTensor(NamedTensor(name: "scores", tensor: StoredTensor(output)), to: set + "/output_0.pb")
      }
      var unknown = colourModel()
      unknown.graph.nodes[0].operatorType = "Nonsense"
      try makeCase("a/error", unknown, expected: scores)
      try makeCase("a/good", colourModel(), expected: scores)
      try makeCase("a/near", colourModel(), expected: [7.5007, 23.5, 39.5])
      try makeCase("b/wrong", colourModel(), expected: [7.5, 23.5, 40])
      let outcome = try Zoo.run("verify", folder, "--json")
      #expect(outcome.status == 65)
      let report = try outcome.json()
      #expect(report["passed"] as? Int == 2 && report["failed"] as? Int == 2)
      let cases = try #require(report["cases"] as? [[String: Any]])
      #expect(cases.map { $0["name"] as? String } == ["a/error", "a/good", "a/near", "b/wrong"])
      #expect(cases.map { $0["status"] as? String } == ["error", "pass", "pass", "mismatch"])
      #expect((cases[0]["detail"] as? String)?.contains("Nonsense") == true)
      #expect((cases[3]["detail"] as? String)?.contains("39.5 instead of 40") == true)
      #expect(try Zoo.run("verify", folder + "/b", "--tolerance", "0.5").status == 0)
      #expect(try Zoo.run("verify", folder + "/b", "--relative", "0.02").status == 0)
      #expect(try Zoo.run("verify", folder + "/a/near", "--relative", "1e-6").status == 65)
      #expect(try Zoo.run("verify", folder + "/b", "--tolerance=-1").status == 64)
      let one = try Zoo.run("verify", folder + "/a/good")
      #expect(one.status == 0 && one.output == "pass      good\n")
    }
  }
}
