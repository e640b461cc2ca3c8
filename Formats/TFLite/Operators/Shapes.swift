import GraphWriter
import ZooCore

extension LiteConverter {
  static let shapes: [String: Rule] = [
    "RESHAPE": { try $0.reshape() },
    "SQUEEZE": { try $0.squeeze() },
    "EXPAND_DIMS": { try $0.expandDimensions() },
    "TRANSPOSE": { try $0.transpose() },
    "CONCATENATION": { try $0.concatenation() },
    "PAD": { try $0.pad() },
    "PADV2": { try $0.pad() },
    "MIRROR_PAD": { try $0.mirrorPad() },
    "DILATE": { try $0.dilate() },
    "SPLIT": { try $0.parts(of: 1, axis: $0.integers(0), sizes: nil) },
    "SPLIT_V": { try $0.parts(of: 0, axis: $0.integers(2), sizes: $0.integers(1)) },
    "PACK": { try $0.pack() },
    "UNPACK": { try $0.unpack() },
    "TILE": {
      try $0.finish($0.step("Tile", [$0.plain(input: 0), $0.int64(input: 1)]), isRounded: $0.keepsQuantization())
    },
    "BROADCAST_TO": {
      try $0.finish($0.step("Expand", [$0.plain(input: 0), $0.int64(input: 1)]), isRounded: $0.keepsQuantization())
    },
    "BROADCAST_ARGS": { try $0.broadcastShape() },
    "REVERSE_V2": { try $0.reverse() },
    "SHAPE": { try $0.shape() },
    "RANK": { try $0.finish($0.scalar(Double($0.needInput(0).shape.count), .int32)) },
    "FILL": {
      try $0.finish($0.step("Expand", [$0.plain(input: 1), $0.int64(input: 0)]), isRounded: $0.keepsQuantization(1))
    },
    "RANGE": { try $0.finish($0.step("Range", $0.plainInputs())) },
    "RESIZE_BILINEAR": { try $0.resize(isLinear: true) },
    "RESIZE_NEAREST_NEIGHBOR": { try $0.resize(isLinear: false) },
  ]

  /// To the shape that the second input or the options say.
  private mutating func reshape() throws {
    let name = try rows(0)
    let parts = isComplex(0) ? [2] : []
    let shape: String
    if let tensor = input(1), tensor.constant == nil {
      let computed = try int64(input: 1)
      shape = parts.isEmpty ? computed : step("Concat", [computed, try list(parts)], [.int("axis", 0)])
    } else {
      var extents = try input(1) != nil ? integers(1) : current.options?.ints(0) ?? []
      // The batch, where the file leaves it open.
      let open = try output().openAxes
      if open == [0], !extents.isEmpty, !extents.contains(-1) { extents[0] = -1 }
      shape = try list(extents + parts)
    }
    try finish(step("Reshape", [name, shape]), isRounded: keepsQuantization())
  }

  private mutating func squeeze() throws {
    let rank = try needInput(0).shape.count
    let axes = try axes(current.options?.ints(0) ?? [], rank: rank)
    let inputs = axes.isEmpty ? [try plain(input: 0)] : [try plain(input: 0), try list(axes)]
    try finish(step("Squeeze", inputs), isRounded: keepsQuantization())
  }

  private mutating func expandDimensions() throws {
    let axes = try axes(integers(1), rank: needInput(0).shape.count + 1)
    try finish(step("Unsqueeze", [plain(input: 0), list(axes)]), isRounded: keepsQuantization())
  }

  private mutating func transpose() throws {
    let rank = try needInput(0).shape.count
    let order = try axes(integers(1), rank: rank)
    guard Set(order).count == rank, order.count == rank else {
      throw ZooError(.badData, "\(order) is no order of axes")
    }
    try finish(step("Transpose", [plain(input: 0)], [.ints("perm", order)]), isRounded: keepsQuantization())
  }

  private mutating func concatenation() throws {
    let positions = Array(current.inputs.indices)
    let rank = try output().shape.count
    let axis = try axes([option(0)], rank: rank)[0]
    let inputs = try positions.map { try needInput($0) }
    let isFirst = rank == 4 && positions.contains(where: isChannelsFirst) && inputs.allSatisfy { $0.shape.count == 4 }
    let names = try positions.map { try isFirst ? channelsFirst(input: $0) : plain(input: $0) }
    let moved = isFirst ? Self.channelsFirst.firstIndex(of: axis) ?? axis : axis
    let activation = try choice(1)
    let isRounded = try activation == 0 && positions.allSatisfy { try keepsQuantization($0) }
    let joined = step("Concat", names, [.int("axis", moved)])
    try finish(activate(joined, activation), channelsFirst: isFirst, isRounded: isRounded)
  }

