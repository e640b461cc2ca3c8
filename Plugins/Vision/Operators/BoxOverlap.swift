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

  /// Whether intersection over union is above `limit`; never for boxes that have no common area.
  func overlaps(_ other: Box, beyond limit: Float) -> Bool {
    let width = min(right, other.right) - max(left, other.left)
    let height = min(bottom, other.bottom) - max(top, other.top)
    guard width > 0, height > 0 else { return false }
    let common = width * height
    let union = area + other.area - common
    return union > 0 && common / union > limit
  }
}

/// Greedy non-maximum suppression: adds to `kept`, of the numbered boxes, best first, those that no better one overlaps
/// beyond `limit`, `most` at most.
func suppress(
  _ order: UnsafeMutableBufferPointer<Int>, keeping most: Int, limit: Float, to kept: inout ScratchList<Int>,
  box: (Int) -> Box
) throws {
  let first = kept.count
  for number in order {
    guard kept.count - first < most else { break }
    let candidate = box(number)
    if !(first..<kept.count).contains(where: { box(kept[$0]).overlaps(candidate, beyond: limit) }) {
      try kept.append(number)
    }
  }
}
