import GraphWriter
import ZooCore

extension LiteConverter {
  static let blocks: [String: Rule] = [
    "SPACE_TO_DEPTH": { try $0.block("SpaceToDepth", []) },
    "DEPTH_TO_SPACE": { try $0.block("DepthToSpace", [.text("mode", "DCR")]) },
    "SPACE_TO_BATCH_ND": { try $0.spaceToBatch() },
    "BATCH_TO_SPACE_ND": { try $0.batchToSpace() },
  ]

  private mutating func block(_ operatorType: String, _ attributes: [Attribute]) throws {
    let size = try option(0)
    guard (1...(1 << 16)).contains(size) else { throw ZooError(.badData, "the block's size is \(size)") }
    let name = step(operatorType, [try channelsFirst(input: 0)], attributes + [.int("blocksize", size)])
    try finish(name, channelsFirst: true, isRounded: keepsQuantization())
  }

  /// The block over the axes behind the batch, and before and after each of them what is added or cut off.
  private mutating func batchBlocks() throws -> (block: [Int], edges: [Extent]) {
    let block = try integers(1)
    let rank = try needInput(0).shape.count
    let edges = try elements(2, count: 2 * block.count)
    guard !block.isEmpty, block.count < rank, block.allSatisfy({ (1...(1 << 16)).contains($0) }),
      edges.allSatisfy({ (0...(1 << 24)).contains($0.known ?? 0) })
    else { throw ZooError(.badData, "blocks of \(block.prefix(10)) do not fit an input of \(rank) axes") }
    return (block, edges)
  }

  /// Every element of a block goes to a batch of its own; what exporters write around a dilated convolution.
  private mutating func spaceToBatch() throws {
    let (block, edges) = try batchBlocks()
    let count = block.count
    var name = try plain(input: 0)
    let extents = try extents(0, name)
    let rest = Array(extents[(1 + count)...])
    if edges.contains(where: { $0.known != 0 }) {
      let none = Array(repeating: Extent.fixed(0), count: rest.count)
      let (before, after) = ((0..<count).map { edges[2 * $0] }, (0..<count).map { edges[2 * $0 + 1] })
      name = step("Pad", [name, try list([.fixed(0)] + before + none + [.fixed(0)] + after + none)])
    }
    let inner = try (0..<count).map { axis in
      try extents[1 + axis].plus(edges[2 * axis]).plus(edges[2 * axis + 1]).divided(by: block[axis])
    }
    name = try reshaped(name, [extents[0]] + zip(inner, block).flatMap { [$0, .fixed($1)] } + rest)
    let order = (1...count).map { 2 * $0 } + [0] + (0..<count).map { 2 * $0 + 1 }
    name = step("Transpose", [name], [.ints("perm", order + rest.indices.map { 2 * count + 1 + $0 })])
    let batch = try block.reduce(extents[0]) { try $0.times(.fixed($1)) }
    try finish(reshaped(name, [batch] + inner + rest), isRounded: keepsQuantization())
  }

  private mutating func batchToSpace() throws {
    let (block, edges) = try batchBlocks()
    let count = block.count
    var name = try plain(input: 0)
    let extents = try extents(0, name)
    let (inner, rest) = (Array(extents[1...count]), Array(extents[(1 + count)...]))
    let batch = try block.reduce(extents[0]) { try $0.divided(by: $1) }
    name = try reshaped(name, block.map(Extent.fixed) + [batch] + inner + rest)
    let order = [count] + (0..<count).flatMap { [count + 1 + $0, $0] }
    name = step("Transpose", [name], [.ints("perm", order + rest.indices.map { 2 * count + 1 + $0 })])
    let whole = try zip(inner, block).map { try $0.times(.fixed($1)) }
    name = try reshaped(name, [batch] + whole + rest)
    if edges.contains(where: { $0.known != 0 }) {
      let ends = try (0..<count).map { try whole[$0].minus(edges[2 * $0 + 1]) }
      let starts = (0..<count).map { edges[2 * $0] }
      guard zip(starts, ends).allSatisfy({ ($0.known ?? 0) < ($1.known ?? .max) }) else {
        throw ZooError(.badData, "nothing is left of \(whole.compactMap(\.known)) without its edges")
      }
      name = step("Slice", [name, try list(starts), try list(ends), try list(Array(1...count))])
    }
    try finish(name, isRounded: keepsQuantization())
  }
}
