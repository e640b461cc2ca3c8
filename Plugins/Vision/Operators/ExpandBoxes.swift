import PluginSupport
import ZooPlugin

/// zoo.vision ExpandBoxes: N×4 boxes (left, top, right, bottom), each grown about its centre.
///
/// Attributes: `scale`, what both sides are multiplied by (1), and `padding`, what is then added on every side, in pixels
/// (0). A region that a network sees at S pixels with P pixels of context on every side (Girshick et al. 2014, appendix
/// A) grows by S / (S - 2 P). Boxes may reach beyond the picture afterwards.
struct ExpandBoxes: Operator {
  let signature = Signature("ExpandBoxes", domain: visionDomain, since: 1)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let scale = try node.finite("scale", 1, in: 0...1e6)
    let padding = try node.finite("padding", 0, in: -1e6...1e6)
    return ClosureKernel { call in
      let boxes = call.input(0).pointer(as: Float.self)
      guard let output = call.output(0).data?.assumingMemoryBound(to: Float.self) else { return }
      for index in 0..<call.input(0).count / 4 {
        for axis in 0..<2 {
          let (low, high) = (boxes[4 * index + axis], boxes[4 * index + axis + 2])
          let (center, half) = ((low + high) / 2, (high - low) / 2 * scale + padding)
          output[4 * index + axis] = center - half
          output[4 * index + axis + 2] = center + half
        }
      }
    }
  }
}
