/// A window that moves along one axis of a tensor: the only place that tells how many positions it has.
package struct WindowAxis: Sendable, Hashable {
  package enum Padding: Sendable, Hashable {
    /// So many elements before the first one and after the last.
    case explicit(before: Int, after: Int)
    /// As many as give a position for each stride of the axis (`SAME_UPPER`, `SAME_LOWER`).
    case same

    /// `VALID`
    package static let none = Padding.explicit(before: 0, after: 0)
  }

  package enum Rounding: Sendable, Hashable {
    /// Only windows that end within the padded axis.
    case down
    /// Also one that reaches beyond it, unless it begins behind the axis itself.
    case up
  }

  package var kernel: Dim
  package var stride: Int
  package var dilation: Int
  package var padding: Padding
  package var rounding: Rounding

  package init(
    kernel: Dim, stride: Int = 1, dilation: Int = 1, padding: Padding = .none, rounding: Rounding = .down
  ) {
    (self.kernel, self.stride, self.dilation) = (kernel, stride, dilation)
    (self.padding, self.rounding) = (padding, rounding)
  }

  /// The elements from the window's first tap to its last.
  package var span: Dim { (kernel - 1) * Dim(dilation) + 1 }

  /// The positions on an axis of `extent` elements. Where that is a symbol, those of an axis on which the window fits.
  ///
  /// A window that is larger than the padded axis by less than its stride has one position, by less than two strides none,
  /// as ONNX Runtime's pools have it; beyond that the number is negative.
  package func positions(on extent: Dim) -> Dim {
    switch (padding, rounding) {
    case (.same, _): return extent.ceilingDivided(by: Dim(stride))
    case (.explicit(let before, let after), .down):
      let room = extent + Dim(before) + Dim(after) - span
      let isShort = room.number.map { $0 < 0 } ?? false
      return (isShort ? room.ceilingDivided(by: Dim(stride)) : room.floorDivided(by: Dim(stride))) + 1
    case (.explicit(let before, let after), .up):
      // The lesser of two numbers: of windows that begin before the last one's end, and of those that begin on the axis or
      // in the padding before it.
      let beyond = Dim.minimum(Dim(stride) + Dim(after) - span, 0)
      return (extent + Dim(before) + beyond).ceilingDivided(by: Dim(stride))
    }
  }

  /// Whether the window fits into the padded axis; of symbols that is not known, so that it may.
  package func fits(on extent: Dim) -> Bool {
    guard case .explicit(let before, let after) = padding else { return true }
    return (extent + Dim(before) + Dim(after) - span).number.map { $0 >= 0 } ?? true
  }

  /// The window with `same` told in numbers (`SAME_UPPER`'s), if it is that.
  package func padded(on extent: Int) -> WindowAxis {
    guard padding == .same, let reach = reach(of: positions(on: Dim(extent))).number else { return self }
    return padded(by: max(reach - extent, 0))
  }

  /// The window with so much padding in all, of which one element more than the half may be after the last one.
  package func padded(by total: Int) -> WindowAxis {
    var result = self
    result.padding = .explicit(before: total / 2, after: total - total / 2)
    return result
  }

  /// The extent of what windows at so many positions cover, padding left out; with `same`, a stride for each of them.
  package func extent(covering positions: Dim) -> Dim {
    guard case .explicit(let before, let after) = padding else { return positions * Dim(stride) }
    return reach(of: positions) - Dim(before) - Dim(after)
  }

  /// The elements from the first position's first tap to the last position's last.
  package func reach(of positions: Dim) -> Dim {
    let steps = positions - 1
    return (steps.number.map { Dim(max($0, 0)) } ?? steps) * Dim(stride) + span
  }
}
