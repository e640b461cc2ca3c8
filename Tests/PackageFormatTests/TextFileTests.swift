import Files
import Foundation
import Testing
import ZooCore

@Suite struct TextFileTests {
  @Test(arguments: ["\n", "\r\n", "\r"]) func lineEnds(_ end: String) throws {
    let lines = ["cat", "bird house", "", "ü"]
    for text in [lines.joined(separator: end), lines.joined(separator: end) + end] {
      #expect(TextFile.lines(of: text) == lines)
    }
    #expect(TextFile.lines(of: "") == [])
    #expect(TextFile.lines(of: end) == [""])
  }

  /// In a file with LF, CR is a character like others.
  @Test func aLoneCarriageReturn() {
    #expect(TextFile.lines(of: "a\rb\nc\r\r\n") == ["a\rb", "c\r"])
  }

  @Test func encodings() throws {
    let text = "ü\n𝄞"
    for (mark, encoding) in [
      ([], .utf8), ([0xEF, 0xBB, 0xBF], .utf8), ([0xFF, 0xFE], .utf16LittleEndian), ([0xFE, 0xFF], .utf16BigEndian),
      ([0xFF, 0xFE, 0, 0], .utf32LittleEndian), ([0, 0, 0xFE, 0xFF], .utf32BigEndian),
    ] as [([UInt8], String.Encoding)] {
      let bytes = mark + Array(try #require(text.data(using: encoding)))
      #expect(try TextFile.decode(bytes, name: "x") == text)
    }
    // As an archive might begin.
    #expect(try TextFile.decode(Array("BZh".utf8), name: "x") == "BZh")
    for bytes in [
      [0xFF], [0xFF, 0xFE, 0x41], [0xFF, 0xFE, 0x00, 0xD8], [0x41, 0x00], [0x1F, 0x8B, 8], [0xFE, 0xFF, 0xDC, 0x00],
    ] as [[UInt8]] {
      let error = #expect(throws: ZooError.self) { try TextFile.decode(bytes, name: "x") }
      #expect(error?.kind == .badData && error?.location == "x")
    }
  }
}
