import Foundation
import ZooCore
import ZooImage

/// Files that `make_fixtures.py` wrote.
let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").path

func bytes(of path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: path))) }

/// Writes a file, and the folders that it lies in.
func write(_ bytes: [UInt8], to path: String) throws {
  let url = URL(filePath: path)
  try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(bytes).write(to: url)
}

/// Runs `body` with a folder that is removed afterwards.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "zoo-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder.path)
}

/// The error that `body` throws; `nil` when it does not.
func error(_ body: () throws -> some Any) -> ZooError? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? ZooError
  }
}

/// Runs a program and returns its exit status.
func run(_ program: URL, _ arguments: String...) throws -> Int32 {
  let process = Process()
  process.executableURL = program
  process.arguments = arguments
  try process.run()
  process.waitUntilExit()
  return process.terminationStatus
}

/// A PNG file of one pixel.
func pixel(_ red: UInt8, _ green: UInt8, _ blue: UInt8) throws -> [UInt8] {
  try Image(width: 1, height: 1, pixels: [red, green, blue]).encodedPNG()
}
