import GraphWriter
import ZooCore

extension LiteConverter {
  static let products: [String: Rule] = [
    "FULLY_CONNECTED": { try $0.fullyConnected() },
    "BATCH_MATMUL": { try $0.batchMatMul() },
  ]

  /// Rows of the last axis times the weights' rows.
  private mutating func fullyConnected() throws {
    let (input, weight) = (try needInput(0), try needInput(1))
    guard weight.shape.count == 2, weight.shape[1] > 0 else {
      throw ZooError(.badData, "the weights have the shape \(weight.shape)")
    }
    guard try choice(1) == 0 else { throw ZooError(.unsupported, "the weights are in an order for one processor") }
    let keepsAxes = try flag(2) && input.shape.count != 2
    var row = try rows(0)
    if keepsAxes {
      guard input.shape.last == weight.shape[1] else { throw ZooError(.badData, "the weights do not fit the input") }
      let matrix = try weights(1, [1, 0])
      row = try multiplied(row, rank: input.shape.count, extent: weight.shape[1], isAsymmetric: flag(3))
      var product = step("MatMul", [row, matrix])
      if self.input(2) != nil { product = step("Add", [product, try plain(input: 2)]) }
      return try finish(activate(product, choice(0)))
    }
    if input.shape.count != 2 || input.shape[1] != weight.shape[1] {
      row = step("Reshape", [row, try list([-1, weight.shape[1]])])
    }
    row = try multiplied(row, rank: 2, extent: weight.shape[1], isAsymmetric: flag(3))
    var inputs = [row, try plain(input: 1)]
    if self.input(2) != nil { inputs.append(try plain(input: 2)) }
    try finish(activate(step("Gemm", inputs, [.int("transB", 1)]), choice(0)))
  }

  /// An input whose elements are wanted in their order only: with one pixel, that of both orders of axes.
  mutating func rows(_ position: Int) throws -> String {
    let tensor = try needInput(position)
    let isOnePixel =
      tensor.shape.count == 4 && tensor.shape[1] == 1 && tensor.shape[2] == 1
      && tensor.openAxes.isDisjoint(with: [1, 2])
    return try isOnePixel && isChannelsFirst(position) ? channelsFirst(input: position) : plain(input: position)
  }

  private mutating func batchMatMul() throws {
    var operands = try (0..<2).map { position -> String in
      let (name, rank) = (try plain(input: position), try needInput(position).shape.count)
      guard rank >= 2 else { throw ZooError(.badData, "an operand of \(rank) axes is no matrix") }
      guard try flag(position) else { return name }
      return step("Transpose", [name], [.ints("perm", Array(0..<rank - 2) + [rank - 1, rank - 2])])
    }
    let (input, weight) = (try needInput(0).shape, try needInput(1).shape)
    let extent = try flag(1) ? weight[weight.count - 1] : weight[weight.count - 2]
    operands[0] = try multiplied(operands[0], rank: input.count, extent: extent, isAsymmetric: flag(2))
    try finish(step("MatMul", operands))
  }
}
