import GraphWriter
import ZooCore
import ZooOperators

extension NetworkBuilder {
  /// Caffe's pooling rounds the number of windows up, and an average counts the padding that the prototxt asks for, but
  /// not what a window has beyond it (pooling_layer.cpp).
  ///
  /// ONNX says the same without `ceil_mode`, about whose details runtimes disagree: the padding at the end is what the
  /// last window needs. Where that is more than the prototxt's, the prototxt's padding becomes a Pad, which is counted,
  /// and the rest the pooling's own, which is not.
  mutating func pooling() throws {
    let bottom = try bottom()
    guard bottom.shape.count == 4 else { throw ZooError(.badData, "it can't take a blob of shape \(bottom.shape)") }
    let parameter = try layer.message.message("pooling_param")
    let isAverage: Bool
    switch try parameter.symbol("pool") ?? "MAX" {
    case "MAX", "0": isAverage = false
    case "AVE", "1": isAverage = true
    case let other: throw ZooError(.unsupported, "pooling of the kind \(other) is not known")
    }
    guard layer.tops.count == 1 else { throw ZooError(.unsupported, "the places of greatest elements as a second top") }
    let isGlobal = try parameter.bool("global_pooling") ?? false
    var window = try SpatialWindow(parameter, axes: 2, needsKernel: !isGlobal)
    if isGlobal {
      guard window.pad == [0, 0], window.stride == [1, 1] else {
        throw ZooError(.badData, "global pooling has neither padding nor a stride")
      }
      return try finish(
        isAverage ? "GlobalAveragePool" : "GlobalMaxPool", [bottom.name],
        shape: Array(bottom.shape[..<2]) + [1, 1])
    }
    if try !["FLOOR", "1"].contains(parameter.symbol("round_mode") ?? "CEIL") { window.rounding = .up }
    let outputs = try outputs(window, bottom.shape[2...])
    let shape = Array(bottom.shape[..<2]) + outputs
    // As far as the last window goes behind the end of the input.
    window.padEnd = (0..<2).map { axis in
      max(0, window.axes[axis].end(of: outputs[axis]) - bottom.shape[2 + axis] - window.pad[axis])
    }
    guard isAverage else { return try finish("MaxPool", [bottom.name], window.axes.attributes, shape: shape) }
    let isInside = (0..<2).allSatisfy { window.padEnd[$0] <= window.pad[$0] }
    if isInside {
      return try finish(
        "AveragePool", [bottom.name], window.axes.attributes + [.int("count_include_pad", 1)], shape: shape)
    }
    var input = bottom.name
    if window.pad != [0, 0] {
      let pads = try constant([0, 0] + window.pad + [0, 0] + window.pad, "pads")
      input = step("Pad", [input, pads])
    }
    window.padEnd = (0..<2).map { max(0, window.padEnd[$0] - window.pad[$0]) }
    window.pad = [0, 0]
    try finish("AveragePool", [input], window.axes.attributes, shape: shape)
  }

  /// The extents of what comes out. A last window that would begin behind the input is left out, but only where there is
  /// padding.
  private func outputs(_ window: SpatialWindow, _ extents: ArraySlice<Int>) throws -> [Int] {
    guard zip(window.pad, window.kernel).allSatisfy({ $0 < $1 }) else {
      throw ZooError(.badData, "the padding \(window.pad) is as large as the kernel")
    }
    return try zip(window.axes, extents).map { axis, extent in
      let count = try axis.count(on: extent)
      guard window.rounding == .down || window.pad != [0, 0] || axis.end(of: count) >= extent else {
        throw ZooError(.badData, "the last window of its pooling lies outside of the input")
      }
      return count
    }
  }
}
