import ZooCore

/// The elements of a tensor of which the file leaves zeros out (schema, SparsityParameters): a tree whose levels are the
/// axes, each written out, or with the places alone that hold something (compressed rows).
struct SparseTensor: TensorSource {
  private enum Level {
    case dense(extent: Int)
    /// The places of node n are `indices[segments[n]..<segments[n + 1]]`.
    case compressed(segments: [Int], indices: [Int])
  }

  private let values: StoredTensor
  private let levels: [Level]
  /// How far one place of each level is from the next in the tensor.
  private let strides: [Int]

  /// How far zeros may make a tensor larger than its file.
  private static let inflation = (slack: 8 << 20, ratio: 256)

  /// - Parameters:
  ///   - table: The SparsityParameters.
  ///   - shape: Of the whole tensor.
  ///   - values: The elements that are there, one axis.
  init(_ table: FlatTable, shape: [Int], values: StoredTensor) throws {
    let (order, blockMap) = (try table.ints(0), try table.ints(1))
    let axes = try table.tables(2)
    let rank = shape.count
    guard shape.allSatisfy({ $0 > 0 }), axes.count == rank + blockMap.count, order.count == axes.count,
      Set(order[..<rank]) == Set(0..<rank),
      Array(order[rank...]) == Array(rank..<axes.count), blockMap.allSatisfy(shape.indices.contains)
    else { throw Self.damaged }
    guard try Tensor.elementCount(of: shape) <= values.byteCount * Self.inflation.ratio + Self.inflation.slack else {
      throw ZooError(.badData, "the zeros would take \(Self.inflation.ratio) times the file")
    }
    var extents = try axes.map { try $0.int(1) }
    // Of compressed axes the file states no extent: what blocks leave of the shape's.
    for level in 0..<rank where try axes[level].byte(0) == 1 {
      let blocks = blockMap.indices.filter { blockMap[$0] == order[level] }.map { extents[rank + $0] }
      guard blocks.allSatisfy({ (1...shape[order[level]]).contains($0) }) else { throw Self.damaged }
      extents[level] = blocks.reduce(shape[order[level]]) { $0 / $1 }
    }
    guard extents.allSatisfy({ $0 > 0 }) else { throw Self.damaged }
    self.values = values
    // Within an axis, blocks are further apart than the places inside of one.
    var (steps, strides) = (Array(repeating: 1, count: rank), Array(repeating: 0, count: axes.count))
    for axis in (0..<max(rank - 1, 0)).reversed() { steps[axis] = steps[axis + 1] * shape[axis + 1] }
    var covered = Array(repeating: 1, count: rank)
    for level in axes.indices.reversed() {
      let axis = level < rank ? order[level] : blockMap[level - rank]
      strides[level] = steps[axis] * covered[axis]
      let (extent, overflow) = covered[axis].multipliedReportingOverflow(by: extents[level])
      guard !overflow, extent <= shape[axis] else { throw Self.damaged }
      covered[axis] = extent
    }
    guard covered == shape else { throw Self.damaged }
    self.strides = strides
    levels = try zip(axes, extents).map { axis, extent in
      guard try axis.byte(0) == 1 else { return .dense(extent: extent) }
      let (segments, indices) = (try Self.numbers(axis, 2), try Self.numbers(axis, 4))
      guard segments.first == 0, segments.last == indices.count, zip(segments, segments.dropFirst()).allSatisfy(<=),
        indices.allSatisfy((0..<extent).contains)
      else { throw Self.damaged }
      return .compressed(segments: segments, indices: indices)
    }
    try check()
  }

  private static let damaged = ZooError(.badData, "the places of sparse weights contradict each other")

  /// A union of vectors of 32, 16 and 8 bits: its type, and behind that the table.
  private static func numbers(_ table: FlatTable, _ id: Int) throws -> [Int] {
    guard let vector = try table.table(id + 1) else { return [] }
    switch try table.byte(id) {
    case 1: return try vector.ints(0)
    case 2: return try vector.numbers(0, UInt16.self).map(Int.init)
    case 3: return try vector.numbers(0, UInt8.self).map(Int.init)
    default: throw damaged
    }
  }

  /// Checks that there is a list of places for each node, and a value for each leaf.
  private func check() throws {
    var nodes = 1
    for level in levels {
      switch level {
      case .dense(let extent):
        let (count, overflow) = nodes.multipliedReportingOverflow(by: extent)
        guard !overflow else { throw Self.damaged }
        nodes = count
      case .compressed(let segments, let indices):
        guard segments.count == nodes + 1 else { throw Self.damaged }
        nodes = indices.count
      }
    }
    guard nodes == values.shape.reduce(1, *) else { throw Self.damaged }
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    var offsets = [0]
    for (level, stride) in zip(levels, strides) {
      switch level {
      case .dense(let extent): offsets = offsets.flatMap { first in (0..<extent).map { first + $0 * stride } }
      case .compressed(let segments, let indices):
        offsets = offsets.enumerated().flatMap { node, first in
          indices[segments[node]..<segments[node + 1]].map { first + $0 * stride }
        }
      }
    }
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
    let width = offsets.isEmpty ? 0 : values.byteCount / offsets.count
    try values.load().withUnsafeBytes { values in
      for (number, offset) in offsets.enumerated() {
        for byte in 0..<width { bytes[offset * width + byte] = values[number * width + byte] }
      }
    }
  }
}
