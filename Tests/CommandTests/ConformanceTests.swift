import Foundation
import ModelZoo
import TestSupport
import Testing

/// The onnx package's own backend tests, all of them, through `zoo verify`.
@Suite("Conformance", .needs(Zoo.built, .python("onnx")))
struct ConformanceTests {
  private static let suites = ["light", "node", "pytorch-converted", "pytorch-operator", "simple"]

  /// Expects of each case what conformance.txt says of it, and of Docs/operators.md that it is still true. With
  /// ZOO_WRITE_CONFORMANCE set both are written anew, for a reading of what changed; reasons that somebody has written into
  /// the list stay.
  @Test("Every case is as the list has it") func states() throws {
    let listed = try Conformance.listed()
    let (found, page) = try withFolder { folder in
      let cases = folder + "/cases"
      try Python.run(Zoo.root + "/Tests/CommandTests/conformance_cases.py", cases)
      let found = try Conformance.cases(of: Zoo.run("verify", cases, "--json").json())
      return (found, try OperatorPage(found, in: cases).text)
    }
    for suite in Self.suites { #expect(found.contains { $0.suite == suite }, "there is no case of \(suite)") }
    if ProcessInfo.processInfo.environment["ZOO_WRITE_CONFORMANCE"] != nil {
      try write(page, to: OperatorPage.path)
      return try Conformance.write(found, reasons: listed)
    }
    let isTrue = try String(contentsOfFile: OperatorPage.path, encoding: .utf8) == page
    #expect(isTrue, "Docs/operators.md is out of date: write it anew")
    let before = Dictionary(listed.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    #expect(before.count == listed.count, "a case is listed twice")
    for known in listed where !found.contains(where: { $0.name == known.name }) {
      Issue.record("\(known.name) is listed, but there is no such case")
    }
    for now in found {
      guard let known = before[now.name] else {
        Issue.record("\(now.name) is not listed: \(now.state) \(now.reason)")
        continue
      }
      #expect(now.state == known.state, "\(now.name): \(now.reason)")
    }
  }

  @Test("Larger random cases agree with ONNX Runtime", .needs(.python("onnx", "onnxruntime")))
  func runtimeCases() throws {
    try withFolder { folder in
      try Python.run(Zoo.root + "/Tests/CommandTests/runtime_cases.py", folder + "/cases")
      // Sums of hundreds of products near 1 that come to almost nothing have the rounding of the products, which is
      // another with each order of adding, and so on each kind of processor.
      let report = try Zoo.run("verify", folder + "/cases", "--tolerance", "1e-5", "--json").json()
      let cases = try Conformance.cases(of: report)
      for entry in cases where entry.state != .pass { Issue.record("\(entry.name): \(entry.reason)") }
      #expect(cases.count >= 221)
    }
  }
}
