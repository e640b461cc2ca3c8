import ZooCore
import Zip

/// Reads the structures of a file that nobody vouches for: addresses are checked, no object is read twice, and the bytes
/// that are looked at are no more than a few times those that there are.
struct HDF5Reader {
  let memory: TensorMemory
  /// The file from its signature on, which addresses count from.
  let bytes: UnsafeRawBufferPointer
  /// Where in `memory` these begin.
  let base: Int
  private(set) var offsetSize = 8
  private(set) var lengthSize = 8
  private var rootAddress = 0
  private var seen: Set<Int> = []
  /// Bytes that may still be looked at.
  private var budget: Int
  /// Bytes that datasets take in the file, and in memory.
  private var stored = 0
  private var unfolded = 0
  private var heaps: [Int: [Int: Range<Int>]] = [:]

  /// Groups in one another; what people make has far fewer.
  private static let greatestDepth = 64
  /// How far compressed datasets may grow, and what may be left to fill values.
  private static let inflation = (slack: 64 << 20, ratio: 64)

  init(_ memory: TensorMemory) throws {
    self.memory = memory
    let all = UnsafeRawBufferPointer(memory.mutableBytes)
    var start = 0
    while start < all.count, !all[start...].starts(with: HDF5Format.signature) { start = start == 0 ? 512 : start * 2 }
    guard start < all.count else { throw ZooError(.badData, "this is no HDF5 file") }
    base = start
    bytes = UnsafeRawBufferPointer(rebasing: all[start...])
    budget = 4 * bytes.count + 1 << 16
    try readSuperblock()
  }

  private mutating func readSuperblock() throws {
    var cursor = ByteCursor(bytes, at: 8)
    let version = try cursor.byte()
    switch version {
    case 0, 1:
      try cursor.skip(4)
      (offsetSize, lengthSize) = (try cursor.byte(), try cursor.byte())
      try cursor.skip(version == 0 ? 9 : 13)
    case 2, 3:
      (offsetSize, lengthSize) = (try cursor.byte(), try cursor.byte())
      try cursor.skip(1)
    default: throw ZooError(.unsupported, "version \(version) of HDF5's superblock is unknown")
    }
    guard [2, 4, 8].contains(offsetSize), [2, 4, 8].contains(lengthSize) else {
      throw ZooError(.badData, "addresses of \(offsetSize) bytes and lengths of \(lengthSize) are none")
    }
    // The base address, which says again where the signature is, and what else is not needed: extensions, free space.
    try cursor.skip(offsetSize * (version < 2 ? 1 : 2))
    if version < 2 { try cursor.skip(offsetSize) }
    let end = try cursor.unsigned(offsetSize)
    guard end <= UInt64(bytes.count + base) else {
      throw ZooError(
        .badData, "the file should have \(end) bytes, but \(bytes.count + base) are there",
        advice: "it is damaged or incomplete; copy or download it again")
    }
    if version < 2 { try cursor.skip(2 * offsetSize) }
    rootAddress = try address(&cursor) ?? bytes.count
  }

  // MARK: - Looking at bytes

  /// Accounts for `count` bytes that are looked at.
  mutating func spend(_ count: Int) throws {
    budget -= min(max(count, 16), bytes.count + 16)
    guard budget >= 0 else {
      throw ZooError(
        .badData, "the file has structures that share their bytes", advice: "write it again with h5py or Keras")
    }
  }

