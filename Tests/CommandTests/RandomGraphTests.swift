import Foundation
import TestSupport
import Testing

/// Random graphs, of which `make fuzz-graphs` tries more.
@Suite("Random graphs")
struct RandomGraphTests {
  @Test(
    "They agree with ONNX Runtime",
    .needs(Zoo.built, .python("onnx", "onnxruntime")))
  func graphs() throws {
    try withFolder { folder in
      try Python.run(Zoo.root + "/Tests/Fuzz/random_graphs.py", folder + "/cases", "0", "150")
      let report = try Zoo.run("verify", folder + "/cases", "--tolerance", "1e-4", "--json").json()
      let cases = try #require(report["cases"] as? [[String: Any]])
      #expect(cases.count > 140)
      for entry in cases where entry["status"] as? String != "pass" {
        Issue.record("\(entry["name"] ?? ""): \(entry["detail"] ?? "")")
      }
    }
  }
}
