/// What windows may have, so that no position overflows.
enum WindowLimits {
  static let extents = 0...Int(Int32.max)
  /// Of kernels, strides and dilations.
  static let steps = 1...Int(Int32.max)
  /// Padding beyond any use would only make huge outputs from small files.
  static let pads = 0...1 << 16
}

extension Inference {
  /// An attribute of `count` integers, each within `range`; all `standard` without it.
  func ints(_ name: String, count: Int, default standard: Int, in range: ClosedRange<Int>) throws -> [Int] {
    guard let values = try ints(name) else { return Array(repeating: standard, count: count) }
    try require(values.count == count, "\(name) has \(values.count) values in place of \(count)")
    for value in values where !range.contains(value) {
      throw invalid("\(name) holds \(value), which is not in \(range.lowerBound)...\(range.upperBound)")
    }
    return values
  }

  /// The windows that the attributes of Conv and the pools describe, one for each spatial axis.
  ///
  /// - Parameter weights: The kernel's extents where they are those of weights, else attribute `kernel_shape` has them.
  func windows(axes: Int, kernel weights: [Dim]?) throws -> [WindowAxis] {
    let kernel = try kernel(axes: axes, weights)
    let strides = try ints("strides", count: axes, default: 1, in: WindowLimits.steps)
    let dilations = try ints("dilations", count: axes, default: 1, in: WindowLimits.steps)
    let pads = try ints("pads", count: 2 * axes, default: 0, in: WindowLimits.pads)
    let padding = try paddings(pads)
    return (0..<axes).map { axis in
      WindowAxis(kernel: kernel[axis], stride: strides[axis], dilation: dilations[axis], padding: padding[axis])
    }
  }

  private func kernel(axes: Int, _ weights: [Dim]?) throws -> [Dim] {
    if let weights {
      for extent in weights {
        try require(
          extent.number.map { WindowLimits.steps ~= $0 } ?? true, "the kernel's extents \(weights) are out of range")
      }
    }
    guard let given = try ints("kernel_shape") else {
      guard let weights else { throw invalid("kernel_shape is missing") }
      return weights
    }
    _ = try ints("kernel_shape", count: axes, default: 1, in: WindowLimits.steps)
    for (extent, weight) in zip(given, weights ?? []) {
      try require(
        weight.equals(Dim(extent)) != false, "kernel_shape is \(given), but the weights have \(weights ?? [])")
    }
    return given.map { Dim($0) }
  }

  /// How each axis is padded by attributes `auto_pad` and `pads`.
  private func paddings(_ pads: [Int]) throws -> [WindowAxis.Padding] {
    let axes = pads.count / 2
    switch try text("auto_pad") ?? "NOTSET" {
    case "NOTSET", "": return (0..<axes).map { .explicit(before: pads[$0], after: pads[axes + $0]) }
    case "VALID": return Array(repeating: .none, count: axes)
    case "SAME_UPPER", "SAME_LOWER": return Array(repeating: .same, count: axes)
    case let other: throw invalid("auto_pad is \"\(other)\", which ONNX does not know")
    }
  }

  /// The positions of `windows` on axes of `extents`.
  ///
  /// - Parameter mayExceed: Whether a window may be larger than its padded axis, by less than two strides.
  func positions(_ windows: [WindowAxis], on extents: [Dim], mayExceed: Bool = false) throws -> [Dim] {
    for extent in extents {
      try require(
        extent.number.map { WindowLimits.extents ~= $0 } ?? true, "the input's extents \(extents) are out of range")
    }
    return try windows.indices.map { axis in
      let (window, extent) = (windows[axis], extents[axis])
      let positions = window.positions(on: extent)
      try require(
        mayExceed ? positions.number.map { $0 >= 0 } ?? true : window.fits(on: extent),
        "a kernel that spans \(window.span) does not fit into spatial axis \(axis) of \(extent) and its padding")
      return positions
    }
  }
}
