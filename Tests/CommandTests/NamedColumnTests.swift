import Foundation
import TestSupport
import Testing

/// Probabilities by class, as ONNX's ZipMap names them.
@Suite(.needs(Zoo.built, .python("onnx", "onnxruntime")))
struct NamedColumnTests {
  @Test func classesAreNamedAndCompared() throws {
    try withFolder { folder in
      try Python.run(Zoo.root + "/Tests/CommandTests/zipmap_case.py", folder)
      let right = try Zoo.run("verify", folder + "/right")
      #expect(right.status == 0, "\(right.output)\(right.errors)")
      let wrong = try Zoo.run("verify", folder + "/wrong")
      #expect(wrong.status == 65 && wrong.output.contains("output probabilities"), "\(wrong.output)")

      let model = folder + "/right/model.onnx"
      let run = try Zoo.run("run", model, "--batch", "2", "--seed", "1", "--json")
      #expect(run.status == 0, "\(run.errors)")
      let outputs = try #require(try run.json()["outputs"] as? [[String: Any]])
      let columns = outputs.map { $0["columns"] as? [String] }
      #expect(columns == [nil, ["cat", "dog", "bird"]])
      #expect(outputs.last?["shape"] as? [Int] == [2, 3])
      let text = try Zoo.run("run", model, "--batch", "2", "--seed", "1")
      #expect(text.output.contains("cat, dog, bird"), "\(text.output)")
    }
  }
}
