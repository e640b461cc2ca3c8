import ZooCore
import Zip

/// Groups with many links and objects with many attributes keep them in a fractal heap (section III.G of the
/// specification), which a B-tree of version 2 (section III.A.2) tells the objects of.
extension HDF5Reader {
  /// The objects that the tree at `index` lists, in the heap at `heap`.
  mutating func heapObjects(_ heap: Int, index: Int) throws -> [ByteCursor] {
    let heap = try FractalHeap(at: heap, &self)
    var objects: [ByteCursor] = []
    for (kind, record) in try records(index) {
      var record = record
      switch kind {
      // Links by the hash of their names or by order of creation, attributes by either.
      case 5: try record.skip(4)
      case 6: try record.skip(8)
      case 8, 9: break
      default: throw ZooError(.badData, "a tree is of the wrong kind", at: "byte \(index)")
      }
      objects.append(try heap.object(&record, &self))
    }
    return objects
  }

  /// The records of the tree at `address`, with the tree's kind.
  private mutating func records(_ address: Int) throws -> [(kind: Int, record: ByteCursor)] {
    var head = try cursor(address, 22 + offsetSize + lengthSize)
    try head.signature("BTHD")
    try head.skip(1)
    let kind = try head.byte()
    let nodeSize = try head.word()
    let recordSize = try head.half()
    let depth = try head.half()
    try head.skip(2)
    guard let root = try self.address(&head) else { return [] }
    let count = try head.half()
    guard recordSize > 0, depth <= 16, nodeSize > 10 + recordSize, nodeSize <= bytes.count else {
      throw ZooError(.badData, "a tree makes no sense", at: "byte \(address)")
    }
    // How many bytes nodes take to count the records of those below.
    var widths = [(own: 0, total: 0)]
    var most = (nodeSize - 10) / recordSize
    let leafWidth = Self.width(of: most)
    var total = most
    widths[0] = (leafWidth, 0)
    for _ in 0..<depth {
      let pointer = offsetSize + leafWidth + (widths.last?.total ?? 0)
      most = (nodeSize - 10 - pointer) / (recordSize + pointer)
      let (product, overflow) = (most + 1).multipliedReportingOverflow(by: total)
      guard most > 0, !overflow, product < 1 << 62 else {
        throw ZooError(.badData, "a tree makes no sense", at: "byte \(address)")
      }
      total = product + most
      widths.append((leafWidth, Self.width(of: total)))
    }
    var found: [(kind: Int, record: ByteCursor)] = []
    func visit(_ address: Int, _ count: Int, _ depth: Int, _ reader: inout HDF5Reader) throws {
      var node = try reader.cursor(address, nodeSize)
      try node.signature(depth == 0 ? "BTLF" : "BTIN")
      try node.skip(2)
      for _ in 0..<count {
        let range = try node.take(recordSize)
        found.append(
          (kind, ByteCursor(UnsafeRawBufferPointer(rebasing: reader.bytes[..<range.upperBound]), at: range.lowerBound)))
      }
      guard depth > 0 else { return }
      for _ in 0...count {
        guard let child = try reader.address(&node) else { throw ZooError(.badData, "a tree has a hole") }
        let below = Int(try node.unsigned(leafWidth))
        try node.skip(widths[depth - 1].total)
        try visit(child, below, depth - 1, &reader)
      }
    }
    try visit(root, count, depth, &self)
    return found
  }

  /// Bytes that any number up to `limit` takes.
  static func width(of limit: Int) -> Int { (Int.bitWidth - max(limit, 1).leadingZeroBitCount - 1) / 8 + 1 }
}

private struct FractalHeap {
  let idLength: Int
  let offsetWidth: Int
  let lengthWidth: Int
  /// Where each block's bytes belong in the heap, in ascending order.
  private var blocks: [(offset: Int, address: Int, size: Int)] = []