  /// Numbers of elements before and after each axis.
  private mutating func paddings(isFirst: Bool) throws -> String {
    let rank = try needInput(0).shape.count
    let paddings = try elements(1, count: 2 * rank)
    guard paddings.allSatisfy({ (0...(1 << 24)).contains($0.known ?? 0) }) else {
      throw ZooError(.badData, "the padding \(paddings.compactMap(\.known).prefix(20)) is none")
    }
    let order = isFirst ? Self.channelsFirst : Array(0..<rank)
    let before = order.map { paddings[2 * $0] }
    let after = order.map { paddings[2 * $0 + 1] }
    return try list(before + after)
  }

  private mutating func pad() throws {
    let isFirst = isChannelsFirst(0)
    let name = try isFirst ? channelsFirst(input: 0) : plain(input: 0)
    var inputs = [name, try paddings(isFirst: isFirst)]
    if input(2) != nil {
      inputs.append(step("Reshape", [try plain(input: 2), try list([Int]())]))
    }
    // The padding is zero, which every quantization has.
    try finish(step("Pad", inputs), channelsFirst: isFirst, isRounded: input(2) == nil && keepsQuantization())
  }

  private mutating func mirrorPad() throws {
    guard try choice(0) == 0 else { return try mirrorPadWithEdges() }
    let isFirst = isChannelsFirst(0)
    let name = try isFirst ? channelsFirst(input: 0) : plain(input: 0)
    try finish(
      step("Pad", [name, paddings(isFirst: isFirst)], [.text("mode", "reflect")]), channelsFirst: isFirst,
      isRounded: keepsQuantization())
  }

  /// ONNX's Pad has no mirror that repeats the edges: what is mirrored is joined to both sides.
  private mutating func mirrorPadWithEdges() throws {
    let (input, paddings) = (try needInput(0), try integers(1))
    guard paddings.count == 2 * input.shape.count else {
      throw ZooError(.badData, "the padding \(paddings.prefix(20)) does not fit \(input.shape.count) axes")
    }
    var name = try plain(input: 0)
    for (axis, extent) in input.shape.enumerated() {
      let (before, after) = (paddings[2 * axis], paddings[2 * axis + 1])
      guard before >= 0, after >= 0, input.openAxes.contains(axis) || max(before, after) <= extent else {
        throw ZooError(.badData, "a padding of \(before) and \(after) is wider than an extent of \(extent)")
      }
      let place = try [list([axis]), list([-1])]
      func mirrored(from start: Int, to end: Int) throws -> String {
        step("Slice", [name, try list([start]), try list([end])] + place)
      }
      var parts = [name]
      if before > 0 { parts.insert(try mirrored(from: before - 1, to: Int(Int32.min)), at: 0) }
      if after > 0 { parts.append(try mirrored(from: -1, to: -1 - after)) }
      if parts.count > 1 { name = step("Concat", parts, [.int("axis", axis)]) }
    }
    try finish(name, isRounded: keepsQuantization())
  }

  /// Spreads elements with the third input between them.
  private mutating func dilate() throws {
    let filling = step("Reshape", [try plain(input: 2), try list([Int]())])
    try finish(dilated(plain(input: 0), by: integers(1), filling: filling), isRounded: keepsQuantization())
  }

  /// The first input's value `name` with every `factors`-th element along each axis from it, and `filling` between them.
  mutating func dilated(_ name: String, by factors: [Int], filling: String) throws -> String {
    var (name, extents) = (name, try extents(0, name))
    guard factors.count == extents.count, factors.allSatisfy({ (1...1 << 24).contains($0) }) else {
      throw ZooError(.badData, "the factors \(factors.prefix(20)) do not fit \(extents.count) axes")
    }
    for (axis, factor) in factors.enumerated() where factor > 1 {
      // Each element begins a row of its own.
      let rank = extents.count + 1
      let padding = (0..<2 * rank).map { $0 == rank + axis + 1 ? factor - 1 : 0 }
      name = step("Unsqueeze", [name, try list([axis + 1])])
      name = step("Pad", [name, try list(padding), filling])
      let whole = try extents[axis].times(.fixed(factor))
      name = try reshaped(name, extents[..<axis] + [whole] + extents[(axis + 1)...])
      name = step("Slice", [name, try list([0]), try list([1 - factor]), try list([axis])])
      extents[axis] = try whole.minus(.fixed(factor - 1))
    }
    return name
  }

  /// The shape that two shapes become when they are broadcast.
  private mutating func broadcastShape() throws {
    let counts = try (0..<2).map { position in
      let tensor = try needInput(position)
      guard tensor.shape.count == 1, tensor.openAxes.isEmpty else {
        throw ZooError(.unsupported, "the shape has itself the shape \(tensor.shape)")
      }
      return tensor.shape[0]
    }
    let longest = counts.reduce(0, max)
    let shapes = try (0..<2).map { position in
      let missing = longest - counts[position]
      let name = try int64(input: position)
      return missing == 0 ? name : step("Pad", [name, try list([missing, 0]), try scalar(1, .int64)])
    }
    let result = step("Where", [step("Equal", [shapes[0], try scalar(1, .int64)]), shapes[1], shapes[0]])
    try finish(step("Cast", [result], [.int("to", Int(output().type.rawValue))]))
  }

