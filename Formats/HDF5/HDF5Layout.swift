import ZooCore
import Zip

extension HDF5Reader {
  /// Where a dataset's elements are (sections IV.A.2.e, i and l).
  mutating func elements(_ header: HDF5Header, shape: [Int], type: HDF5Type) throws -> HDF5Elements {
    let count = try Tensor.elementCount(of: shape)
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: type.size)
    guard !overflow, let message = header[.layout] else {
      throw ZooError(.badData, "the shape \(shape) is too large for elements of \(type.size) bytes")
    }
    let layout = try layout(message, header, shape: shape, type: type, byteCount: byteCount)
    switch layout {
    case .empty: try account(stored: 0, unfolded: byteCount)
    case .contiguous(let range): try account(stored: range.count, unfolded: 0)
    case .chunked(let chunks, let extents, _):
      // Whole chunks are read, whatever part of them lies in the dataset.
      let (chunkBytes, first) = try Tensor.elementCount(of: extents).multipliedReportingOverflow(by: type.size)
      let (unfolded, second) = chunkBytes.multipliedReportingOverflow(by: chunks.count)
      guard !first, !second else { throw ZooError(.badData, "chunks of \(extents) are too large") }
      try account(stored: chunks.reduce(0) { $0 + $1.range.count }, unfolded: max(byteCount, unfolded))
    }
    return HDF5Elements(
      memory: memory, layout: layout, size: type.size, swapWidth: type.swapWidth, fill: try fillValue(header))
  }

  private mutating func layout(
    _ message: ByteCursor, _ header: HDF5Header, shape: [Int], type: HDF5Type, byteCount: Int
  ) throws -> HDF5Elements.Layout {
    var cursor = message
    let version = try cursor.byte()
    switch version {
    case 1, 2:
      let rank = try cursor.byte()
      let kind = try cursor.byte()
      try cursor.skip(5)
      let place = kind == 0 ? nil : try address(&cursor)
      let extents = try (0..<rank).map { _ in try cursor.word() }
      switch kind {
      case 0: return try compact(&cursor, try cursor.word(), byteCount)
      case 1: return try contiguous(place, byteCount)
      case 2: return try chunked(place, Array(extents), header, shape: shape, type: type)
      default: break
      }
    case 3, 4:
      switch try cursor.byte() {
      case 0: return try compact(&cursor, try cursor.half(), byteCount)
      case 1: return try contiguous(address(&cursor), byteCount)
      case 2 where version == 3:
        let rank = try cursor.byte()
        let place = try address(&cursor)
        let extents = try (0..<rank).map { _ in try cursor.word() }
        return try chunked(place, extents, header, shape: shape, type: type)
      case 2: return try newChunked(&cursor, header, shape: shape, type: type)
      case 3:
        throw ZooError(
          .unsupported, "the dataset is a virtual one, made of other files", advice: "copy the elements into one file")
      default: break
      }
    default:
      throw ZooError(
        .unsupported, "version \(version) of HDF5's layouts is unknown", advice: "write it without libver=\"latest\"")
    }
    throw ZooError(.badData, "a dataset's layout is unknown", at: "byte \(message.offset)")
  }

  private func compact(_ cursor: inout ByteCursor, _ size: Int, _ byteCount: Int) throws -> HDF5Elements.Layout {
    let range = try cursor.take(size)
    guard size >= byteCount else { throw ZooError(.badData, "the dataset is larger than its place") }
    return .contiguous(base + range.lowerBound..<base + range.lowerBound + byteCount)
  }

  private func contiguous(_ place: Int?, _ byteCount: Int) throws -> HDF5Elements.Layout {
    guard let place else { return .empty }
    guard byteCount <= bytes.count - place else {
      throw ZooError(
        .badData, "\(byteCount) bytes at \(place) reach beyond the file",
        advice: "the file is damaged or incomplete; copy or download it again")
    }
    return .contiguous(base + place..<base + place + byteCount)
  }

  /// Chunks that a tree of version 1 lists.
  private mutating func chunked(
    _ tree: Int?, _ extents: [Int], _ header: HDF5Header, shape: [Int], type: HDF5Type
  ) throws -> HDF5Elements.Layout {
    let rank = max(shape.count, 1)
    guard extents.count == rank + 1, extents.allSatisfy({ $0 > 0 }), extents[rank] == type.size else {
      throw ZooError(.badData, "chunks of \(extents) don't go with the shape \(shape)")
    }
    let filters = try filters(header, type)
    guard let tree else { return .empty }
    var chunks: [HDF5Elements.Chunk] = []
    for child in try treeChildren(tree, kind: 1, keySize: 8 + 8 * (rank + 1), depth: 0) {
      var key = child.key
      let size = try key.word()
      let skipped = try key.word()
      let origin = try (0..<rank).map { _ in Int(truncatingIfNeeded: try key.integer(UInt64.self)) }
      chunks.append(try chunk(origin, child.address, size, skipped, shape))
    }
    return .chunked(chunks, extents: Array(extents.dropLast()), filters: filters)
  }

  /// The two ways of newer files that need no further structure: one chunk, and all chunks one after another.
  private mutating func newChunked(
    _ cursor: inout ByteCursor, _ header: HDF5Header, shape: [Int], type: HDF5Type
  ) throws -> HDF5Elements.Layout {
    let rank = max(shape.count, 1)
    let flags = try cursor.byte()
    let count = try cursor.byte()
    let width = try cursor.byte()
    let extents = try (0..<count).map { _ in Int(truncatingIfNeeded: try cursor.unsigned(width)) }
    guard extents.count == rank + 1, extents.allSatisfy({ $0 > 0 && $0 < 1 << 40 }), extents[rank] == type.size else {
      throw ZooError(.badData, "chunks of \(extents) don't go with the shape \(shape)")
    }
    let filters = try filters(header, type)
    let chunkBytes = try Tensor.elementCount(of: extents)
    let own = Array(extents.dropLast())
    let kind = try cursor.byte()
    switch kind {
    case 1:
      var (size, skipped) = (chunkBytes, 0)
      if flags & 2 != 0 { (size, skipped) = (try length(&cursor), try cursor.word()) }
      guard let place = try address(&cursor) else { return .empty }
      let chunk = try chunk([Int](repeating: 0, count: rank), place, size, skipped, shape)
      return .chunked([chunk], extents: own, filters: filters)
    case 2:
      guard let place = try address(&cursor) else { return .empty }
      let grid = zip(shape.isEmpty ? [1] : shape, own).map { ($0 + $1 - 1) / $1 }
      let total = try Tensor.elementCount(of: grid)
      guard total <= (bytes.count - place) / chunkBytes else {
        throw ZooError(.badData, "\(total) chunks reach beyond the file")
      }
      try spend(total * 64)
      let chunks = try (0..<total).map { index in
        var origin = [Int](repeating: 0, count: rank)
        var rest = index
        for axis in (0..<rank).reversed() {
          origin[axis] = rest % grid[axis] * own[axis]
          rest /= grid[axis]
        }
        return try chunk(origin, place + index * chunkBytes, chunkBytes, 0, shape)
      }
      return .chunked(chunks, extents: own, filters: filters)
    default:
      throw ZooError(
        .unsupported, "the dataset lists its chunks in a way of the newest files (index \(kind))",
        advice: "write it without libver=\"latest\", or without chunks")
    }
  }

  private func chunk(
    _ origin: [Int], _ place: Int, _ size: Int, _ skipped: Int, _ shape: [Int]
  ) throws -> HDF5Elements.Chunk {
    guard place <= bytes.count, size >= 0, size <= bytes.count - place,
      zip(origin, shape.isEmpty ? [1] : shape).allSatisfy({ $0 >= 0 && $0 <= $1 })
    else { throw ZooError(.badData, "a chunk of \(size) bytes at \(place) is outside of the file or the dataset") }
    return HDF5Elements.Chunk(origin: origin, range: base + place..<base + place + size, skipped: skipped)
  }

  /// The filters that chunks were put through (section IV.A.2.l).
  private func filters(_ header: HDF5Header, _ type: HDF5Type) throws -> [HDF5Elements.Filter] {
    guard var cursor = header[.filters] else { return [] }
    let version = try cursor.byte()
    guard version == 1 || version == 2 else {
      throw ZooError(.unsupported, "version \(version) of HDF5's filters is unknown")
    }
    let count = try cursor.byte()
    guard count <= 8 else { throw ZooError(.badData, "\(count) filters are more than anybody uses") }
    if version == 1 { try cursor.skip(6) }
    return try (0..<count).map { _ in
      let number = try cursor.half()
      let nameLength = version == 1 || number >= 256 ? try cursor.half() : 0
      try cursor.skip(2)
      let values = try cursor.half()
      try cursor.skip(version == 1 ? (nameLength + 7) / 8 * 8 : nameLength)
      let settings = try (0..<values).map { _ in try cursor.word() }
      if version == 1, values % 2 == 1 { try cursor.skip(min(4, cursor.remaining)) }
      switch number {
      case 1: return .deflate
      case 2:
        let width = settings.first ?? type.size
        guard width > 0 else { throw ZooError(.badData, "a filter makes no sense") }
        return .shuffle(width: width)
      default:
        throw ZooError(
          .unsupported, "the elements went through the filter \(number); deflate (1) and shuffle (2) are undone",
          advice: "write the dataset with compression=\"gzip\" or without compression")
      }
    }
  }

  /// The bytes of an element that was not written; none for zeros.
  private func fillValue(_ header: HDF5Header) throws -> [UInt8] {
    if var cursor = header[.fillValue] {
      switch try cursor.byte() {
      case 1, 2:
        try cursor.skip(2)
        guard try cursor.byte() != 0, cursor.remaining >= 4 else { return [] }
      case 3:
        guard try cursor.byte() & 0x20 != 0 else { return [] }
      default: return []
      }
      return Array(cursor.bytes[try cursor.take(cursor.word())])
    }
    guard var cursor = header[.oldFillValue] else { return [] }
    return Array(cursor.bytes[try cursor.take(cursor.word())])
  }
}
