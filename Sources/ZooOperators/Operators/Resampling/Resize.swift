import ZooCore

extension OperatorDeclaration {
  /// ONNX Resize: nearest, linear and cubic interpolation along any axes, to scales or to sizes.
  static let resize = OperatorDeclaration("Resize", shapeInputs: [1, 2, 3]) { node in
    guard node.opset >= 11 else {
      try node.checkUpsampleMode()
      return [try node.resizedShape(Resizing(axes: nil, scales: 1, sizes: nil, region: nil))]
    }
    // An empty tensor stands for one that is left out.
    func given(_ index: Int) throws -> Int? {
      guard node.has(index), try node.facts(index).shape?.product != 0 else { return nil }
      return index
    }
    let takesRegion = try node.checkResizeSettings()
    try node.require(!takesRegion || node.has(1), "tf_crop_and_resize takes a region (roi)")
    let resizing = Resizing(
      axes: try node.ints("axes"), scales: try given(2), sizes: try given(3), region: takesRegion ? 1 : nil)
    return [try node.resizedShape(resizing)]
  }

  /// ONNX Upsample, which Resize has replaced.
  static let upsample = OperatorDeclaration("Upsample", shapeInputs: [1]) { node in
    try node.checkUpsampleMode()
    guard node.opset < 9 else {
      return [try node.resizedShape(Resizing(axes: nil, scales: 1, sizes: nil, region: nil))]
    }
    let fixed = try node.upsampleScales()
    let shape = try node.facts(0).shape ?? .unknown(rank: fixed.count)
    return [try node.scaled(shape, Array(shape.indices), by: fixed)]
  }
}

/// What axes are resized, and the inputs that say how.
private struct Resizing {
  var axes: [Int]?
  var scales: Int?
  var sizes: Int?
  var region: Int?
}

// MARK: Attributes

extension Inference {
  fileprivate func checkUpsampleMode() throws {
    let mode = try text("mode") ?? "nearest"
    // Opset 7 calls it by the number of axes.
    try require(
      ["nearest", "linear", "bilinear"].contains(mode), "mode is \"\(mode)\", it should be nearest or linear")
  }

  /// The scale of each axis before version 9.
  fileprivate func upsampleScales() throws -> [Double] {
    if opset < 7, let height = try float("height_scale"), let width = try float("width_scale") {
      return [1, 1, Double(height), Double(width)]
    }
    guard let scales = try floats("scales") else {
      throw invalid(opset < 7 ? "attributes height_scale and width_scale are missing" : "attribute scales is missing")
    }
    return scales.map { Double($0) }
  }

  /// Checks what the attributes name. Whether a region is resized.
  fileprivate func checkResizeSettings() throws -> Bool {
    func choice(_ name: String, _ standard: String, _ others: String...) throws -> String {
      let value = try text(name) ?? standard
      try require(value == standard || others.contains(value), "\(name) \"\(value)\" is unknown")
      return value
    }
    _ = try choice("mode", "nearest", "linear", "cubic")
    _ = try choice("nearest_mode", "round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
    _ = try choice("keep_aspect_ratio_policy", "stretch", "not_larger", "not_smaller")
    let coordinates = try choice(
      "coordinate_transformation_mode", "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
      "asymmetric", "tf_crop_and_resize", "tf_half_pixel_for_nn")
    try require(
      coordinates != "tf_half_pixel_for_nn" || opset < 13,
      "coordinate_transformation_mode \"\(coordinates)\" went with operator set 13")
    return coordinates == "tf_crop_and_resize"
  }
}

// MARK: Shapes

extension Inference {
  fileprivate func resizedShape(_ resizing: Resizing) throws -> [Dim] {
    let given = try facts(0).shape
    // How many axes are named tells the rank where all are.
    let sizes = try resizing.sizes.flatMap { index in try ifKnown { try elements(index) } }
    let count = try sizes?.count ?? resizing.scales.flatMap { try facts($0).shape?.first?.number }
    guard let shape = given ?? (resizing.axes == nil ? count.map { .unknown(rank: min(max($0, 0), 64)) } : nil) else {
      throw NotKnown()
    }
    let axes = try normalized(axes: resizing.axes ?? Array(shape.indices), rank: shape.count)
    if resizing.scales != nil, resizing.sizes != nil {
      // One of them may turn out to be empty.
      try require(try isUnknown(resizing.scales) || isUnknown(resizing.sizes), "both scales and sizes are given")
      return unknown(shape, axes)
    }
    if let scales = resizing.scales {
      guard let factors = try ifKnown({ try numbers(scales) }),
        let region = try resizing.region.map({ try self.region($0, axes) }) ?? axes.map({ _ in 1 })
      else { return unknown(shape, axes) }
      return try scaled(shape, axes, by: factors, region: region)
    }
    guard resizing.sizes != nil else { throw invalid("either scales or sizes should be given") }
    guard let sizes else { return unknown(shape, axes) }
    return try sized(shape, axes, to: sizes)
  }

