import Foundation
import TestSupport
import Testing

/// ONNX Runtime's own operators, through `zoo verify`.
@Suite("Operators of com.microsoft")
struct MicrosoftOperatorTests {
  /// Mixtures of experts, which nobody here computes.
  private static let refused: Set<String> = ["MoE", "QMoE"]

  @Test(
    "They agree with ONNX Runtime",
    .needs(Zoo.built, .python("onnx", "onnxruntime")))
  func cases() throws {
    try withFolder { folder in
      try Python.run(Zoo.root + "/Tests/ZooOperatorsTests/microsoft_cases.py", folder + "/cases")
      let report = try Zoo.run("verify", folder + "/cases", "--tolerance", "1e-5", "--json").json()
      let cases = try #require(report["cases"] as? [[String: Any]])
      #expect(cases.count > 100)
      for entry in cases {
        let name = try #require(entry["name"] as? String)
        #expect(
          (entry["status"] as? String == "pass") != Self.refused.contains(name), "\(name): \(entry["detail"] ?? "")")
      }
    }
  }
}
