import TestSupport
import Testing
import ZooCore
import ZooImage

@Suite struct ResamplingTests {
  /// Compares all resized pictures of a folder, whose names say how they came about, with ours.
  private func check(_ folder: String) throws -> Int {
    let names = try files(in: folder, ending: ".ppm").filter { $0.hasPrefix("resized-") }
    for name in names {
      let parts = name.dropLast(".ppm".count).split(separator: "-")
      let source = try readPPM("\(folder)/source-\(parts[1]).ppm")
      let filter = try #require(ImagePreprocessing.Filter(rawValue: String(parts[4])))
      let (width, height) = (try #require(Int(parts[2])), try #require(Int(parts[3])))
      let image = try source.resized(width: width, height: height, filter: filter)
      #expect(difference(image, try readPPM("\(folder)/\(name)")) == 0, "\(name)")
    }
    return names.count
  }

  @Test func pixelsArePillows() throws {
    #expect(try check(fixtures) == 14)
  }

  @Test(.needs(.python("PIL", "numpy")))
  func pixelsOfRandomSizesArePillows() throws {
    try withFolder { (folder: String) throws in
      try Python.run(fixtureScript, folder, "8")
      #expect(try check(folder) == 64)
    }
  }

  @Test func absurdSizesAreRefused() throws {
    let pixel = try Image(width: 1, height: 1, pixels: [1, 2, 3])
    for (width, height) in [(0, 1), (1, -1), (1 << 20, 1 << 20), (.max, .max)] {
      #expect(throws: ZooError.self) { try pixel.resized(width: width, height: height) }
    }
    #expect(try pixel.resized(width: 9, height: 2, filter: .bicubic).pixels.prefix(6) == [1, 2, 3, 1, 2, 3])
  }
}
