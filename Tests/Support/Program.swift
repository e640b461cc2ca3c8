import Foundation

/// Programs of the system that tests ask.
package enum Program {
  /// One that failed, with what it said.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// Where a program of this name is; `nil` where it is not installed.
  package static func path(of name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs the program at `path` and returns what it prints. What it says about errors is not shown.
  ///
  /// - Parameter input: A file that it reads as its standard input.
  /// - Throws: where there is none; `Failure` where it fails.
  @discardableResult package static func run(
    _ path: String, _ arguments: [String], input: String? = nil
  ) throws -> String {
    try withFolder { folder in
      let errors = folder + "/errors"
      try Data().write(to: URL(filePath: errors))
      let process = Process()
      process.executableURL = URL(filePath: path)
      process.arguments = arguments
      let output = Pipe()
      process.standardOutput = output
      process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
      if let input { process.standardInput = try FileHandle(forReadingFrom: URL(filePath: input)) }
      try process.run()
      let data = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      let text = String(decoding: data, as: UTF8.self)
      guard process.terminationReason == .exit, process.terminationStatus == 0 else {
        throw Failure(description: try text + String(decoding: bytes(of: errors), as: UTF8.self))
      }
      return text
    }
  }
}