  /// A cursor over `count` bytes at `address`.
  mutating func cursor(_ address: Int, _ count: Int) throws -> ByteCursor {
    guard address >= 0, count >= 0, address <= bytes.count, count <= bytes.count - address else {
      throw ZooError(
        .badData, "\(count) bytes at \(address) reach beyond the file", at: "byte \(address)",
        advice: "the file is damaged or incomplete; copy or download it again")
    }
    try spend(count)
    return ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[..<(address + count)]), at: address)
  }

  /// An address in the file; `nil` for the one that stands for none.
  func address(_ cursor: inout ByteCursor) throws -> Int? {
    let value = try cursor.unsigned(offsetSize)
    if value == UInt64.max >> (64 - 8 * offsetSize) { return nil }
    guard value <= UInt64(bytes.count) else {
      throw ZooError(.badData, "the address \(value) is beyond the end of the file", at: "byte \(cursor.offset)")
    }
    return Int(value)
  }

  func length(_ cursor: inout ByteCursor) throws -> Int {
    guard let value = Int(exactly: try cursor.unsigned(lengthSize)) else {
      throw ZooError(.badData, "a length is no such thing", at: "byte \(cursor.offset)")
    }
    return value
  }

  // MARK: - Objects

  mutating func root() throws -> HDF5Group {
    guard case .group(let group) = try object(rootAddress, depth: 0) else {
      throw ZooError(.badData, "the file's root is no group")
    }
    return group
  }

  private mutating func object(_ address: Int, depth: Int) throws -> HDF5Group.Member {
    guard seen.insert(address).inserted else {
      throw ZooError(.unsupported, "two links lead to one object", advice: "write the file without hard links")
    }
    guard depth < Self.greatestDepth else {
      throw ZooError(.badData, "more than \(Self.greatestDepth) groups in one another")
    }
    let header = try HDF5Header(at: address, &self)
    let attributes = try attributes(of: header)
    if header.messages.contains(where: { $0.type == .layout }) {
      return .dataset(try dataset(header, attributes))
    }
    var group = HDF5Group()
    group.attributes = attributes
    for link in try links(of: header) {
      do { try group.add(link.name, try object(link.address, depth: depth + 1)) } catch let error as ZooError {
        throw error.located(link.name)
      }
    }
    return .group(group)
  }

  private mutating func dataset(_ header: HDF5Header, _ attributes: NameTable<HDF5Value>) throws -> HDF5Dataset {
    guard let space = header[.dataspace], let kind = header[.datatype] else {
      throw ZooError(.badData, "a dataset lacks its shape or its type")
    }
    let shape = try shape(space)
    let type = try HDF5Type(kind)
    guard let element = type.elementType(named: attributes["dtype"]?.text) else {
      return HDF5Dataset(attributes: attributes, shape: shape, type: type, elementType: nil, elements: nil)
    }
    guard header[.externalFiles] == nil else {
      throw ZooError(
        .unsupported, "the elements are in another file, which is not opened", advice: "write them into this file")
    }
    let elements = try elements(header, shape: shape, type: type)
    return HDF5Dataset(attributes: attributes, shape: shape, type: type, elementType: element, elements: elements)
  }

  /// The extents of a dataspace message.
  func shape(_ message: ByteCursor) throws -> [Int] {
    var cursor = message
    let version = try cursor.byte()
    let rank = try cursor.byte()
    try cursor.skip(1)
    switch version {
    case 1: try cursor.skip(5)
    case 2:
      // Of no elements at all.
      if try cursor.byte() == 2 { return [0] }
    default: throw ZooError(.unsupported, "version \(version) of HDF5's dataspaces is unknown")
    }
    guard rank <= 32 else { throw ZooError(.badData, "\(rank) axes are more than HDF5 has") }
    return try (0..<rank).map { _ in try length(&cursor) }
  }

  /// Takes note of a dataset's size.
  mutating func account(stored: Int, unfolded: Int) throws {
    let (stored, first) = self.stored.addingReportingOverflow(stored)
    let (unfolded, second) = self.unfolded.addingReportingOverflow(unfolded)
    guard !first, stored <= bytes.count else {
      throw ZooError(.badData, "datasets share their bytes, or have more than the file")
    }
    guard !second, unfolded / Self.inflation.ratio <= stored + Self.inflation.slack / Self.inflation.ratio else {
      throw ZooError(
        .badData, "\(stored) bytes of datasets would grow to \(unfolded), more than honest contents do",
        advice: "if it is to be so, write the file without compression")
    }
    (self.stored, self.unfolded) = (stored, unfolded)
  }

  // MARK: - Global heaps

  /// The object `index` of the heap collection at `address`.
  mutating func heapObject(_ address: Int, _ index: Int) throws -> UnsafeRawBufferPointer {
    if heaps[address] == nil { heaps[address] = try heap(address) }
    guard let range = heaps[address]?[index] else {
      throw ZooError(.badData, "a text is not where it should be", at: "byte \(address)")
    }
    try spend(range.count)
    return UnsafeRawBufferPointer(rebasing: bytes[range])
  }

  private mutating func heap(_ address: Int) throws -> [Int: Range<Int>] {
    var head = try cursor(address, 8 + lengthSize)
    try head.signature("GCOL")
    try head.skip(4)
    var cursor = try cursor(address, length(&head))
    try cursor.skip(8 + lengthSize)
    var objects: [Int: Range<Int>] = [:]
    while cursor.remaining >= 8 + lengthSize {
      let index = try cursor.half()
      try cursor.skip(6)
      let size = try length(&cursor)
      if index == 0 { break }
      let range = try cursor.take(size)
      objects[index] = range
      let padding = (8 - size % 8) % 8
      if padding > cursor.remaining { break }
      try cursor.skip(padding)
    }
    return objects
  }
}
