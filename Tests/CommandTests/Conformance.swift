import Foundation
import Testing

/// What is known of the onnx package's cases: conformance.txt, a line a case.
enum Conformance {
  enum State: String {
    case pass
    /// What is drawn by chance agrees in type, shape and distribution.
    case drawn
    case mismatch
    case error
  }

  struct Case {
    /// With the suite's: `node/test_abs`.
    var name: String
    var state: State
    /// Of those that don't just pass.
    var reason: String

    var suite: String { String(name.prefix { $0 != "/" }) }
  }

  private static let path = Zoo.root + "/Tests/CommandTests/conformance.txt"

  /// The list, sorted by name.
  static func listed() throws -> [Case] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
      let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
      try #require(words.count >= 2, "\(line)")
      return Case(
        name: String(words[1]), state: try #require(State(rawValue: String(words[0])), "\(line)"),
        reason: words.count > 2 ? String(words[2]) : "")
    }
  }

  /// What `zoo verify --json` has found.
  static func cases(of report: [String: Any]) throws -> [Case] {
    try #require(report["cases"] as? [[String: Any]]).map { entry in
      let detail = try #require(entry["detail"] as? String)
      let state = try #require((entry["status"] as? String).flatMap(State.init))
      return Case(
        name: try #require(entry["name"] as? String), state: state == .pass && !detail.isEmpty ? .drawn : state,
        reason: detail)
    }
  }

  static func write(_ cases: [Case], reasons: [Case]) throws {
    let known = Dictionary(
      reasons.map { ("\($0.state) \($0.name)", $0.reason) }, uniquingKeysWith: { first, _ in first })
    let lines = cases.sorted { $0.name < $1.name }.map { entry in
      let state = "\(entry.state) \(entry.name)"
      // What is in brackets tells of this machine.
      let reason = entry.state == .drawn ? "" : known[state] ?? String(entry.reason.prefix { $0 != "(" && $0 != "\n" })
      return reason.isEmpty ? state : "\(state) \(reason)"
    }
    try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
  }
}
