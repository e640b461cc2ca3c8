import Glibc
import ZooSystem

/// As much of a shared library as tells whether it exports a symbol, read without loading it: loading runs its
/// constructors. (System V ABI, chapters 4 and 5; the GNU hash table as binutils writes it.)
///
/// Also refuses a file whose segments reach past its end, which would kill the process once it is mapped.
struct ELFFile {
  /// Why the file is no library that can be loaded here.
  struct Problem: Error { var description: String }

  private struct Segment {
    var address: UInt64
    var offset: UInt64
    var fileSize: UInt64
  }

  private let descriptor: Int32
  private let size: UInt64
  private var segments: [Segment] = []
  /// Entries of the dynamic section by tag.
  private var dynamic: [UInt64: UInt64] = [:]

  private enum Tag {
    static let hash: UInt64 = 4
    static let strings: UInt64 = 5
    static let symbols: UInt64 = 6
    static let gnuHash: UInt64 = 0x6fff_fef5
  }

  /// - Throws: `Problem`.
  init(descriptor: Int32, size: UInt64) throws {
    self.descriptor = descriptor
    self.size = size
    guard size >= 4, try bytes(at: 0, count: 4) == [0x7f, 0x45, 0x4c, 0x46] else {
      throw Problem(description: "not a shared library (it does not begin as an ELF file)")
    }
    let header = try bytes(at: 0, count: 64)
    guard header[4] == 2, header[5] == 1, header[6] == 1, half(header, 18) == Self.machine else {
      throw Problem(description: "a library for another kind of CPU")
    }
    guard half(header, 16) == 3 else { throw Problem(description: "an ELF file, but not a shared library") }
    guard half(header, 54) == 56 else { throw Problem(description: "damaged: its program headers have a wrong size") }
    let table = try bytes(at: double(header, 32), count: Int(half(header, 56)) * 56)
    var dynamicSegment: Segment?
    for start in stride(from: 0, to: table.count, by: 56) {
      let kind = word(table, start)
      guard kind == 1 || kind == 2 else { continue }
      let segment = Segment(
        address: double(table, start + 16), offset: double(table, start + 8), fileSize: double(table, start + 32))
      let (end, overflow) = segment.offset.addingReportingOverflow(segment.fileSize)
      guard !overflow, end <= size else { throw Self.truncated }
      if kind == 1 { segments.append(segment) } else { dynamicSegment = segment }
    }
    guard let dynamicSegment, dynamicSegment.fileSize <= 1 << 16 else {
      throw Problem(description: "damaged: it has no usable dynamic section")
    }
    let entries = try bytes(at: dynamicSegment.offset, count: Int(dynamicSegment.fileSize))
    for start in stride(from: 0, to: entries.count / 16 * 16, by: 16) {
      let tag = double(entries, start)
      if tag == 0 { break }
      dynamic[tag] = double(entries, start + 8)
    }
  }

  /// Whether the library defines the function `name` for others to find.
  ///
  /// - Throws: `Problem` when its tables point outside the file.
  func exportsFunction(_ name: String) throws -> Bool {
    guard let strings = dynamic[Tag.strings], let symbols = dynamic[Tag.symbols] else { return false }
    let stringTable = try offset(of: strings)
    let symbolTable = try offset(of: symbols)
    let wanted = Array(name.utf8) + [0]
    return try candidates(for: name) { index in
      let symbol = try bytes(at: symbolTable + UInt64(index) * 24, count: 24)
      let isDefined = half(symbol, 6) != 0
      // Ordinary and indirect functions, visible ones.
      let kind = symbol[4] & 15
      guard isDefined, kind == 2 || kind == 10, symbol[5] & 3 == 0 || symbol[5] & 3 == 3 else { return false }
      let start = stringTable + UInt64(word(symbol, 0))
      guard start < size, size - start >= UInt64(wanted.count) else { return false }
      return try bytes(at: start, count: wanted.count) == wanted
    }
  }

  /// Whether `matches` holds for one of the symbols in the hash bucket of `name`.
  private func candidates(for name: String, _ matches: (UInt32) throws -> Bool) throws -> Bool {
    if let table = dynamic[Tag.gnuHash] {
      let start = try offset(of: table)
      let hash = name.utf8.reduce(UInt32(5381)) { $0 &* 33 &+ UInt32($1) }
      let header = try bytes(at: start, count: 16)
      let (bucketCount, first, bloomCount) = (word(header, 0), word(header, 4), word(header, 8))
      guard bucketCount > 0 else { return false }
      let buckets = start + 16 + UInt64(bloomCount) * 8
      var index = try word(bytes(at: buckets + UInt64(hash % bucketCount) * 4, count: 4), 0)
      guard index >= first else { return false }
      let chains = buckets + UInt64(bucketCount) * 4
      // The chain ends at the last entry or, in a damaged file, at the file's end.
      while true {
        let entry = try word(bytes(at: chains + UInt64(index - first) * 4, count: 4), 0)
        if entry | 1 == hash | 1, try matches(index) { return true }
        if entry & 1 == 1 || index == .max { return false }
        index += 1
      }
    }
    guard let table = dynamic[Tag.hash] else { return false }
    let start = try offset(of: table)
    let header = try bytes(at: start, count: 8)
    let (bucketCount, chainCount) = (word(header, 0), word(header, 4))
    guard bucketCount > 0 else { return false }
    var hash: UInt32 = 0
    for byte in name.utf8 {
      hash = hash << 4 &+ UInt32(byte)
      let top = hash & 0xf000_0000
      hash = (hash ^ top >> 24) & ~top
    }
    var index = try word(bytes(at: start + 8 + UInt64(hash % bucketCount) * 4, count: 4), 0)
    let chains = start + 8 + UInt64(bucketCount) * 4
    // A damaged chain may run in circles.
    for _ in 0..<chainCount where index != 0 {
      if try matches(index) { return true }
      index = try word(bytes(at: chains + UInt64(index) * 4, count: 4), 0)
    }
    return false
  }

  /// Where in the file the bytes lie that are loaded at `address`.
  private func offset(of address: UInt64) throws -> UInt64 {
    for segment in segments where address >= segment.address && address - segment.address < segment.fileSize {
      return segment.offset + (address - segment.address)
    }
    throw Problem(description: "damaged: its dynamic section points outside the file")
  }

  private func bytes(at offset: UInt64, count: Int) throws -> [UInt8] {
    guard offset <= size, UInt64(count) <= size - offset else { throw Self.truncated }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let step = pread(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset) + filled)
        if step < 0 && errno == EINTR { continue }
        guard step > 0 else { throw Self.truncated }
        filled += step
      }
    }
  }

  private static let truncated = Problem(description: "truncated")

  #if arch(x86_64)
    private static let machine: UInt16 = 62
  #elseif arch(arm64)
    private static let machine: UInt16 = 183
  #elseif arch(riscv64)
    private static let machine: UInt16 = 243
  #endif
}

private func half(_ bytes: [UInt8], _ offset: Int) -> UInt16 { load(bytes, offset) }
private func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 { load(bytes, offset) }
private func double(_ bytes: [UInt8], _ offset: Int) -> UInt64 { load(bytes, offset) }

private func load<Number: FixedWidthInteger & BitwiseCopyable>(_ bytes: [UInt8], _ offset: Int) -> Number {
  bytes.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self)) }
}
