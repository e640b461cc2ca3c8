import Foundation

/// The Python that the Makefile sets up, for tests that compare with other software.
package enum Python {
  // A virtual environment's Python knows itself by its path, so links are not followed.
  private static let executable = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../.venv/bin/python3").standardized

  /// Whether it is there, with that module.
  package static func has(_ module: String) -> Bool { (try? run("-c", "import \(module)")) != nil }

  /// Runs it and returns what it prints.
  ///
  /// - Throws: where it is not there, or fails.
  @discardableResult package static func run(_ arguments: String...) throws -> String {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    return String(decoding: data, as: UTF8.self)
  }
}
