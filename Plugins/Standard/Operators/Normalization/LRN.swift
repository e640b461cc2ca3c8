import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX LRN: local response normalisation across channels (Krizhevsky et al. 2012, section 3.3).
  static func lrn(_ host: ZooHost) -> any Operator { LRN(host: host) }
}

private struct LRN: Operator {
  let signature = Signature("LRN", since: 1)
  let host: ZooHost

  func layouts(for node: Node) throws -> LayoutChoice? {
    let x = try node.input(0)
    guard x.layout == .nchw16c, x.type == .float32 else { return nil }
    return LayoutChoice(inputs: [.nchw16c], outputs: [.nchw16c])
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    guard x.type == .float32 else { throw unsupported(x.type) }
    return LRNKernel(
      shape: x.shape, isBlocked: x.layout == .nchw16c, size: try node.attributes.int("size") ?? 1,
      alpha: try node.attributes.float("alpha") ?? 1e-4, beta: try node.attributes.float("beta") ?? 0.75,
      bias: try node.attributes.float("bias") ?? 1, workers: executor.workerCount, kernels: host.kernels)
  }
}

private final class LRNKernel: Kernel {
  let batch, channels, positions, size, workers: Int
  let isBlocked: Bool
  let alpha, beta, bias: Float
  let kernels: VectorKernels

  var outputLayouts: [Layout]? { [isBlocked ? .nchw16c : .plain] }

  init(
    shape: [Int], isBlocked: Bool, size: Int, alpha: Float, beta: Float, bias: Float, workers: Int,
    kernels: VectorKernels
  ) {
    (batch, channels, positions) = (shape[0], shape[1], shape[2...].reduce(1, *))
    (self.isBlocked, self.size, self.workers) = (isBlocked, size, workers)
    (self.alpha, self.beta, self.bias) = (alpha, beta, bias)
    self.kernels = kernels
  }

  /// By worker; every part clears what it uses.
  private var scratchCount: Int { (channels + 15) / 16 * 16 + size + 16 }
  /// Images are cut where there are few of them.
  private var pieces: Int { batch >= workers * 4 ? 1 : max(1, min(positions / 16, workers * 4)) }
  var workspaceByteCount: Int { isBlocked ? workers * scratchCount * 4 : 0 }

  func run(_ call: Call) throws {
    guard let x = call.input(0).data?.assumingMemoryBound(to: Float.self),
      let y = call.output(0).data?.assumingMemoryBound(to: Float.self), channels > 0
    else { return }
    let kernels = kernels.raw
    let scratch = call.workspace?.assumingMemoryBound(to: Float.self)
    let imageCount = (isBlocked ? (channels + 15) / 16 * 16 : channels) * positions
    // Several small parts are one task.
    let parts = batch * pieces
    let tasks = min(parts, workers * 8)
    call.executor.parallelFor(tasks) { task, worker in
      for part in parts * task / tasks..<parts * (task + 1) / tasks {
        let (image, piece) = (part / pieces, part % pieces)
        let (x, y) = (x + image * imageCount, y + image * imageCount)
        // Whole vectors but for the last piece.
        let first = positions * piece / pieces / 16 * 16
        let end = piece + 1 == pieces ? positions : positions * (piece + 1) / pieces / 16 * 16
        if isBlocked {
          kernels.lrn_blocked(
            x + first * 16, y + first * 16, channels, positions * 16, end - first, size, alpha, beta, bias,
            scratch.map { $0 + worker * scratchCount })
        } else {
          kernels.lrn(x + first, y + first, channels, positions, end - first, size, alpha, beta, bias)
        }
      }
    }
  }
}
