import PluginSupport
import ZooPlugin

/// ONNX RotaryEmbedding: pairs of numbers turned by angles that depend on the position (Su et al. 2021).
struct RotaryEmbedding: Operator {
  let signature = Signature("RotaryEmbedding", since: 23)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let g = try RotaryGeometry(node)
    return ClosureKernel(inPlace: [0]) { call in
      guard let x = call.input(0).data?.assumingMemoryBound(to: Float.self),
        let y = call.output(0).data?.assumingMemoryBound(to: Float.self)
      else { return }
      let (cosines, sines) = (call.input(1).pointer(as: Float.self), call.input(2).pointer(as: Float.self))
      let positions = call.optionalInput(3)?.pointer(as: Int64.self)
      if let positions { try g.check(positions) }
      call.executor.parallelRanges(g.rows, grain: max(1, 8192 / max(g.size, 1))) { rows in
        for row in rows {
          let token = g.token(of: row)
          let angles = (positions.map { Int($0[token]) } ?? token) * g.pairs
          g.turn(x + row * g.size, to: y + row * g.size, cosines + angles, sines + angles)
        }
      }
    }
  }
}

/// The shapes and attributes of a node, checked.
private struct RotaryGeometry: Sendable {
  private let batch, steps, heads: Int
  /// Whether the tensor is (batch, length, heads · size), not (batch, heads, length, size).
  private let isFlat: Bool
  private let isInterleaved: Bool
  /// Rows of the table of angles, where positions choose among them.
  private let tableLength: Int
  /// Numbers of a head, and pairs of them that are turned.
  let size, pairs: Int

  var rows: Int { batch * steps * heads }

  init(_ node: Node) throws {
    let x = try node.input(0)
    guard x.type == .float32 else { throw unsupported(x.type) }
    isFlat = x.rank == 3
    isInterleaved = try node.attributes.int("interleaved") ?? 0 != 0
    if isFlat {
      guard let count = try node.attributes.int("num_heads"), count > 0, x.shape[2] % count == 0 else {
        throw OperatorError("num_heads has to divide the last extent of \(x.shape)")
      }
      (batch, steps, heads, size) = (x.shape[0], x.shape[1], count, x.shape[2] / count)
    } else {
      guard x.rank == 4 else { throw OperatorError("a tensor of shape \(x.shape) is not of rank 3 or 4") }
      (batch, heads, steps, size) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    }
    let given = try node.attributes.int("rotary_embedding_dim") ?? 0
    let turned = given == 0 ? size : given
    guard turned >= 0, turned <= size, turned % 2 == 0 else {
      throw OperatorError("\(turned) of a head's \(size) numbers can't be turned in pairs")
    }
    pairs = turned / 2
    let table = try node.input(1)
    var shape = [batch, steps, pairs]
    if let positions = node.optionalInput(3) {
      guard positions.type == .int64, positions.shape == [batch, steps] else {
        throw OperatorError("position_ids has to be int64 of shape \([batch, steps]), not \(positions.shape)")
      }
      shape = [table.shape.first ?? 0, pairs]
    }
    tableLength = shape[0]
    for index in 1...2 {
      let input = try node.input(index)
      guard input.shape == shape, input.type == .float32 else {
        throw OperatorError("input \(index) is \(input.type.name) of shape \(input.shape) in place of \(shape)")
      }
    }
  }

  func check(_ positions: UnsafePointer<Int64>) throws {
    for index in 0..<batch * steps where positions[index] < 0 || positions[index] >= tableLength {
      throw OperatorError("position \(positions[index]) is outside the table of \(tableLength)")
    }
  }

  /// The number of a row's token among those of all samples.
  func token(of row: Int) -> Int {
    isFlat ? row / heads : row / (heads * steps) * steps + row % steps
  }

  /// Turns one head of one token; y may be x.
  func turn(
    _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, _ cosines: UnsafePointer<Float>,
    _ sines: UnsafePointer<Float>
  ) {
    let (step, offset) = isInterleaved ? (2, 1) : (1, pairs)
    for pair in 0..<pairs {
      let (a, b) = (x[pair * step], x[pair * step + offset])
      y[pair * step] = cosines[pair] * a - sines[pair] * b
      y[pair * step + offset] = sines[pair] * a + cosines[pair] * b
    }
    if x != UnsafePointer(y) { (y + 2 * pairs).update(from: x + 2 * pairs, count: size - 2 * pairs) }
  }
}
