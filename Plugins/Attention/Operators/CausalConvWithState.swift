import CVectorKernels
import PluginSupport
import ZooPlugin

/// ONNX CausalConvWithState: each channel convolved with its own weights over what came before, which a state carries on
/// from call to call.
struct CausalConvWithState: Operator {
  let signature = Signature("CausalConvWithState", since: 27)
  let host: ZooHost

  private struct Geometry: Sendable {
    var batch, channels, length, kernel: Int
    /// Values of one channel that are carried on.
    var carried: Int { kernel - 1 }
  }

  private func geometry(_ node: Node) throws -> Geometry {
    let (x, weights) = (try node.input(0), try node.input(1))
    guard x.rank == 3, weights.rank == 3, weights.shape[0] == x.shape[1], weights.shape[1] == 1, weights.shape[2] > 0
    else { throw OperatorError("weights of shape \(weights.shape) don't fit an input of shape \(x.shape)") }
    let g = Geometry(batch: x.shape[0], channels: x.shape[1], length: x.shape[2], kernel: weights.shape[2])
    for (index, shape) in [(1, weights.shape), (2, [g.channels]), (3, [g.batch, g.channels, g.carried])] {
      guard let input = node.optionalInput(index) else { continue }
      guard input.shape == shape, input.type == x.type else {
        throw OperatorError("input \(index) is \(input.type.name) of shape \(input.shape) in place of \(shape)")
      }
    }
    return g
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let g = try geometry(node)
    guard try node.input(0).type == .float32 else { throw unsupported(try node.input(0).type) }
    let activation = try node.attributes.string("activation") ?? "none"
    guard ["none", "silu", "swish"].contains(activation) else {
      throw OperatorError("activation is \"\(activation)\", not none, silu or swish")
    }
    let kernels = host.kernels
    return ClosureKernel { call in
      let (x, weights) = (call.input(0).pointer(as: Float.self), call.input(1).pointer(as: Float.self))
      let bias = call.optionalInput(2)?.pointer(as: Float.self)
      let past = call.optionalInput(3)?.pointer(as: Float.self)
      let result = call.output(0).data?.assumingMemoryBound(to: Float.self)
      let state = call.outputCount > 1 ? call.output(1).data?.assumingMemoryBound(to: Float.self) : nil
      // What one channel sees, a worker's at a time.
      let seen = g.carried.saturatingPlus(g.length)
      let scratch = try call.host.scratch(call.executor.workerCount.saturatingTimes(seen), of: Float.self)
      let rows = g.batch * g.channels
      let tasks = min(rows, max(1, rows.saturatingTimes(seen.saturatingTimes(g.kernel)) / 16384))
      scratch.withPointer { scratch in
        call.executor.parallelFor(tasks) { task, worker in
          let window = scratch + worker * seen
          for row in rows * task / tasks..<rows * (task + 1) / tasks {
            let channel = row % g.channels
            if let past {
              window.update(from: past + row * g.carried, count: g.carried)
            } else {
              window.update(repeating: 0, count: g.carried)
            }
            (window + g.carried).update(from: x + row * g.length, count: g.length)
            (state.map { $0 + row * g.carried })?.update(from: window + g.length, count: g.carried)
            guard let y = result.map({ $0 + row * g.length }), g.length > 0 else { continue }
            kernels.raw.weighted_sum(weights + channel * g.kernel, window, 1, g.kernel, g.length, y)
            if let bias { kernels.raw.affine(y, y, g.length, 1, bias[channel]) }
            if activation != "none" { kernels.raw.unary(ZS_SWISH.code, y, y, g.length, 1, 0) }
          }
        }
      }
    }
  }
}
