import CStandardKernels
import PluginSupport
import ZooPlugin

/// The mean or the largest value of each channel. Reads blocked tensors and writes plain ones, which for one position
/// is a list of channels.
struct GlobalPoolOperator: Operator {
  let signature: Signature
  let host: ZooHost
  let code: zs_reduction

  init(_ name: String, host: ZooHost, _ code: zs_reduction) {
    signature = Signature(name, since: 1)
    self.host = host
    self.code = code
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let x = try node.input(0)
    return x.layout == .nchw16c && x.type == .float32 ? LayoutChoice(inputs: [.nchw16c], outputs: [.plain]) : nil
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    let type = x.type
    guard type == .float32 || type == .float64 else { throw unsupported(type) }
    let (batch, channels, positions) = (x[dimension: 0], x[dimension: 1], x.shape[2...].reduce(1, *))
    let isBlocked = x.layout == .nchw16c
    let kernels = host.kernels
    let code = code.code
    let factor = code == ZS_SUM.code ? 1 / Float(positions) : 1
    return ClosureKernel { call in
      guard let x = call.input(0).data, let y = call.output(0).data else { return }
      guard type == .float32 else {
        var divisor = code == ZS_SUM.code ? Double(positions) : 1
        zs_typed_reduce(type.rawValue, code, x, batch * channels, positions, 1, y)
        zs_typed_binary(type.rawValue, ZS_DIV.code, y, 1, &divisor, 0, y, batch * channels)
        return
      }
      let (values, means) = (x.assumingMemoryBound(to: Float.self), y.assumingMemoryBound(to: Float.self))
      let width = isBlocked ? 16 : 1
      let groups = (channels + width - 1) / width
      call.executor.parallelRanges(batch * groups, grain: max(1, 8192 / max(1, positions * width))) { range in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 16) { lanes in
          for index in range {
            let source = values + index * positions * width
            if isBlocked {
              kernels.raw.reduce_rows(code, source, positions, 16, lanes.baseAddress, 16)
            } else {
              lanes[0] = kernels.raw.reduce(code, source, positions)
            }
            let channel = index % groups * width
            let target = means + index / groups * channels + channel
            for lane in 0..<min(width, channels - channel) { target[lane] = lanes[lane] * factor }
          }
        }
      }
    }
  }
}