  init(at address: Int, _ reader: inout HDF5Reader) throws {
    var head = try reader.cursor(address, 22 + 12 * reader.lengthSize + 3 * reader.offsetSize)
    try head.signature("FRHP")
    try head.skip(1)
    idLength = try head.half()
    let filters = try head.half()
    try head.skip(1)
    let greatestObject = try head.word()
    try head.skip(2 * reader.lengthSize + 2 * reader.offsetSize + 8 * reader.lengthSize)
    let width = try head.half()
    let start = try reader.length(&head)
    let greatest = try reader.length(&head)
    let bits = try head.half()
    try head.skip(2)
    let root = try reader.address(&head)
    let rows = try head.half()
    func isPower(_ number: Int) -> Bool { number > 0 && number & (number - 1) == 0 }
    guard filters == 0 else { throw ZooError(.unsupported, "a heap of links or attributes is compressed") }
    guard isPower(width), isPower(start), isPower(greatest), width <= 1 << 12, greatest <= 1 << 32, start <= greatest,
      bits <= 64, rows <= 64
    else { throw ZooError(.badData, "a heap makes no sense", at: "byte \(address)") }
    offsetWidth = (bits + 7) / 8
    lengthWidth = min(HDF5Reader.width(of: greatest), HDF5Reader.width(of: greatestObject))
    guard let root else { return }
    if rows == 0 {
      blocks.append((0, root, start))
    } else {
      var offset = 0
      try collect(root, rows: rows, (width, start, greatest), &offset, depth: 0, &reader)
    }
  }

  /// Walks an indirect block of `rows` rows, whose bytes begin at `offset` in the heap.
  private mutating func collect(
    _ address: Int, rows: Int, _ table: (width: Int, start: Int, greatest: Int), _ offset: inout Int, depth: Int,
    _ reader: inout HDF5Reader
  ) throws {
    guard depth < 8 else { throw ZooError(.badData, "a heap is too deep", at: "byte \(address)") }
    var node = try reader.cursor(
      address, 5 + reader.offsetSize + offsetWidth + rows * table.width * reader.offsetSize)
    try node.signature("FHIB")
    try node.skip(1 + reader.offsetSize + offsetWidth)
    for row in 0..<rows {
      let shift = max(row - 1, 0)
      guard shift < 48, table.start << shift < 1 << 48 else { throw ZooError(.badData, "a heap is too large") }
      let size = table.start << shift
      for _ in 0..<table.width {
        let child = try reader.address(&node)
        let (end, overflow) = offset.addingReportingOverflow(size)
        guard !overflow else { throw ZooError(.badData, "a heap is too large") }
        if let child {
          if size <= table.greatest {
            blocks.append((offset, child, size))
          } else {
            // So many rows that their bytes are `size` together.
            let below = size.trailingZeroBitCount - (table.start * table.width).trailingZeroBitCount + 1
            guard below > 0 else { throw ZooError(.badData, "a heap makes no sense") }
            var start = offset
            try collect(child, rows: below, table, &start, depth: depth + 1, &reader)
          }
        }
        offset = end
      }
    }
  }

  /// The object of the ID at `record`.
  func object(_ record: inout ByteCursor, _ reader: inout HDF5Reader) throws -> ByteCursor {
    let id = try record.take(idLength)
    var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: record.bytes[..<id.upperBound]), at: id.lowerBound)
    guard try cursor.byte() & 0x30 == 0 else {
      throw ZooError(.unsupported, "a link or an attribute is too large", at: "byte \(id.lowerBound)")
    }
    guard let offset = Int(exactly: try cursor.unsigned(offsetWidth)),
      let length = Int(exactly: try cursor.unsigned(lengthWidth)),
      let block = blocks.last(where: { $0.offset <= offset }), length <= block.size,
      offset - block.offset <= block.size - length
    else { throw ZooError(.badData, "an object is not in its heap", at: "byte \(id.lowerBound)") }
    return try reader.cursor(block.address + offset - block.offset, length)
  }
}
