import ZooCore

/// Upsample and Resize.
let resizeAdapters: [Adapter] = [
  Adapter(
    "Upsample", at: 9,
    up: { node, bench in
      guard case .floats(let scales)? = node[attribute: "scales"] else { throw Refusal("it has no scales") }
      var new = node.without("scales")
      new.inputs = [node.input(0), try bench.floats(scales, NodeWriter(node, bench).name("scales"))]
      return [new]
    },
    down: { node, bench in
      guard let scales = try bench.numbers(node.input(1)) else { throw Refusal("its scales are no constant") }
      var new = node.setting(Attribute("scales", .floats(scales.map { Float($0) })))
      new.inputs = [node.input(0)]
      return [new]
    }),
  Adapter("Upsample", at: 10, up: { node, _ in [node.renamed("Resize")] }),
  Adapter(
    "Resize", at: 10,
    down: { node, bench in
      guard let scales = try bench.numbers(node.input(1)) else { throw Refusal("its scales are no constant") }
      guard scales.allSatisfy({ $0 >= 1 }) else { throw Refusal("making smaller is new in it") }
      return [node.renamed("Upsample")]
    }),
  Adapter("Resize", at: 11, up: resizeUp11, down: resizeDown11),
  Adapter(
    "Resize", at: 13,
    up: { node, bench in
      var new = node
      // What was empty may be left out.
      for index in [1, 2] where bench.shape(node.input(index)) == [0] { new.inputs[index] = "" }
      return [new]
    },
    down: { node, bench in
      var new = node
      if node.text("coordinate_transformation_mode") == "tf_half_pixel_for_nn" { return [new] }
      while new.inputs.count < 3 { new.inputs.append("") }
      for index in [1, 2] where new.inputs[index].isEmpty {
        new.inputs[index] = try bench.floats([], NodeWriter(node, bench).name("empty"))
      }
      return [new]
    }),
  Adapter("Resize", at: 18, down: resizeDown18),
  Adapter(
    "Resize", at: 19,
    down: { node, _ in
      guard node.text("coordinate_transformation_mode") != "half_pixel_symmetric" else {
        throw Refusal("coordinates of the mode half_pixel_symmetric are new in it")
      }
      return [node]
    }),
]

/// Coordinates were those of "asymmetric"; the nearest element was the one before when making larger. What it is when
/// making smaller the specification leaves open; ONNX Runtime takes the one behind.
@Sendable private func resizeUp11(_ node: Node, _ bench: Workbench) throws -> [Node] {
  var new = node.setting(.text("coordinate_transformation_mode", "asymmetric"))
  if node.text("mode") ?? "nearest" == "nearest" {
    guard let scales = try bench.numbers(node.input(1)) else { throw Refusal("its scales are no constant") }
    if scales.allSatisfy({ $0 >= 1 }) {
      new.set(.text("nearest_mode", "floor"))
    } else if scales.allSatisfy({ $0 <= 1 }) {
      new.set(.text("nearest_mode", "ceil"))
    } else {
      throw Refusal("it makes some dimensions larger and others smaller")
    }
  }
  new.inputs = [node.input(0), try bench.floats([], NodeWriter(node, bench).name("empty")), node.input(1)]
  return [new]
}

