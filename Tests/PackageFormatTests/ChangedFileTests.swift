import Files
import Foundation
import PackageFormat
import Testing
import ZooCore

/// Files that somebody writes to while they are open. A fault in one would end the process, so that those run in another.
@Suite struct ChangedFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func whatIsCutOffIsAnError() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      try folder.write([UInt8](repeating: 7, count: 1 << 20), "a")
      let error = try #require(throws: ZooError.self) {
        try MappedFile.reading(folder.file("a")) { file in
          try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("a"))).truncate(atOffset: 5000)
          // The page in which the file ends is zeros behind it; there are none after that.
          try #require(file.bytes[4999] == 7 && file.bytes[5000] == 0 && file.bytes[1 << 19] == 0)
        }
      }
      try #require(error.kind == .badData && error.description.contains("has changed"))
      // Others are not concerned, and neither is a new one of that name.
      try folder.write([1, 2, 3], "b")
      try #require(try MappedFile.reading(folder.file("b")) { Array($0.bytes) } == [1, 2, 3])
      try folder.write([4], "a")
      try #require(try MappedFile.reading(folder.file("a")) { Array($0.bytes) } == [4])
    }
  }

  /// A signal that has nothing to do with files goes to whoever would have had it.
  @Test func otherFaultsStayWhatTheyWere() async {
    await #expect(processExitsWith: .signal(SIGBUS)) {
      let folder = try TemporaryFolder()
      try folder.write([1], "a")
      _ = try MappedFile.reading(folder.file("a")) { $0.bytes[0] }
      kill(getpid(), SIGBUS)
      sleep(5)
    }
  }

  @Test func whatIsReplacedStays() throws {
    try folder.write([1, 2], "a")
    try MappedFile.reading(folder.file("a")) { file in
      try folder.write([3, 4, 5], "b")
      rename(folder.file("b"), folder.file("a"))
      #expect(file.bytes.elementsEqual([1, 2]))
    }
  }

  @Test func whatIsWrittenOverIsAnError() throws {
    try folder.write([1, 2], "a")
    #expect(throws: ZooError.self) {
      try MappedFile.reading(folder.file("a")) { _ in
        try overwrite("a", at: 1, with: 9)
        try setTime("a", Date(timeIntervalSinceNow: 60))
      }
    }
  }

  /// Checksums tell, also where sizes and times do not: of chunks that are coded, of those that lie in the file as they
  /// are, and of long ones that are read in pieces.
  @Test(arguments: [(false, false), (true, false), (true, true)])
  func packagesAreCheckedAtEachReading(isRandom: Bool, isLong: Bool) throws {
    var generator = SystemRandomNumberGenerator()
    let count = isLong ? 3 << 20 : 1 << 16
    let numbers = (0..<count).map { isRandom ? UInt64.random(in: .min ... .max, using: &generator) : UInt64($0 / 100) }
    var model = ModelDefinition()
    model.graph.initializers = [
      NamedTensor(name: "w", tensor: StoredTensor(try Tensor(numbers, shape: [numbers.count])))
    ]
    try PackageFormat.write(model, to: folder.file("m.zoo"))
    let time = try #require(
      try FileManager.default.attributesOfItem(atPath: folder.file("m.zoo"))[.modificationDate] as? Date)
    // A time that dates hold exactly.
    try setTime("m.zoo", Date(timeIntervalSince1970: time.timeIntervalSince1970.rounded()))
    let tensor = try PackageFormat.read(folder.file("m.zoo")).graph.initializers[0].tensor
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 12, alignment: 8)
    defer { piece.deallocate() }
    func read() throws {
      if isLong {
        for offset in stride(from: 0, to: tensor.byteCount, by: 1 << 18) { try tensor.read(into: piece, at: offset) }
      } else {
        _ = try tensor.load()
      }
    }
    try read()
    try read()
    let size = try folder.contents("m.zoo").count
    try overwrite("m.zoo", at: size / 2, with: folder.contents("m.zoo")[size / 2] ^ 0x10)
    try setTime("m.zoo", Date(timeIntervalSince1970: time.timeIntervalSince1970.rounded()))
    let error = #expect(throws: ZooError.self) { try read() }
    #expect(error?.message.contains("checksum is wrong") == true, "\(String(describing: error))")
  }

  private func overwrite(_ name: String, at offset: Int, with byte: UInt8) throws {
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file(name)))
    try file.seek(toOffset: UInt64(offset))
    try file.write(contentsOf: Data([byte]))
    try file.close()
  }

  private func setTime(_ name: String, _ date: Date) throws {
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: folder.file(name))
  }
}
