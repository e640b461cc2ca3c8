import Foundation

/// The Python that the Makefile sets up, for tests that compare with other software.
package enum Python {
  // A virtual environment's Python knows itself by its path, so links are not followed.
  private static let executable = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../.venv/bin/python3").standardized.path

  /// Whether it is there, with these modules.
  static func has(_ modules: [String]) -> Bool {
    (try? run("-c", modules.map { "import \($0)" }.joined(separator: "\n"))) != nil
  }

  /// Runs it and returns what it prints. Warnings are not shown.
  ///
  /// - Throws: where it is not there; `Program.Failure` where it fails.
  @discardableResult package static func run(_ arguments: String...) throws -> String { try run(arguments: arguments) }

  /// As `run(_:)`.
  @discardableResult package static func run(arguments: [String]) throws -> String {
    try Program.run(executable, ["-W", "ignore"] + arguments)
  }
}
