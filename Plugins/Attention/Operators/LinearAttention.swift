import CVectorKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// ONNX LinearAttention: a matrix of (key, value) for each head is the state, into which each token writes and which it
/// reads (Katharopoulos et al. 2020), with decay and the delta rule (Yang et al. 2024).
struct LinearAttention: Operator {
  let signature = Signature("LinearAttention", since: 27)
  let host: ZooHost

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    for index in 0..<node.ownInputCount {
      if let input = node.optionalInput(index), input.type != .float32 { throw unsupported(input.type) }
    }
    return LinearAttentionKernel(try LinearAttentionGeometry(node), kernels: host.kernels)
  }
}

/// The shapes and attributes of a node, checked.
private struct LinearAttentionGeometry: Sendable {
  var batch, steps, heads, stateHeads, keySize, valueSize: Int
  var scale: Float
  /// Whether the state fades: by one factor a head, or one a row.
  var hasDecay, decaysByRow: Bool
  /// Whether what a key holds already is taken off its value, at one rate for all heads or one a head.
  var isDelta, hasOneRate: Bool

  var stateShape: [Int] { [batch, stateHeads, keySize, valueSize] }

  init(_ node: Node) throws {
    let (query, key, value) = (try node.input(0), try node.input(1), try node.input(2))
    let rule = try node.attributes.string("update_rule") ?? "gated_delta"
    guard ["linear", "gated", "delta", "gated_delta"].contains(rule) else {
      throw OperatorError("the update rule \"\(rule)\" is unknown")
    }
    (hasDecay, isDelta) = (rule.hasPrefix("gated"), rule.hasSuffix("delta"))
    guard let heads = try node.attributes.int("q_num_heads"), heads > 0,
      let stateHeads = try node.attributes.int("kv_num_heads"), stateHeads > 0, heads % stateHeads == 0
    else { throw OperatorError("q_num_heads has to be a multiple of kv_num_heads, which is 1 or more") }
    (self.heads, self.stateHeads) = (heads, stateHeads)
    guard query.rank == 3, key.rank == 3, value.rank == 3, query.shape[2] % heads == 0,
      key.shape[2] % stateHeads == 0, value.shape[2] % stateHeads == 0,
      query.shape[2] / heads == key.shape[2] / stateHeads,
      query.shape.prefix(2) == key.shape.prefix(2), key.shape.prefix(2) == value.shape.prefix(2)
    else {
      throw OperatorError("shapes \(query.shape), \(key.shape) and \(value.shape) don't fit together")
    }
    (batch, steps) = (query.shape[0], query.shape[1])
    (keySize, valueSize) = (query.shape[2] / heads, value.shape[2] / stateHeads)
    let given = try node.attributes.float("scale") ?? 0
    scale = given == 0 ? 1 / Float(keySize).squareRoot() : given
    (decaysByRow, hasOneRate) = (false, false)
    _ = try elementCount([batch, steps, heads.times(valueSize)])
    _ = try elementCount(stateShape)
    if let past = node.optionalInput(3), past.shape != stateShape {
      throw OperatorError("the state has the shape \(past.shape) in place of \(stateShape)")
    }
    if hasDecay {
      let width = try checkedWidth(of: 4, node, "decay", [stateHeads, key.shape[2]])
      decaysByRow = width != stateHeads
    }
    if isDelta {
      hasOneRate = try checkedWidth(of: 5, node, "beta", [stateHeads, 1]) == 1
    }
  }

  private func checkedWidth(of index: Int, _ node: Node, _ name: String, _ widths: [Int]) throws -> Int {
    let input = try node.input(index)
    guard input.rank == 3, input.shape.prefix(2) == [batch, steps], widths.contains(input.shape[2]) else {
      throw OperatorError("\(name) has the shape \(input.shape), its last extent should be one of \(widths)")
    }
    return input.shape[2]
  }
}

private final class LinearAttentionKernel: Kernel {
  private let g: LinearAttentionGeometry
  private let kernels: VectorKernels

  init(_ geometry: LinearAttentionGeometry, kernels: VectorKernels) { (g, self.kernels) = (geometry, kernels) }

  /// Columns of the state are independent, so that one head may be shared out.
  private static let leastColumns = 16

