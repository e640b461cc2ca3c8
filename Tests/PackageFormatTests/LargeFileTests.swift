import Foundation
import PackageFormat
import Testing
import ZooCore

@Suite struct LargeFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Zeros, but for the position at each multiple of `period`.
  private struct GeneratedSource: TensorSource {
    let period: Int
    let readsInPieces = true

    func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
      try read(into: bytes, at: 0, type: type, shape: shape)
    }

    func read(
      into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]
    ) throws {
      guard bytes.count <= 16 << 20 else { throw ZooError(.defect, "\(bytes.count) bytes at once") }
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      let mark = (offset + period - 1) / period * period
      if mark >= offset, mark + 8 <= offset + bytes.count {
        bytes.storeBytes(of: Int64(mark) | 1, toByteOffset: mark - offset, as: Int64.self)
      }
    }
  }

  private func check(_ stored: StoredTensor, marks: [Int]) throws {
    for mark in marks {
      try withUnsafeTemporaryAllocation(byteCount: 24, alignment: 8) { bytes in
        try stored.read(into: bytes, at: mark - 8)
        #expect(bytes.load(fromByteOffset: 0, as: Int64.self) == 0)
        #expect(bytes.load(fromByteOffset: 8, as: Int64.self) == Int64(mark) | 1)
        #expect(bytes.load(fromByteOffset: 16, as: Int64.self) == 0)
      }
    }
  }

  @Test func fileOverFourGibibytes() throws {
    let count = 4 << 30 + 100 << 20
    let shape = [count]
    let source = try StoredTensor(type: .uint8, shape: shape, source: GeneratedSource(period: 512 << 20))
    let after = NamedTensor(name: "after", tensor: StoredTensor(try Tensor(normalNumbers(1000), shape: [1000])))
    var model = model(of: source)
    model.graph.initializers.append(after)
    let before = try privateMemory()
    try PackageFormat.write(model, to: folder.file("a.zoo"), compression: .none)
    let summary = try PackageFormat.summary(folder.file("a.zoo"))
    #expect(summary.fileSize > 4 << 30)
    let read = try PackageFormat.read(folder.file("a.zoo"))
    try check(read.graph.initializers[0].tensor, marks: [512 << 20, 4 << 30])
    try expectEqual(read.graph.initializers[1].tensor.load(), after.tensor.load())
    #expect(try privateMemory() - before < 200 << 20)
  }

  @Test func compressedInPieces() throws {
    let source = try StoredTensor(type: .float32, shape: [3, 1 << 24], source: GeneratedSource(period: 64 << 20))
    let before = try privateMemory()
    try PackageFormat.write(model(of: source), to: folder.file("a.zoo"))
    let read = try PackageFormat.read(folder.file("a.zoo"))
    try check(read.graph.initializers[0].tensor, marks: [64 << 20, 128 << 20])
    #expect(try folder.contents("a.zoo").count < 1 << 20)
    #expect(try privateMemory() - before < 200 << 20)
  }

  /// Bytes of this process that no file backs.
  private func privateMemory() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
    return try #require(line.split { !$0.isNumber }.first.flatMap { Int($0) }) << 10
  }
}
