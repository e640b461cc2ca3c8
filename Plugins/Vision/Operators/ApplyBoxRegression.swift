import PluginSupport
import ZooPlugin

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// zoo.vision ApplyBoxRegression: boxes moved by class-wise offsets (Girshick et al. 2014, appendix C).
///
/// Inputs: `boxes`, N×4 (left, top, right, bottom); `offsets`, N×C·4 or N×C×4 (dx, dy, dw, dh for each class); `picture`,
/// optional, …×H×W, of which only the shape matters: boxes are clipped to it. Output: N×C×4 boxes. The centre moves by
/// (dx, dy) times the box's width and height, which are multiplied by exp(dw) and exp(dh); sizes are right - left and
/// bottom - top, without the extra pixel of some programs.
///
/// Attribute `max_log_scale`: dw and dh are at most this (10), so that no box becomes infinite.
struct ApplyBoxRegression: Operator {
  let signature = Signature("ApplyBoxRegression", domain: visionDomain, since: 1)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let most = try node.finite("max_log_scale", 10, in: 0...80)
    return ClosureKernel { call in
      let picture = call.optionalInput(2)
      let limits = picture.map { [$0[dimension: $0.rank - 1], $0[dimension: $0.rank - 2]].map(Float.init) }
      let boxes = call.input(0).pointer(as: Float.self)
      let offsets = call.input(1).pointer(as: Float.self)
      let output = call.output(0)
      guard let moved = output.data?.assumingMemoryBound(to: Float.self) else { return }
      let classes = output[dimension: 1]
      for index in 0..<output.count / 4 {
        let box = boxes + index / max(classes, 1) * 4
        for axis in 0..<2 {
          let size = box[axis + 2] - box[axis]
          let center = (box[axis] + box[axis + 2]) / 2 + offsets[4 * index + axis] * size
          let half = size * expf(min(offsets[4 * index + axis + 2], most)) / 2
          var (low, high) = (center - half, center + half)
          if let limit = limits?[axis] { (low, high) = (min(max(low, 0), limit), min(max(high, 0), limit)) }
          moved[4 * index + axis] = low
          moved[4 * index + axis + 2] = high
        }
      }
    }
  }
}
