import GraphWriter
import ZooCore

extension LiteConverter {
  /// To the shape that the second input or the options say.
  mutating func reshape() throws {
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

  mutating func squeeze() throws {
    let rank = try needInput(0).shape.count
    let axes = try axes(current.options?.ints(0) ?? [], rank: rank)
    let inputs = axes.isEmpty ? [try plain(input: 0)] : [try plain(input: 0), try list(axes)]
    try finish(step("Squeeze", inputs), isRounded: keepsQuantization())
  }

  mutating func expandDimensions() throws {
    let axes = try axes(integers(1), rank: needInput(0).shape.count + 1)
    try finish(step("Unsqueeze", [plain(input: 0), list(axes)]), isRounded: keepsQuantization())
  }

  mutating func transpose() throws {
    let rank = try needInput(0).shape.count
    let order = try axes(integers(1), rank: rank)
    guard Set(order).count == rank, order.count == rank else {
      throw ZooError(.badData, "\(order) is no order of axes")
    }
    try finish(step("Transpose", [plain(input: 0)], [.ints("perm", order)]), isRounded: keepsQuantization())
  }

  mutating func concatenation() throws {
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
    let paddings = try integers(1)
    guard paddings.count == 2 * rank, paddings.allSatisfy({ (0...(1 << 24)).contains($0) }) else {
      throw ZooError(.badData, "the padding \(paddings.prefix(20)) does not fit \(rank) axes")
    }
    let order = isFirst ? Self.channelsFirst : Array(0..<rank)
    return try list(order.map { paddings[2 * $0] } + order.map { paddings[2 * $0 + 1] })
  }

  mutating func pad() throws {
    let isFirst = isChannelsFirst(0)
    let name = try isFirst ? channelsFirst(input: 0) : plain(input: 0)
    var inputs = [name, try paddings(isFirst: isFirst)]
    if input(2) != nil {
      inputs.append(step("Reshape", [try plain(input: 2), try list([])]))
    }
    // The padding is zero, which every quantization has.
    try finish(step("Pad", inputs), channelsFirst: isFirst, isRounded: input(2) == nil && keepsQuantization())
  }

  mutating func mirrorPad() throws {
    guard try choice(0) == 0 else {
      throw ZooError(.unsupported, "padding that repeats the edge in its mirror image (SYMMETRIC)")
    }
    let isFirst = isChannelsFirst(0)
    let name = try isFirst ? channelsFirst(input: 0) : plain(input: 0)
    try finish(
      step("Pad", [name, paddings(isFirst: isFirst)], [.text("mode", "reflect")]), channelsFirst: isFirst,
      isRounded: keepsQuantization())
  }

  mutating func stridedSlice() throws {
    let rank = try needInput(0).shape.count
    if input(1)?.constant == nil || input(2)?.constant == nil { return try computedSlice(rank: rank) }
    let (begin, end, strides) = (try integers(1), try integers(2), try integers(3))
    guard try option(2) == 0, try option(3) == 0 else {
      throw ZooError(.unsupported, "slices with an ellipsis or new axes")
    }
    guard begin.count == end.count, begin.count == strides.count, begin.count <= rank, !strides.contains(0) else {
      throw ZooError(.badData, "the slice does not fit \(rank) axes")
    }
    let (beginMask, endMask, shrinkMask) = (try option(0), try option(1), try option(4))
    let isOffset = try flag(5)
    var (starts, ends, steps, shrunk): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
    for axis in begin.indices {
      let isShrunk = shrinkMask >> axis & 1 == 1
      let isForward = strides[axis] > 0
      let (first, last) = (isForward ? 0 : Int(Int32.max), isForward ? Int(Int32.max) : Int(Int32.min))
      steps.append(isShrunk ? 1 : strides[axis])
      starts.append(beginMask >> axis & 1 == 1 ? first : begin[axis])
      if isShrunk {
        let (next, overflow) = starts[axis].addingReportingOverflow(1)
        ends.append(starts[axis] == -1 || overflow ? Int(Int32.max) : next)
        shrunk.append(axis)
      } else if endMask >> axis & 1 == 1 {
        ends.append(last)
      } else {
        ends.append(isOffset ? begin[axis] &+ end[axis] : end[axis])
      }
    }
    var name = step(
      "Slice",
      [try plain(input: 0), try list(starts), try list(ends), try list(Array(begin.indices)), try list(steps)])
    if !shrunk.isEmpty { name = step("Squeeze", [name, try list(shrunk)]) }
    try finish(name, isRounded: keepsQuantization())
  }

  /// Slices from or to places that are computed.
  private mutating func computedSlice(rank: Int) throws {
    let strides = try integers(3)
    let masks = try (0..<5).map { try option($0) }
    guard masks.allSatisfy({ $0 == 0 }), try !flag(5), strides.count <= rank, !strides.contains(0) else {
      throw ZooError(.unsupported, "slices to computed places that name only some of them, or leave axes out")
    }
    let inputs = [
      try plain(input: 0), try int64(input: 1), try int64(input: 2), try list(Array(strides.indices)),
      try list(strides),
    ]
    try finish(step("Slice", inputs), isRounded: keepsQuantization())
  }

  /// From `begin` on, `size` elements; -1 is all that are left.
  mutating func slice() throws {
    let rank = try needInput(0).shape.count
    let (begin, size) = (try integers(1), try integers(2))
    guard begin.count == rank, size.count == rank else {
      throw ZooError(.badData, "the slice does not fit \(rank) axes")
    }
    let ends = zip(begin, size).map { $1 == -1 ? Int(Int32.max) : $0 &+ $1 }
    let inputs = [try plain(input: 0), try list(begin), try list(ends), try list(Array(0..<rank))]
    try finish(step("Slice", inputs), isRounded: keepsQuantization())
  }

  mutating func split() throws { try parts(of: 1, axis: integers(0), sizes: nil) }

  mutating func splitSizes() throws { try parts(of: 0, axis: integers(2), sizes: integers(1)) }

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
  mutating func pack() throws {
    let axis = try axes([option(1)], rank: output().shape.count)[0]
    let names = try current.inputs.indices.map { step("Unsqueeze", [try plain(input: $0), try list([axis])]) }
    guard !names.isEmpty else { throw ZooError(.badData, "it has no inputs") }
    let isRounded = try current.inputs.indices.allSatisfy { try keepsQuantization($0) }
    try finish(step("Concat", names, [.int("axis", axis)]), isRounded: isRounded)
  }

  mutating func unpack() throws {
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

  mutating func gather() throws {
    guard try option(1) == 0 else { throw ZooError(.unsupported, "gathering by batch") }
    let axis = try axes([option(0)], rank: needInput(0).shape.count)[0]
    let name = step("Gather", [try plain(input: 0), try plain(input: 1)], [.int("axis", axis)])
    try finish(name, isRounded: keepsQuantization())
  }

  mutating func gatherND() throws {
    try finish(step("GatherND", [plain(input: 0), int64(input: 1)]), isRounded: keepsQuantization())
  }

  mutating func tile() throws {
    try finish(step("Tile", [plain(input: 0), int64(input: 1)]), isRounded: keepsQuantization())
  }

  mutating func broadcast() throws {
    try finish(step("Expand", [plain(input: 0), int64(input: 1)]), isRounded: keepsQuantization())
  }

  mutating func reverse() throws {
    let axes = try axes(integers(1), rank: needInput(0).shape.count)
    let inputs = [
      try plain(input: 0), try list(axes.map { _ in -1 }), try list(axes.map { _ in Int(Int32.min) }), try list(axes),
      try list(axes.map { _ in -1 }),
    ]
    try finish(step("Slice", inputs), isRounded: keepsQuantization())
  }

  mutating func shape() throws {
    let name = step("Shape", [try plain(input: 0)])
    try finish(output().type == .int64 ? name : step("Cast", [name], [.int("to", Int(output().type.rawValue))]))
  }

  mutating func fill() throws { try finish(step("Expand", [plain(input: 1), int64(input: 0)])) }

  mutating func range() throws { try finish(step("Range", [plain(input: 0), plain(input: 1), plain(input: 2)])) }

  /// Bilinear or nearest, with the file's way to place pixels.
  mutating func resize(isLinear: Bool) throws {
    let size = try integers(1)
    guard size.count == 2, size.allSatisfy({ (1...(1 << 20)).contains($0) }) else {
      throw ZooError(.badData, "the size is \(size.prefix(10))")
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

  mutating func block(_ operatorType: String, _ attributes: [Attribute]) throws {
    let size = try option(0)
    guard (1...(1 << 16)).contains(size) else { throw ZooError(.badData, "the block's size is \(size)") }
    let name = step(operatorType, [try channelsFirst(input: 0)], attributes + [.int("blocksize", size)])
    try finish(name, channelsFirst: true, isRounded: keepsQuantization())
  }
}
