import CVisionKernels
import PluginSupport
import ZooPlugin

/// A box between two corners, in whichever order they come.
struct Box {
  var left, top, right, bottom: Float

  init(_ a: (x: Float, y: Float), _ b: (x: Float, y: Float)) {
    (left, right) = (min(a.x, b.x), max(a.x, b.x))
    (top, bottom) = (min(a.y, b.y), max(a.y, b.y))
  }

  /// From left, top, right, bottom.
  init(_ corners: UnsafeMutablePointer<Float>) { self.init((corners[0], corners[1]), (corners[2], corners[3])) }

  var area: Float { (right - left) * (bottom - top) }
}

/// Greedy non-maximum suppression: adds to `kept`, of the numbered boxes, best first, those that no better one overlaps
/// beyond `limit`, `most` at most. Boxes that have no common area overlap beyond nothing.
func suppress(
  _ order: UnsafeMutableBufferPointer<Int>, keeping most: Int, limit: Float, to kept: inout ScratchList<Int>,
  host: ZooHost, kernels: VisionKernels, box: (Int) -> Box
) throws {
  let capacity = min(most, order.count)
  guard capacity > 0 else { return }
  let stride = (capacity + 15) / 16 * 16
  let planes = try host.scratch(4 * stride, of: Float.self)
  try planes.withPointer { planes in
    planes.update(repeating: 0, count: 4 * stride)
    var count = 0
    for number in order {
      guard count < capacity else { break }
      let box = box(number)
      guard kernels.raw.pointee.overlaps(planes, stride, count, box.left, box.top, box.right, box.bottom, limit) == 0
      else { continue }
      for (plane, edge) in [box.left, box.top, box.right, box.bottom].enumerated() {
        planes[plane * stride + count] = edge
      }
      try kept.append(number)
      count += 1
    }
  }
}