  func run(_ call: Call) throws {
    let size = g.keySize * g.valueSize
    let wanted = call.outputCount > 1 ? call.output(1).data?.assumingMemoryBound(to: Float.self) : nil
    let scratch = wanted == nil ? try call.host.scratch(try elementCount(g.stateShape), of: Float.self) : nil
    defer { withExtendedLifetime(scratch) {} }
    guard let states = wanted ?? scratch?.withPointer({ $0 }) else { return }
    if let past = call.optionalInput(3)?.data {
      states.update(from: past.assumingMemoryBound(to: Float.self), count: g.batch * g.stateHeads * size)
    } else {
      states.update(repeating: 0, count: g.batch * g.stateHeads * size)
    }
    let all = g.batch * g.stateHeads
    let pieces = all >= 2 * call.executor.workerCount ? 1 : max(1, min(4, g.valueSize / Self.leastColumns))
    let room = try g.keySize.times(2).adding(g.valueSize)
    let temporary = try call.host.scratch(try call.executor.workerCount.times(room), of: Float.self)
    temporary.withPointer { temporary in
      call.executor.parallelFor(all * pieces) { task, worker in
        let (head, piece) = (task / pieces, task % pieces)
        let columns = g.valueSize * piece / pieces..<g.valueSize * (piece + 1) / pieces
        attend(call, head, columns, state: states + head * size, temporary + worker * room)
      }
    }
  }

  /// Takes all steps of one head of the state, in some of its columns.
  private func attend(
    _ call: Call, _ index: Int, _ columns: Range<Int>, state: UnsafeMutablePointer<Float>,
    _ temporary: UnsafeMutablePointer<Float>
  ) {
    let (sample, head) = (index / g.stateHeads, index % g.stateHeads)
    let (query, key, value) = (
      call.input(0).pointer(as: Float.self), call.input(1).pointer(as: Float.self),
      call.input(2).pointer(as: Float.self)
    )
    let result = call.output(0).data?.assumingMemoryBound(to: Float.self)
    let group = g.heads / g.stateHeads
    let (factors, faded, written) = (temporary, temporary + g.keySize, temporary + 2 * g.keySize)
    let state = state + columns.lowerBound
    let width = columns.count
    for step in sample * g.steps..<(sample + 1) * g.steps {
      let place = step * g.stateHeads + head
      let keys = key + place * g.keySize
      let values = value + place * g.valueSize + columns.lowerBound
      if g.hasDecay { find(factors, of: call.input(4).pointer(), place) }
      if g.isDelta {
        // What the faded state holds for the key is what the state holds for the faded key.
        var read = keys
        if g.hasDecay {
          kernels.raw.binary(ZS_MUL.code, keys, 1, factors, 1, faded, g.keySize)
          read = faded
        }
        let rates = call.input(5).pointer(as: Float.self)
        let rate = rates[g.hasOneRate ? step : place]
        kernels.raw.weighted_sum(read, state, g.valueSize, g.keySize, width, written)
        kernels.raw.binary(ZS_SUB.code, values, 1, written, 1, written, width)
        kernels.raw.affine(written, written, width, rate, 0)
      }
      kernels.raw.add_outer(
        g.hasDecay ? factors : nil, keys, g.isDelta ? written : values, state, g.valueSize, g.keySize, width)
      guard let result else { continue }
      for member in head * group..<(head + 1) * group {
        let y = result + (step * g.heads + member) * g.valueSize + columns.lowerBound
        kernels.raw.weighted_sum(
          query + (step * g.heads + member) * g.keySize, state, g.valueSize, g.keySize, width, y)
        kernels.raw.affine(y, y, width, g.scale, 0)
      }
    }
  }

  /// e^decay, for each row of the state.
  private func find(_ factors: UnsafeMutablePointer<Float>, of decay: UnsafeMutablePointer<Float>, _ place: Int) {
    let count = g.decaysByRow ? g.keySize : 1
    guard g.keySize > 0 else { return }
    kernels.raw.unary(ZS_EXP.code, decay + place * count, factors, count, 0, 0)
    if !g.decaysByRow { factors.update(repeating: factors[0], count: g.keySize) }
  }
}
