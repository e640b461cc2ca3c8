import ZooCore

extension KerasLayers {
  static let resizings: [String: Writer] = [
    "Resizing": { try $0.resizing($1) },
    "Embedding": { try $0.embedding($1) },
  ]
}

extension KerasBuilder {
  /// A picture of a given size.
  fileprivate mutating func resizing(_ call: KerasLayerCall) throws -> KerasValue {
    let settings = call.settings
    let format = try settings.dataFormat
    let input = try call.picture(axes: 2)
    for unknown in ["crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"]
    where try settings.bool(unknown, or: false) {
      throw ZooError(.unsupported, "resizing with \(unknown) can't be read")
    }
    let size = [try settings.count("height"), try settings.count("width")]
    let source = picture(input, format)
    var attributes = [Attribute.text("coordinate_transformation_mode", "half_pixel")]
    switch try settings.text("interpolation", or: "bilinear") {
    case "bilinear": attributes.append(.text("mode", "linear"))
    // The place whose pixel has the centre.
    case "nearest": attributes += [.text("mode", "nearest"), .text("nearest_mode", "round_prefer_ceil")]
    case let other:
      throw ZooError(.unsupported, "the interpolation \(other) can't be read", advice: "use nearest or bilinear")
    }
    attributes.append(Attribute("axes", .ints([2, 3])))
    let sizes = try constant("\(call.name)/sizes", size)
    return node(
      "Resize", call.name, [source.name, "", "", sizes], attributes,
      shape: input.shape(size.map(Optional.some), input.picture(format).channels, format),
      isChannelsFirst: source.isChannelsFirst)
  }

  /// Rows of a matrix by number.
  fileprivate mutating func embedding(_ call: KerasLayerCall) throws -> KerasValue {
    let settings = call.settings
    let input = try plain(call.input)
    let shape = [try settings.count("input_dim"), try settings.count("output_dim")]
    let variables = try call.variables([shape])
    let table = constant("\(call.name)/embeddings", variables[0])
    let numbers = node("Cast", "\(call.name)/numbers", [input.name], [Attribute("to", .int(7))], like: input)
    var output = node("Gather", call.name, [table, numbers.name], shape: input.shape + [shape[1]])
    if try settings.bool("mask_zero", or: false) {
      let zero = try constant("\(call.name)/zero", StoredTensor(Tensor([Int64(0)], shape: [])))
      let isZero = node("Equal", "\(call.name)/is_zero", [numbers.name, zero], like: input)
      output.mask = node("Not", "\(call.name)/mask", [isZero.name], like: input).name
    }
    return output
  }
}