@Sendable private func resizeDown11(_ node: Node, _ bench: Workbench) throws -> [Node] {
  let scales: [Double]
  if !node.input(3).isEmpty {
    guard let sizes = try bench.integers(node.input(3)), let shape = bench.fullShape(node.input(0)),
      shape.count == sizes.count
    else { throw Refusal("it has sizes, and the shape is not known") }
    scales = try zip(sizes, shape).map { size, extent in
      // As a float32, the scale has to give that size again, and no coordinate in between may differ.
      let scale = Double(Float(Double(size) / Double(max(extent, 1))))
      guard extent > 0, (0..<1 << 31).contains(size), Int(Double(extent) * scale) == size,
        scale == Double(size) / Double(extent)
      else {
        throw Refusal("sizes are new in it, and no scale gives \(size) for \(extent)")
      }
      return scale
    }
  } else {
    guard let given = try bench.numbers(node.input(2)) else { throw Refusal("its scales are no constant") }
    scales = given
  }
  let mode = node.text("mode") ?? "nearest"
  let coordinates = node.text("coordinate_transformation_mode") ?? "half_pixel"
  let rounding = node.text("nearest_mode") ?? "round_prefer_floor"
  let isLarger = scales.allSatisfy { $0 >= 1 }
  let isWhole = scales.allSatisfy { $0 == $0.rounded() && $0 >= 1 }
  let isSame =
    switch (mode, coordinates) {
    case ("nearest", "asymmetric"):
      isLarger && rounding == "floor" || scales.allSatisfy { $0 <= 1 } && rounding == "ceil"
    // Whole scales: (i + 1/2) / scale - 1/2 is less than half away from the element that i came from.
    case ("nearest", "half_pixel"), ("nearest", "pytorch_half_pixel"): isWhole && rounding.hasPrefix("round_")
    case ("linear", "asymmetric"): true
    default: scales.allSatisfy { $0 == 1 } && mode != "cubic" && coordinates != "tf_crop_and_resize"
    }
  guard isSame else {
    throw Refusal("\(mode) interpolation with coordinates of the mode \(coordinates) is new in it")
  }
  var new = node.without(
    "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside", "extrapolation_value", "nearest_mode")
  new.inputs = [
    node.input(0), try bench.floats(scales.map { Float($0) }, NodeWriter(node, bench).name("scales")),
  ]
  return [new]
}

@Sendable private func resizeDown18(_ node: Node, _ bench: Workbench) throws -> [Node] {
  guard node.int("antialias") ?? 0 == 0 else { throw Refusal("antialias is new in it") }
  guard node.text("keep_aspect_ratio_policy") ?? "stretch" == "stretch" || node.input(3).isEmpty else {
    throw Refusal("keep_aspect_ratio_policy is new in it")
  }
  var new = node.without("antialias", "axes", "keep_aspect_ratio_policy")
  guard let axes = node.ints("axes") else { return [new] }
  let writer = NodeWriter(node, bench)
  let rank = try writer.rank(node.input(0))
  let places = axes.map { $0 < 0 ? $0 + rank : $0 }
  guard Set(places).count == places.count, places.allSatisfy((0..<rank).contains) else {
    throw Refusal("an axis is out of range")
  }
  guard places != Array(0..<rank) else { return [new] }
  func spread<Element>(_ values: [Element], over all: [Element], at offset: Int = 0) -> [Element] {
    var all = all
    for (place, value) in zip(places, values.dropFirst(offset)) { all[place] = value }
    return all
  }
  if !node.input(1).isEmpty, bench.shape(node.input(1)) != [0] {
    guard let roi = try bench.numbers(node.input(1)), roi.count == 2 * places.count else {
      throw Refusal("it has axes, and roi is no constant")
    }
    let starts = spread(roi, over: [Double](repeating: 0, count: rank))
    let ends = spread(roi, over: [Double](repeating: 1, count: rank), at: places.count)
    new.inputs[1] = try bench.floats((starts + ends).map { Float($0) }, writer.name("roi"))
  }
  if !node.input(2).isEmpty, bench.shape(node.input(2)) != [0] {
    guard let scales = try bench.numbers(node.input(2)), scales.count == places.count else {
      throw Refusal("it has axes, and its scales are no constant")
    }
    new.inputs[2] = try bench.floats(
      spread(scales.map { Float($0) }, over: [Float](repeating: 1, count: rank)), writer.name("scales"))
  }
  if !node.input(3).isEmpty {
    guard let sizes = try bench.integers(node.input(3)), sizes.count == places.count,
      let shape = bench.fullShape(node.input(0))
    else { throw Refusal("it has axes, and its sizes or the shape are not known") }
    new.inputs[3] = try writer.integers(spread(sizes, over: shape), "sizes")
  }
  return [new]
}