  private func isUnknown(_ index: Int?) throws -> Bool { try index.map { try facts($0).shape == nil } ?? false }

  private func unknown(_ shape: [Dim], _ axes: [Int]) -> [Dim] {
    var result = shape
    for axis in axes { result[axis] = .unknown() }
    return result
  }

  /// The parts of the axes that the region in input `index` has; `nil` where they are not known.
  private func region(_ index: Int, _ axes: [Int]) throws -> [Float]? {
    guard let values = try ifKnown({ try numbers(index) }) else { return nil }
    try require(
      values.count == 2 * axes.count, "the region (roi) has \(values.count) values for \(axes.count) axes")
    return axes.indices.map { Float(values[$0 + axes.count] - values[$0]) }
  }

  fileprivate func scaled(_ shape: [Dim], _ axes: [Int], by scales: [Double], region: [Float]? = nil) throws -> [Dim] {
    try require(scales.count == axes.count, "\(scales.count) scales for \(axes.count) axes")
    var result = shape
    for (index, axis) in axes.enumerated() {
      let scale = Float(scales[index])
      try require(scale > 0 && scale.isFinite, "a scale is \(scale)")
      result[axis] = try scaled(shape[axis], by: scale, part: region?[index] ?? 1)
    }
    return result
  }

  /// The extent of `part` of an axis times `scale`, rounded down.
  private func scaled(_ extent: Dim, by scale: Float, part: Float) throws -> Dim {
    guard let number = extent.number else {
      guard part == 1, let (numerator, denominator) = scale.fraction else { return .unknown() }
      return (extent * Dim(numerator)).floorDivided(by: Dim(denominator))
    }
    let scaled = (Float(number) * part * scale).rounded(.down)
    guard scaled >= 0, scaled < 0x1p40 else { throw invalid("an axis of \(number) times \(scale) is too long") }
    return Dim(Int(scaled))
  }

  private func sized(_ shape: [Dim], _ axes: [Int], to sizes: [Dim]) throws -> [Dim] {
    try require(sizes.count == axes.count, "\(sizes.count) sizes for \(axes.count) axes")
    for size in sizes { try require(size.number.map { 0...1 << 40 ~= $0 } ?? true, "a size is \(size)") }
    let policy = try text("keep_aspect_ratio_policy") ?? "stretch"
    var result = shape
    if policy == "stretch" {
      for (axis, size) in zip(axes, sizes) { result[axis] = size }
    } else {
      guard let scale = commonScale(axes.map { shape[$0] }, sizes, isLeast: policy == "not_larger") else {
        return unknown(shape, axes)
      }
      for axis in axes { result[axis] = try scaled(shape[axis], by: scale) }
    }
    for axis in axes where shape[axis] == 0 {
      try require(
        result[axis].number.map { $0 == 0 } ?? true, "an axis of length 0 can't become \(result[axis]) long")
    }
    return result
  }

  /// The least or greatest of the scales of axes that are not empty; `nil` where it is not known.
  private func commonScale(_ extents: [Dim], _ sizes: [Dim], isLeast: Bool) -> Double? {
    var scales: [Double] = []
    for (extent, size) in zip(extents, sizes) {
      guard let extent = extent.number, let size = size.number else { return nil }
      if extent > 0 { scales.append(Double(size) / Double(extent)) }
    }
    return isLeast ? scales.min() : scales.max()
  }

  /// The extent times `scale`, rounded to the nearest.
  private func scaled(_ extent: Dim, by scale: Double) throws -> Dim {
    guard let extent = extent.number else { return .unknown() }
    let scaled = (scale * Double(extent) + 0.5).rounded(.down)
    guard scaled < 0x1p40 else { throw invalid("an axis of \(extent) times \(scale) is too long") }
    return Dim(Int(scaled))
  }
}

extension Float {
  /// What this is as a fraction of small numbers; `nil` where it isn't. Extents times these are exact.
  fileprivate var fraction: (numerator: Int, denominator: Int)? {
    for denominator in [1, 2, 4, 8, 16, 32] {
      let numerator = self * Float(denominator)
      if numerator == numerator.rounded(), numerator >= 1, numerator < 4096 { return (Int(numerator), denominator) }
    }
    return nil
  }
}
