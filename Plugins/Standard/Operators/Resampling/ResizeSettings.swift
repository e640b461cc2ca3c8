import PluginSupport
import ZooPlugin

/// The attributes of ONNX Resize, checked.
struct ResizeSettings: Sendable {
  enum Mode: String, Sendable { case nearest, linear, cubic }

  enum Coordinates: String, Sendable {
    case halfPixel = "half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric
    case cropAndResize = "tf_crop_and_resize"
  }

  enum Nearest: String, Sendable {
    case roundPreferFloor = "round_prefer_floor"
    case roundPreferCeil = "round_prefer_ceil"
    case floor, ceil
    /// Of Upsample and Resize-10: down where the tensor grows, else up.
    case simple
  }

  enum AspectRatio: String, Sendable {
    case stretch
    case notLarger = "not_larger"
    case notSmaller = "not_smaller"
  }

  var mode = Mode.nearest
  var coordinates = Coordinates.asymmetric
  var nearest = Nearest.simple
  var aspectRatio = AspectRatio.stretch
  var isAntialiased = false
  var excludesOutside = false
  var cubicFactor = -0.75
  var extrapolation: Float = 0
  /// The axes that scales, sizes and regions are of; `nil` for all.
  var axes: [Int]?

  /// The settings of Upsample, and of Resize before operator set 11.
  init(upsample node: Node) throws {
    let name = try node.attributes.string("mode") ?? "nearest"
    // Opset 7 calls it by the number of axes.
    guard let mode = Mode(rawValue: name == "bilinear" ? "linear" : name), mode != .cubic else {
      throw OperatorError("mode is \"\(name)\", it should be nearest or linear")
    }
    self.mode = mode
  }

  init(_ node: Node) throws {
    let attributes = node.attributes
    func choice<Choice: RawRepresentable<String>>(_ name: String, _ standard: Choice) throws -> Choice {
      guard let text = try attributes.string(name) else { return standard }
      guard let value = Choice(rawValue: text) else { throw OperatorError("\(name) \"\(text)\" is unknown") }
      return value
    }
    mode = try choice("mode", .nearest)
    coordinates = try choice("coordinate_transformation_mode", .halfPixel)
    nearest = try choice("nearest_mode", .roundPreferFloor)
    guard nearest != .simple else { throw OperatorError("nearest_mode \"simple\" is unknown") }
    aspectRatio = try choice("keep_aspect_ratio_policy", .stretch)
    isAntialiased = try attributes.int("antialias") ?? 0 != 0
    excludesOutside = try attributes.int("exclude_outside") ?? 0 != 0
    cubicFactor = Double(try attributes.float("cubic_coeff_a") ?? -0.75)
    extrapolation = try attributes.float("extrapolation_value") ?? 0
    axes = try attributes.ints("axes")
  }
}

/// How one axis is resized.
struct AxisResizing: Sendable, Equatable {
  var length: Int
  var resized: Int
  /// `resized` / `length`, or what was given as a scale.
  var scale: Double
  /// The region of tf_crop_and_resize, in parts of the axis.
  var start = 0.0
  var end = 1.0
  /// Whether `scale` is the exact quotient of the lengths.
  var isExact = true

  /// The place in the original axis that `place` of the resized one shows.
  ///
  /// Where the nearest place counts, scales are taken at their own precision, float32, as ONNX Runtime does: 1 / 0.6 is then
  /// no less than the fraction that was meant.
  func original(_ place: Int, _ settings: ResizeSettings) -> Double {
    let coordinates = settings.coordinates
    if settings.mode == .nearest, !isExact { return Double(original(place, coordinates, as: Float.self)) }
    return original(place, coordinates, as: Double.self)
  }

  private func original<Number: BinaryFloatingPoint>(
    _ index: Int, _ coordinates: ResizeSettings.Coordinates, as _: Number.Type
  ) -> Number {
    let (place, scale, length, resized) = (Number(index), Number(scale), Number(length), Number(resized))
    // By the lengths where they say the scale, so that no rounding of it moves a tie.
    func unscaled(_ value: Number) -> Number { isExact ? value * length / resized : value / scale }
    let width = isExact ? resized : scale * length
    switch coordinates {
    case .halfPixel: return unscaled(place + 0.5) - 0.5
    case .halfPixelSymmetric:
      let offset = length / 2 * (1 - resized / width)
      return Number(
        Double(offset) + (isExact ? Double(unscaled(place + 0.5)) : Double(place + 0.5) / Double(scale)) - 0.5)
    case .pytorchHalfPixel: return resized > 1 ? unscaled(place + 0.5) - 0.5 : 0
    case .alignCorners: return resized > 1 ? place * (length - 1) / (width - 1) : 0
    case .asymmetric: return unscaled(place)
    case .cropAndResize:
      // In the region's own precision, so that its ends don't move ties.
      let (last, first, end) = (Float(length) - 1, Float(start), Float(end))
      return Number(
        resized > 1
          ? first * last + Float(place) * (end - first) * last / (Float(resized) - 1) : 0.5 * (first + end) * last)
    }
  }
}