  private mutating func parts(of position: Int, axis: [Int], sizes: [Int]?) throws {
    let tensor = try needInput(position)
    guard axis.count == 1 else { throw ZooError(.badData, "it has \(axis.count) axes") }
    let axis = try axes(axis, rank: tensor.shape.count)[0]
    let count = current.outputs.count
    var sizes = sizes ?? Array(repeating: tensor.shape[axis] / max(1, count), count: count)
    if let open = sizes.firstIndex(of: -1) {
      sizes[open] = 0
      sizes[open] = tensor.shape[axis] &- sizes.reduce(0, &+)
    }
    guard sizes.count == count, sizes.allSatisfy({ $0 >= 0 }), sizes.reduce(0, &+) == tensor.shape[axis] else {
      throw ZooError(.badData, "an extent of \(tensor.shape[axis]) can't be split into \(sizes.prefix(20))")
    }
    let isFirst = isChannelsFirst(position)
    let name = try isFirst ? channelsFirst(input: position) : plain(input: position)
    let moved = isFirst ? Self.channelsFirst.firstIndex(of: axis) ?? axis : axis
    let names = try (0..<count).map { writer.name("\(try output($0).name)/part") }
    writer.nodes(
      "Split", [name, try list(sizes)], [.int("axis", moved)], name: "\(tensor.name)/Split", outputs: names)
    for number in 0..<count {
      try finish(
        names[number], channelsFirst: isFirst, position: number,
        isRounded: keepsQuantization(position, output: number))
    }
  }

  /// Joins values along a new axis.
  private mutating func pack() throws {
    let axis = try axes([option(1)], rank: output().shape.count)[0]
    let names = try current.inputs.indices.map { step("Unsqueeze", [try plain(input: $0), try list([axis])]) }
    guard !names.isEmpty else { throw ZooError(.badData, "it has no inputs") }
    let isRounded = try current.inputs.indices.allSatisfy { try keepsQuantization($0) }
    try finish(step("Concat", names, [.int("axis", axis)]), isRounded: isRounded)
  }

  private mutating func unpack() throws {
    let tensor = try needInput(0)
    let axis = try axes([option(1)], rank: tensor.shape.count)[0]
    let name = try plain(input: 0)
    guard tensor.shape[axis] == current.outputs.count else {
      throw ZooError(.badData, "an extent of \(tensor.shape[axis]) has \(current.outputs.count) outputs")
    }
    for number in current.outputs.indices {
      let index = try writer.constant([Int64(number)], shape: [], "\(output(number).name)/index")
      try finish(
        step("Gather", [name, index], [.int("axis", axis)]), position: number,
        isRounded: keepsQuantization(output: number))
    }
  }

  private mutating func reverse() throws {
    let axes = try axes(integers(1), rank: needInput(0).shape.count)
    let inputs = [
      try plain(input: 0), try list(axes.map { _ in -1 }), try list(axes.map { _ in Int(Int32.min) }), try list(axes),
      try list(axes.map { _ in -1 }),
    ]
    try finish(step("Slice", inputs), isRounded: keepsQuantization())
  }

  private mutating func shape() throws {
    let name = step("Shape", [try plain(input: 0)])
    try finish(output().type == .int64 ? name : step("Cast", [name], [.int("to", Int(output().type.rawValue))]))
  }

  /// Bilinear or nearest, with the file's way to place pixels.
  private mutating func resize(isLinear: Bool) throws {
    let size = try elements(1, count: 2)
    guard size.allSatisfy({ (1...(1 << 20)).contains($0.known ?? 1) }) else {
      throw ZooError(.badData, "the size is \(size.compactMap(\.known))")
    }
    // The options of bilinear resizing begin with two that are not used any more.
    let (corners, half) = (try flag(isLinear ? 2 : 0), try flag(isLinear ? 3 : 1))
    let mode = corners ? "align_corners" : half ? "half_pixel" : "asymmetric"
    var attributes: [Attribute] = [
      .text("mode", isLinear ? "linear" : "nearest"), .text("coordinate_transformation_mode", mode),
      .ints("axes", [2, 3]),
    ]
    // ⌊(x + 0.5)·scale⌋ is what is nearest to the centre; without half pixels it is ⌊x·scale⌋.
    if !isLinear { attributes.append(.text("nearest_mode", corners || half ? "round_prefer_ceil" : "floor")) }
    let name = step("Resize", [try channelsFirst(input: 0), "", "", try list(size)], attributes)
    try finish(name, channelsFirst: true, isRounded: !isLinear && keepsQuantization())
  }
}
