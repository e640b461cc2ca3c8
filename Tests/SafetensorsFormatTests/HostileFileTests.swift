import Foundation
import SafetensorsFormat
import TestSupport
import Testing
import ZooCore

/// Lying, truncated and flipped files: an error or an intact read, never a crash.
@Suite struct HostileFileTests {
  static let header =
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[],"data_offsets":[8,9]}}"#

  @Test(
    arguments: [
      (file("{}", length: 1 << 62), "header"), (file("{}", length: 1000), "header"), ([1, 2, 3], "no safetensors"),
      (file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, data: [0, 0, 0, 0]), "takes 8 bytes"),
      (
        file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, data: [UInt8](repeating: 0, count: 12)), "gap"
      ),
      (
        file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, data: [UInt8](repeating: 0, count: 5)),
        "belong"
      ),
      (file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#), "outside"),
      (file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#), "outside"),
      (file(#"{"a":{"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,0]}}"#), "too large"),
      (file(#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}"#), "negative"),
      (file(#"{"a":{"dtype":"Q7","shape":[0],"data_offsets":[0,0]}}"#), "Q7"),
      (
        file(
          #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
          data: [0, 0, 0]), "overlaps"
      ),
      (file(#"{"a":{"dtype":"U8","shape":[0]}}"#), "data_offsets"),
      (file(#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"data_offsets":[0,0]}}"#), "second"),
      (
        file(#"{"a":{"dtype":"U8","shape":["# + String(repeating: "1,", count: 100) + #"0],"data_offsets":[0,0]}}"#),
        "64"
      ),
      (file(#"{"__metadata__":{"a":1}}"#), "text"),
      (file(String(repeating: #"{"a":"#, count: 50_000)), "in one another"), (file("[]"), "object"),
      (file("{} x"), "follows"),
    ] as [([UInt8], String)])
  func liesAreErrors(bytes: [UInt8], word: String) throws {
    let error = try #require(throws: ZooError.self) { try read(bytes) }
    #expect(error.description.contains(word), "\(error)")
  }

  @Test func everyTruncationIsAnError() throws {
    let whole = file(Self.header, data: [UInt8](repeating: 0, count: 9))
    _ = try read(whole)
    for count in 0..<whole.count {
      #expect(throws: ZooError.self, "\(count) bytes") { try read(Array(whole[..<count])) }
    }
  }

  @Test func flippedBytesAreErrorsOrHarmless() throws {
    var damaged = file(Self.header, data: [UInt8](repeating: 0, count: 9))
    for index in damaged.indices {
      let original = damaged[index]
      for value in [original ^ 1, original ^ 0x20, ~original] {
        damaged[index] = value
        do { _ = try read(damaged) } catch is ZooError {}
      }
      damaged[index] = original
    }
  }

  @Test(arguments: ["../a.safetensors", "/etc/passwd", "..", ""]) func indicesStayInTheirFolder(name: String) throws {
    try withFolder { folder in
      let path = "\(folder)/model.safetensors.index.json"
      try Data(#"{"weight_map":{"a":"\#(name)"}}"#.utf8).write(to: URL(fileURLWithPath: path))
      let error = try #require(throws: ZooError.self) { try SafetensorsFormat.read(path) }
      #expect(error.message.contains("beside the index"))
    }
  }
}
