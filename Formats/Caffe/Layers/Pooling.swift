import GraphWriter
import ZooCore

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
    let window = try SpatialWindow(parameter, axes: 2, needsKernel: !isGlobal)
    if isGlobal {
      guard window.pad == [0, 0], window.stride == [1, 1] else {
        throw ZooError(.badData, "global pooling has neither padding nor a stride")
      }
      return try finish(
        isAverage ? "GlobalAveragePool" : "GlobalMaxPool", [bottom.name],
        shape: Array(bottom.shape[..<2]) + [1, 1])
    }
    let roundsDown = try ["FLOOR", "1"].contains(parameter.symbol("round_mode") ?? "CEIL")
    let outputs = try windows(window, bottom.shape, roundsDown: roundsDown)
    let shape = Array(bottom.shape[..<2]) + outputs
    // Where the last window ends, behind the end of the input.
    let reach = (0..<2).map { axis -> Int in
      let end = (outputs[axis] - 1) * window.stride[axis] + window.kernel[axis]
      return max(0, end - bottom.shape[2 + axis] - window.pad[axis])
    }
    guard isAverage else {
      return try finish("MaxPool", [bottom.name], window.attributes(padEnd: reach), shape: shape)
    }
    let isInside = (0..<2).allSatisfy { reach[$0] <= window.pad[$0] }
    if isInside {
      let attributes = window.attributes(padEnd: reach)
      return try finish(
        "AveragePool", [bottom.name], attributes + [.int("count_include_pad", 1)], shape: shape)
    }
    var (input, inner) = (bottom.name, window)
    if window.pad != [0, 0] {
      let pads = try constant([0, 0] + window.pad + [0, 0] + window.pad, "pads")
      input = step("Pad", [input, pads])
      inner.pad = [0, 0]
    }
    let excess = (0..<2).map { max(0, reach[$0] - window.pad[$0]) }
    try finish("AveragePool", [input], inner.attributes(padEnd: excess), shape: shape)
  }

  private func windows(_ window: SpatialWindow, _ shape: [Int], roundsDown: Bool) throws -> [Int] {
    let isPadded = window.pad != [0, 0]
    return try (0..<2).map { axis in
      let (extent, kernel, stride, pad) = (shape[2 + axis], window.kernel[axis], window.stride[axis], window.pad[axis])
      guard pad < kernel else { throw ZooError(.badData, "the padding \(pad) is as large as the kernel") }
      guard extent + 2 * pad >= kernel else {
        throw ZooError(.badData, "the kernel of \(kernel) is larger than the input of \(extent)")
      }
      var count = (extent + 2 * pad - kernel + (roundsDown ? 0 : stride - 1)) / stride + 1
      // A last window that would begin behind the input is left out, but only where there is padding.
      if isPadded, (count - 1) * stride >= extent + pad { count -= 1 }
      guard (count - 1) * stride < extent + pad else {
        throw ZooError(.badData, "the last window of its pooling lies outside of the input")
      }
      return count
    }
  }
}
