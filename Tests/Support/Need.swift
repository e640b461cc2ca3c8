import Foundation
import Testing

/// What a test needs that is not on every machine.
///
/// Elsewhere the test is skipped. Continuous integration (ZOO_CI=1, as `.ci/run` sets it) has what `make setup venv` brings,
/// so that a skip is a failure there, unless `ci.skip` names the need and says why it may be missing.
package struct Need: Sendable {
  /// As `ci.skip` names it, and people are told.
  package let name: String
  package let isMet: Bool

  package init(_ name: String, isMet: Bool) { (self.name, self.isMet) = (name, isMet) }

  /// The Makefile's .venv, with these modules.
  package static func python(_ modules: String...) -> Need {
    Need("python: \(modules.joined(separator: " "))", isMet: Python.has(modules))
  }

  /// A program of the system.
  package static func program(_ name: String) -> Need {
    Need("program: \(name)", isMet: Program.path(of: name) != nil)
  }

  /// What others have published, in the folder `shared/data` beside the checkout.
  package static func data(_ path: String) -> Need {
    Need("published data", isMet: FileManager.default.fileExists(atPath: dataPath(path)))
  }

  /// Where that is.
  package static func dataPath(_ path: String) -> String {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    return folder.appending(path: "../../../shared/data/\(path)").standardized.path
  }

  /// What only root may do.
  package static let root = Need("root", isMet: geteuid() == 0)

  /// Whether the test can run.
  ///
  /// - Throws: `Missing` where it can't, and may not be skipped either.
  package func check() throws -> Bool {
    if isMet { return true }
    guard ProcessInfo.processInfo.environment["ZOO_CI"] != nil else { return false }
    guard try Self.skipped().contains(name) else { throw Missing(need: name) }
    return false
  }

  private static func skipped() throws -> Set<String> {
    let list = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "ci.skip")
    let lines = try String(contentsOf: list, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
    return Set(lines.map { $0.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces) })
  }

  private struct Missing: Error, CustomStringConvertible {
    var need: String
    var description: String { "the test is skipped for want of \(need), which Tests/Support/ci.skip does not list" }
  }
}

extension Trait where Self == ConditionTrait {
  /// Runs the test where all of this is there.
  package static func needs(_ needs: Need...) -> Self {
    .enabled("needs \(needs.map(\.name).joined(separator: ", "))") { try needs.allSatisfy { try $0.check() } }
  }
}
