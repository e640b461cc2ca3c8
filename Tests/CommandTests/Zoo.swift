import Foundation
import ModelZoo
import TestSupport
import ZooCore
import Testing

/// The built program, run as people run it.
enum Zoo {
  struct Outcome {
    var status: Int32
    var output: String
    var errors: String

    /// Standard output as JSON: exactly one document.
    func json() throws -> [String: Any] {
      let value = try JSONSerialization.jsonObject(with: Data(output.utf8))
      return try #require(value as? [String: Any])
    }
  }

  /// Beside the test bundle; `nil` where it has not been built.
  static let executable: String? = {
    let folders = [
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        .map { ($0 as NSString).deletingLastPathComponent },
      root + "/.build/release",
    ]
    return folders.compactMap { $0 }.map { $0 + "/zoo" }.first(where: FileManager.default.isExecutableFile)
  }()

  static let built = Need("the program zoo (swift build)", isMet: executable != nil)

  /// The package's folder.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// Runs `zoo`, or another program, with `arguments`; standard output and error go through files.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], input: FileHandle? = nil, folder place: String? = nil,
    program: String? = nil
  ) throws -> Outcome {
    try withFolder { folder in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: try #require(program ?? executable))
      process.arguments = arguments
      if let place { process.currentDirectoryURL = URL(fileURLWithPath: place) }
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      let paths = ["output", "errors"].map { "\(folder)/\($0)" }
      for path in paths { try Data().write(to: URL(fileURLWithPath: path)) }
      process.standardInput = input ?? FileHandle.nullDevice
      process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: paths[0]))
      process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: paths[1]))
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit)
      let texts = try paths.map { String(decoding: try Data(contentsOf: URL(fileURLWithPath: $0)), as: UTF8.self) }
      return Outcome(status: process.terminationStatus, output: texts[0], errors: texts[1])
    }
  }

  static func run(_ arguments: String...) throws -> Outcome { try run(arguments) }
}

func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }

/// Writes a picture of one colour.
func writePicture(_ red: UInt8, _ green: UInt8, _ blue: UInt8, to path: String) throws {
  try Image(width: 8, height: 6, pixels: (0..<48).flatMap { _ in [red, green, blue] }).writePNG(to: path)
}
