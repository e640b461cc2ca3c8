import ZooCore

extension KerasLayers {
  static let shapes: [String: Writer] = {
    var all: [String: Writer] = [
      "Flatten": { try $0.flatten($1) },
      "Reshape": { try $0.reshape($1) },
      "Permute": { try $0.permute($1) },
      "RepeatVector": { try $0.repeatVector($1) },
    ]
    for axes in 1...3 {
      all["ZeroPadding\(axes)D"] = { try $0.zeroPadding($1, axes: axes) }
      all["Cropping\(axes)D"] = { try $0.cropping($1, axes: axes) }
      all["UpSampling\(axes)D"] = { try $0.upSampling($1, axes: axes) }
    }
    return all
  }()

  /// The product of extents that are all known.
  fileprivate static func product(_ extents: some Sequence<Int?>) -> Int? {
    var product = 1
    for extent in extents {
      guard let extent else { return nil }
      let (result, overflow) = product.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      product = result
    }
    return product
  }
}

extension KerasBuilder {
  fileprivate mutating func flatten(_ call: KerasLayerCall) throws -> KerasValue {
    var input = try call.input
    if try call.settings.dataFormat == .channelsFirst, input.rank > 2 {
      input = plain(input)
      let order = [0] + Array(2..<input.rank) + [1]
      input = node(
        "Transpose", "\(call.name)/channels_last", [input.name], [Attribute("perm", .ints(order.map(Int64.init)))],
        shape: order.map { input.shape[$0] })
    }
    // Of one pixel, the order of the axes makes no difference.
    if !input.shape.dropFirst().dropLast().allSatisfy({ $0 == 1 }) { input = plain(input) }
    return node(
      "Flatten", call.name, [input.name], [Attribute("axis", .int(1))],
      shape: [input.shape[0], KerasLayers.product(input.shape.dropFirst())])
  }

  fileprivate mutating func reshape(_ call: KerasLayerCall) throws -> KerasValue {
    let input = try plain(call.input)
    guard let list = call.settings.value("target_shape")?.list ?? call.settings.value("dims")?.list else {
      return try call.settings.wrong("target_shape")
    }
    let target = list.compactMap(\.integer)
    guard target.count == list.count, target.allSatisfy({ $0 == -1 || (1...1 << 40).contains($0) }),
      target.count(where: { $0 == -1 }) <= 1
    else { return try call.settings.wrong("target_shape") }
    let whole = KerasLayers.product(input.shape.dropFirst())
    let others = KerasLayers.product(target.filter { $0 != -1 }.map(Optional.some))
    if let whole, let others, target.contains(-1) ? whole % others != 0 : whole != others {
      throw ZooError(.badData, "\(whole) elements don't fill the shape \(target)")
    }
    let known = target.map { extent -> Int? in
      if extent != -1 { return extent }
      guard let whole, let others else { return nil }
      return whole / others
    }
    // One pixel is a picture in either order of axes.
    let isPixel = target.count > 1 && target.dropLast().allSatisfy { $0 == 1 }
    let written = isPixel ? [target[target.count - 1]] + target.dropLast() : target
    return node(
      "Reshape", call.name, [input.name, try constant("\(call.name)/shape", [0] + written)],
      shape: [input.shape[0]] + known, isChannelsFirst: isPixel)
  }

  fileprivate mutating func permute(_ call: KerasLayerCall) throws -> KerasValue {
    let input = try plain(call.input)
    let dims = try call.settings.counts("dims", axes: input.rank - 1)
    guard dims.sorted() == Array(1..<input.rank) else { return try call.settings.wrong("dims") }
    let order = [0] + dims
    return node(
      "Transpose", call.name, [input.name], [Attribute("perm", .ints(order.map(Int64.init)))],
      shape: order.map { input.shape[$0] })
  }

  fileprivate mutating func repeatVector(_ call: KerasLayerCall) throws -> KerasValue {
    let input = try call.input
    let count = try call.settings.count("n")
    guard input.rank == 2 else { throw ZooError(.badData, "the layer takes 2 axes, but its input has \(input.rank)") }
    let shape = [input.shape[0], count, input.shape[1]]
    let row = node(
      "Unsqueeze", "\(call.name)/row", [input.name, try constant("\(call.name)/axes", [1])],
      shape: [input.shape[0], 1, input.shape[1]])
    return node("Expand", call.name, [row.name, try constant("\(call.name)/shape", [1, count, 1])], shape: shape)
  }

  fileprivate mutating func zeroPadding(_ call: KerasLayerCall, axes: Int) throws -> KerasValue {
    let format = try call.settings.dataFormat
    let input = try call.picture(axes: axes)
    let (before, after) = try call.settings.margins("padding", axes: axes)
    let source = picture(input, format)
    let (spatial, channels) = input.picture(format)
    let extents = (0..<axes).map { axis in spatial[axis].map { $0 + before[axis] + after[axis] } }
    var result = node(
      "Pad", call.name, [source.name, try constant("\(call.name)/pads", [0, 0] + before + [0, 0] + after)],
      shape: input.shape(extents, channels, format), isChannelsFirst: source.isChannelsFirst)
    result.unpadded = KerasValue.Unpadded(name: source.name, shape: source.shape, before: before, after: after)
    return result
  }

  fileprivate mutating func cropping(_ call: KerasLayerCall, axes: Int) throws -> KerasValue {
    let format = try call.settings.dataFormat
    let input = try call.picture(axes: axes)
    let (before, after) = try call.settings.margins("cropping", axes: axes)
    let source = picture(input, format)
    let (spatial, channels) = input.picture(format)
    let extents = (0..<axes).map { axis in spatial[axis].map { $0 - before[axis] - after[axis] } }
    guard extents.allSatisfy({ $0 ?? 1 > 0 }) else { throw ZooError(.badData, "nothing is left of the picture") }
    let inputs = [
      source.name, try constant("\(call.name)/starts", before),
      try constant("\(call.name)/ends", after.map { $0 == 0 ? Int.max : -$0 }),
      try constant("\(call.name)/axes", Array(2..<axes + 2)),
    ]
    return node(
      "Slice", call.name, inputs, shape: input.shape(extents, channels, format),
      isChannelsFirst: source.isChannelsFirst)
  }

  fileprivate mutating func upSampling(_ call: KerasLayerCall, axes: Int) throws -> KerasValue {
    let format = try call.settings.dataFormat
    let input = try call.picture(axes: axes)
    let size = try call.settings.counts("size", axes: axes, or: [Int](repeating: 2, count: axes))
    let source = picture(input, format)
    let (spatial, channels) = input.picture(format)
    let attributes: [Attribute]
    switch try call.settings.text("interpolation", or: "nearest") {
    case "nearest":
      attributes = [
        .text("mode", "nearest"), .text("coordinate_transformation_mode", "asymmetric"), .text("nearest_mode", "floor"),
      ]
    case "bilinear":
      attributes = [.text("mode", "linear"), .text("coordinate_transformation_mode", "half_pixel")]
    case let other:
      throw ZooError(.unsupported, "the interpolation \(other) can't be read", advice: "use nearest or bilinear")
    }
    let scales = try constant("\(call.name)/scales", [1, 1] + size.map(Float.init), shape: [axes + 2])
    return node(
      "Resize", call.name, [source.name, "", scales], attributes,
      shape: input.shape(zip(spatial, size).map { extent, size in extent.map { $0 * size } }, channels, format),
      isChannelsFirst: source.isChannelsFirst)
  }
}
