import OpsetConversion
import TestSupport
import Testing
import ZooCore

/// Every model of the onnx package's node tests, to many operator sets and back.
@Suite("Operator sets: node tests", .needs(.python("onnxruntime")))
struct NodeSweepTests {
  @Test func everyConvertedModelIsValidAndGivesTheSame() throws {
    try withFolder { folder in
      try Python.run(Sweep.script("node_cases.py"), folder)
      var sweep = Sweep(folder)
      let models = try Sweep.models(folder)
      #expect(models.count == 3025)
      for model in models {
        try sweep.convert(model, to: [7, 9, 11, 13, 17, 21, 28], others: Array(7...28))
      }
      try sweep.expectRefusals(of: "refused.txt")
      // And up again from those that went furthest.
      for (path, source) in sweep.written where path.hasSuffix(".7.onnx") || path.hasSuffix(".11.onnx") {
        try sweep.convert(path, comparedWith: source, to: [18, 28])
      }
      let report = try sweep.compare()
      #expect(report.wrong.isEmpty)
      // All but what is random, or runs in neither of ONNX Runtime and the reference.
      #expect(report.counts.values.reduce(0, +) - report.equal <= 480)
    }
  }
}
