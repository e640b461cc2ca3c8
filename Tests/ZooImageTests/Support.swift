import Foundation
import TestSupport
import ZooCore
import ZooImage

/// Files that `make_fixtures.py` and `make_preprocessing.py` wrote.
let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").path

func files(in folder: String, ending suffix: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(suffix) }.sorted()
}

/// A binary PPM file.
func readPPM(_ path: String) throws -> Image {
  let bytes = try bytes(of: path)
  let header = bytes.split(maxSplits: 3, omittingEmptySubsequences: true) { $0 == 0x0a || $0 == 0x20 }
  let numbers = header[1...2].compactMap { Int(String(decoding: $0, as: UTF8.self)) }
  return try Image(width: numbers[0], height: numbers[1], pixels: bytes.suffix(3 * numbers[0] * numbers[1]))
}

/// The largest difference of two pictures' samples; 256 for different sizes.
func difference(_ left: Image, _ right: Image) -> Int {
  guard left.width == right.width, left.height == right.height else { return 256 }
  return zip(left.pixels, right.pixels).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
}

/// The script that makes the fixtures.
let fixtureScript = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "make_fixtures.py").path

func write(_ bytes: [UInt8], to path: String) throws {
  try Data(bytes).write(to: URL(filePath: path))
}
