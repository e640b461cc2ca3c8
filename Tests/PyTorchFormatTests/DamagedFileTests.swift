import PyTorchFormat
import Testing
import ZooCore

/// Truncated, flipped and lying files: an error or an intact read, never a crash.
@Suite struct DamagedFileTests {
  static let small = ["small_zip_113.pt", "small_zip_215.pt", "small_legacy_113.pt", "small_legacy_215.pt"]

  @Test(arguments: small) func everyTruncationIsAnError(name: String) throws {
    let whole = try contents(name)
    for count in 0..<whole.count {
      #expect(try failure(Array(whole[..<count])) != nil, "\(count) of \(whole.count) bytes")
    }
  }

  @Test(arguments: small + ["checkpoint_deflated.pt", "checkpoint_legacy_113.pt"])
  func flippedBytesAreErrorsOrHarmless(name: String) throws {
    var damaged = try contents(name)
    for index in damaged.indices {
      let original = damaged[index]
      for value in Self.small.contains(name) ? [original ^ 1, ~original] : [~original] {
        damaged[index] = value
        _ = try failure(damaged)
      }
      damaged[index] = original
    }
  }

  /// The contents of stored entries are covered by checksums.
  @Test func damagedContentsAreDetected() throws {
    var damaged = try contents("small_zip_215.pt")
    let pattern: [UInt8] = [0, 0, 0xC8, 0xC0, 0, 0, 0xD0, 0xBF]
    let place = try #require(damaged.indices.first { damaged[$0...].starts(with: pattern) })
    damaged[place + 1] ^= 1
    let error = try #require(try failure(damaged))
    #expect(error.message.contains("checksum"))
    #expect(error.location?.contains("data/0") == true)
  }

  @Test func archivesThatLieAreErrors() throws {
    let pickle = Opcode.tensor()
    let data = [UInt8](repeating: 0, count: 12)
    let sound = Archive([("a/data.pkl", pickle), ("a/data/0", data)])
    #expect(try failure(sound.bytes) == nil)

    func check(_ change: (inout Archive) -> Void, _ comment: Comment) throws {
      var archive = sound
      change(&archive)
      #expect(try failure(archive.bytes) != nil, comment)
    }
    try check({ $0.entries[1].declaredSize = 1 << 30 }, "a stored entry with two sizes")
    try check(
      {
        $0.entries[1].declaredSize = 1 << 30
        $0.entries[1].declaredCompressedSize = 1 << 30
      }, "an entry beyond the file")
    try check(
      {
        $0.entries[1].method = 8
        $0.entries[1].declaredSize = 1 << 30
      }, "a size that deflate can't reach")
    try check({ $0.entries[1].method = 8 }, "no deflate stream")
    try check({ $0.entries[1].method = 99 }, "an unknown method")
    try check({ $0.entries[1].flags = 1 }, "encryption")
    try check({ $0.entries[1].offset = 0 }, "another entry's place")
    try check({ $0.entries[1].offset = .max }, "a place beyond the file, without 64-bit field")
    try check({ $0.entries[1].offset = 1 << 30 }, "a place beyond the file")
    try check({ $0.entries[1].localName = "a/data/1" }, "two names")
    try check({ $0.entries.append($0.entries[1]) }, "the same name twice")
    try check(
      {
        var twin = $0.entries[0]
        twin.offset = 0
        twin.localName = nil
        twin.name = "b/data.pkl"
        $0.entries.append(twin)
      }, "two checkpoints")
    try check({ $0.declaredCount = 7 }, "a count that is wrong")
    try check({ $0.directoryShift = 5 }, "a directory elsewhere")
    try check({ $0.directoryShift = -5 }, "a directory elsewhere")
    try check({ $0.entries.append(.init(name: "a/byteorder", contents: Array("big".utf8))) }, "big-endian")
    try check({ $0.entries.removeFirst() }, "no pickle")
  }

  @Test func aPickleThatInflatesTooFarIsAnError() throws {
    var archive = Archive([("archive/data.pkl", [UInt8](repeating: 0, count: 2048))])
    archive.entries[0].method = 8
    archive.entries[0].declaredSize = 2_000_000
    let error = try #require(try failure(archive.bytes))
    #expect(error.kind == .badData)
    #expect(error.message.contains("inflates from 2048 bytes to 2000000"), "\(error)")
  }

  @Test func anArchiveThatInflatesTooFarIsAnError() throws {
    var archive = Archive([
      ("a/data.pkl", Opcode.tensor()), ("a/data/0", [UInt8](repeating: 0, count: 1 << 17)),
      ("a/data/1", [UInt8](repeating: 0, count: 1 << 17)),
    ])
    for index in 1...2 {
      archive.entries[index].method = 8
      archive.entries[index].declaredSize = 1 << 26
    }
    let error = try #require(try failure(archive.bytes))
    #expect(error.message.contains("262144 bytes of the archive would grow to 134217728"), "\(error)")
  }

  @Test func overlappingEntriesAreErrors() throws {
    // The second entry's header lies inside the first one's contents.
    let inner = Archive([("a/data/0", [UInt8](repeating: 0, count: 12))]).bytes
    var archive = Archive([("a/data.pkl", Opcode.tensor() + inner), ("a/data/0", [])])
    archive.entries[1].offset = UInt32(30 + "a/data.pkl".utf8.count + Opcode.tensor().count)
    let error = try #require(try failure(archive.bytes))
    #expect(error.message.contains("overlap"), "\(error)")
  }
}
