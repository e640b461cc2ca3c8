package import ZooCore
package import ZooOperators

extension WindowAxis {
  /// The number of its positions on an axis where it has to fit.
  package func count(on extent: Int) throws -> Int {
    guard fits(on: Dim(extent)), let count = positions(on: Dim(extent)).number else {
      throw ZooError(.badData, "a window that spans \(span) does not fit into an extent of \(extent)")
    }
    return count
  }

  /// Where the window of the last of so many positions ends, counted from where the first one's begins.
  package func end(of positions: Int) -> Int { reach(of: Dim(positions)).number ?? 0 }
}

extension [WindowAxis] {
  /// What Conv and the pools call these windows, whose extents are numbers; with `same` for one axis, it is for all.
  package var attributes: [Attribute] {
    var attributes: [Attribute] = [
      .ints("kernel_shape", compactMap(\.kernel.number)), .ints("strides", map(\.stride)),
    ]
    if contains(where: { $0.dilation != 1 }) { attributes.append(.ints("dilations", map(\.dilation))) }
    var pads: (before: [Int], after: [Int]) = ([], [])
    for window in self {
      guard case .explicit(let before, let after) = window.padding else {
        return attributes + [.text("auto_pad", "SAME_UPPER")]
      }
      pads = (pads.before + [before], pads.after + [after])
    }
    return attributes + [.ints("pads", pads.before + pads.after)]
  }
}
