import Foundation
import ZooCore
import ZooImage

/// Files that `make_fixtures.py` wrote.
let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").path

/// Writes a file, and the folders that it lies in.
func write(_ bytes: [UInt8], to path: String) throws {
  let url = URL(filePath: path)
  try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(bytes).write(to: url)
}

/// A PNG file of one pixel.
func pixel(_ red: UInt8, _ green: UInt8, _ blue: UInt8) throws -> [UInt8] {
  try Image(width: 1, height: 1, pixels: [red, green, blue]).encodedPNG()
}
