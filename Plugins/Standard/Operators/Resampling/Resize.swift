import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Resize: nearest, linear and cubic along any axes.
  static func resize(_ host: ZooHost) -> any Operator {
    ResizeOperator(signature: Signature("Resize", since: 10)) { node in
      if node.opset < 11 {
        let settings = try ResizeSettings(upsample: node)
        return (settings, { try axes($0, settings, scales: $0.optional(1), sizes: nil, region: nil) })
      }
      let settings = try ResizeSettings(node)
      return (
        settings,
        { inputs in
          // An empty tensor stands for one that is left out.
          func given(_ index: Int) -> TensorView? { inputs.optional(index).flatMap { $0.count == 0 ? nil : $0 } }
          return try axes(inputs, settings, scales: given(2), sizes: given(3), region: given(1))
        }
      )
    }
  }

  /// ONNX Upsample, which Resize has replaced.
  static func upsample(_ host: ZooHost) -> any Operator {
    ResizeOperator(signature: Signature("Upsample", since: 7)) { node in
      let settings = try ResizeSettings(upsample: node)
      let fixed = node.opset < 9 ? try node.attributes.floats("scales") : nil
      if node.opset < 9, fixed == nil { throw OperatorError("attribute scales is missing") }
      return (
        settings,
        { inputs in
          if let fixed { return try scaled(try inputs[0].shape, Array((0..<(try inputs[0].rank))), fixed, region: nil) }
          return try axes(inputs, settings, scales: inputs.optional(1), sizes: nil, region: nil)
        }
      )
    }
  }
}

/// `nil` while scales, sizes or the region are unknown.
private func axes(
  _ inputs: Inputs, _ settings: ResizeSettings, scales: TensorView?, sizes: TensorView?, region: TensorView?
) throws -> [AxisResizing]? {
  let shape = try inputs[0].shape
  let axes = try normalized(axes: settings.axes ?? Array(shape.indices), rank: shape.count)
  guard (scales == nil) != (sizes == nil) else { throw OperatorError("either scales or sizes should be given") }
  var parts: [Double]?
  if settings.coordinates == .cropAndResize {
    guard let region else { throw OperatorError("tf_crop_and_resize takes a region (roi)") }
    guard region.isConstant else { return nil }
    let values = try region.doubles()
    guard values.count == 2 * axes.count else {
      throw OperatorError("the region (roi) has \(values.count) values for \(axes.count) axes")
    }
    parts = Array(values)
  }
  if let scales {
    guard scales.type == .float32 else { throw unsupported(scales.type) }
    guard scales.isConstant else { return nil }
    guard scales.count == axes.count else { throw OperatorError("\(scales.count) scales for \(axes.count) axes") }
    return try scaled(shape, axes, Array(try scales.floats()), region: parts)
  }
  guard let sizes, let wanted = try sizes.constantInts() else { return nil }
  guard wanted.count == axes.count else { throw OperatorError("\(wanted.count) sizes for \(axes.count) axes") }
  for size in wanted where size < 0 || size > 1 << 40 { throw OperatorError("a size is \(size)") }
  var result = shape.map { AxisResizing(length: $0, resized: $0, scale: 1) }
  var common: Double?
  if settings.aspectRatio != .stretch {
    for (size, axis) in zip(wanted, axes) where shape[axis] > 0 {
      let scale = Double(size) / Double(shape[axis])
      common = common.map { settings.aspectRatio == .notLarger ? min($0, scale) : max($0, scale) } ?? scale
    }
  }
  for (index, axis) in axes.enumerated() {
    let length = shape[axis]
    let scaled = common.map { ($0 * Double(length) + 0.5).rounded(.down) }
    if let scaled, !(scaled < 0x1p40) {
      throw OperatorError("an axis of \(length) times \(scaled / Double(length)) is too long")
    }
    let size = scaled.map { Int($0) } ?? wanted[index]
    guard length > 0 || size == 0 else { throw OperatorError("an axis of length 0 can't become \(size) long") }
    result[axis].resized = size
    result[axis].scale = common ?? (length == 0 ? 1 : Double(size) / Double(length))
    result[axis].isExact = common == nil
    if let parts { (result[axis].start, result[axis].end) = (parts[index], parts[index + axes.count]) }
  }
  _ = try elementCount(result.map(\.resized))
  return result
}

private func scaled(_ shape: [Int], _ axes: [Int], _ scales: [Float], region: [Double]?) throws -> [AxisResizing] {
  guard scales.count == axes.count else { throw OperatorError("\(scales.count) scales for \(axes.count) axes") }
  var result = shape.map { AxisResizing(length: $0, resized: $0, scale: 1) }
  for (index, axis) in axes.enumerated() {
    let scale = scales[index]
    guard scale > 0, scale.isFinite else { throw OperatorError("a scale is \(scale)") }
    var part: Float = 1
    if let region {
      (result[axis].start, result[axis].end) = (region[index], region[index + axes.count])
      part = Float(region[index + axes.count] - region[index])
    }
    let extent = (Float(shape[axis]) * part * scale).rounded(.down)
    guard extent >= 0, extent < 0x1p40 else {
      throw OperatorError("an axis of \(shape[axis]) times \(scale) is too long")
    }
    result[axis].resized = Int(extent)
    result[axis].scale = Double(scale)
    result[axis].isExact = false
  }
  _ = try elementCount(result.map(\.resized))
  return result
}
