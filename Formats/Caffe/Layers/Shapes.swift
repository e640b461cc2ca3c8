import GraphWriter
import ZooCore

extension NetworkBuilder {
  /// A Reshape to `shape` at the layer's end. The first extent is taken over where it is the input's, for any batch.
  mutating func finishReshape(_ name: String, from input: [Int], to shape: [Int]) throws {
    guard let first = shape.first, first == input.first, shape.count > 1 else {
      fixBatch()
      return try finish("Reshape", [name, constant(shape, "shape")], shape: shape)
    }
    // The second extent is left open where the first one need not be the input's.
    let rest = Array(shape[1...])
    if input.count > 1 {
      try finish("Reshape", [name, constant([0] + rest, "shape")], shape: shape)
    } else {
      try finish("Reshape", [name, constant([-1] + rest, "shape")], shape: shape)
    }
  }

  mutating func flatten() throws {
    let bottom = try bottom()
    let parameter = try layer.message.message("flatten_param")
    let rank = bottom.shape.count
    let first = try axis(parameter.int("axis") ?? 1, rank: rank)
    let last = try axis(parameter.int("end_axis") ?? -1, rank: rank)
    guard first <= last else { throw ZooError(.badData, "it flattens axes from \(first) to \(last)") }
    let shape =
      Array(bottom.shape[..<first]) + [bottom.shape[first...last].reduce(1, *)] + Array(bottom.shape[(last + 1)...])
    if first == 0 { fixBatch() }
    if first == 1, last == rank - 1 {
      return try finish("Flatten", [bottom.name], [.int("axis", 1)], shape: shape)
    }
    try finishReshape(bottom.name, from: bottom.shape, to: shape)
  }

  /// caffe.proto, ReshapeParameter: 0 takes an extent over, -1 is what is left.
  mutating func reshape() throws {
    let bottom = try bottom()
    let parameter = try layer.message.message("reshape_param")
    let dims = try parameter.message("shape").ints("dim")
    let rank = bottom.shape.count
    let given = try parameter.int("axis") ?? 0
    guard (-rank - 1...rank).contains(given) else { throw ZooError(.badData, "the axis \(given) is not in the blob") }
    let start = given < 0 ? given + rank + 1 : given
    let axes = try parameter.int("num_axes") ?? -1
    guard axes >= -1, start + max(axes, 0) <= rank else { throw ZooError(.badData, "num_axes is \(axes)") }
    let end = axes == -1 ? rank : start + axes
    var middle: [Int] = []
    var open: Int?
    for (index, dim) in dims.enumerated() {
      switch dim {
      case 0:
        guard start + index < rank else {
          throw ZooError(.badData, "there is no extent to take over at \(start + index)")
        }
        middle.append(bottom.shape[start + index])
      case -1:
        guard open == nil else { throw ZooError(.badData, "two extents are left open") }
        open = index
        middle.append(1)
      case 1...: middle.append(dim)
      default: throw ZooError(.badData, "an extent is \(dim)")
      }
    }
    let before = bottom.shape[start..<end].reduce(1, *)
    if let open {
      let known = try Tensor.elementCount(of: middle)
      guard known > 0, before % known == 0 else {
        throw ZooError(.badData, "a blob of shape \(bottom.shape) can't take the shape \(dims)")
      }
      middle[open] = before / known
    }
    guard try Tensor.elementCount(of: middle) == before else {
      throw ZooError(.badData, "a blob of shape \(bottom.shape) can't take the shape \(dims)")
    }
    // An explicit first extent is meant: with another batch it would not fit, or mean something else.
    if start == 0, let first = dims.first, first != 0 {
      if first == -1, middle.first == bottom.shape.first {
        // What is left over is the batch.
      } else {
        fixBatch()
      }
    }
    try finishReshape(
      bottom.name, from: bottom.shape, to: Array(bottom.shape[..<start]) + middle + Array(bottom.shape[end...]))
  }

  mutating func permute() throws {
    let bottom = try bottom()
    var order = try layer.message.message("permute_param").ints("order")
    let rank = bottom.shape.count
    guard order.allSatisfy({ (0..<rank).contains($0) }), Set(order).count == order.count else {
      throw ZooError(.badData, "the order \(order) is none of \(rank) axes")
    }
    // Axes that are not named follow in their order.
    order += (0..<rank).filter { !order.contains($0) }
    if order.first != 0 { fixBatch() }
    try finish("Transpose", [bottom.name], [.ints("perm", order)], shape: order.map { bottom.shape[$0] })
  }

  /// Cuts the first bottom to the second one's extents, from an axis on.
  mutating func crop() throws {
    let (bottom, second) = (try bottom(), try bottom(1))
    let parameter = try layer.message.message("crop_param")
    let rank = bottom.shape.count
    let axis = try axis(parameter.int("axis") ?? 2, rank: rank)
    let offsets = try parameter.ints("offset")
    guard second.shape.count == rank else { throw ZooError(.badData, "its bottoms differ in their number of axes") }
    guard offsets.count <= 1 || offsets.count == rank - axis else {
      throw ZooError(.badData, "\(offsets.count) offsets are given for \(rank - axis) axes")
    }
    var shape = bottom.shape
    var starts: [Int] = []
    for cropped in axis..<rank {
      let offset = offsets.count > 1 ? offsets[cropped - axis] : offsets.first ?? 0
      guard offset >= 0, offset + second.shape[cropped] <= shape[cropped] else {
        throw ZooError(.badData, "a blob of shape \(bottom.shape) can't be cropped to \(second.shape) at \(offset)")
      }
      shape[cropped] = second.shape[cropped]
      starts.append(offset)
    }
    if axis == 0 { fixBatch() }
    let axes = Array(axis..<rank)
    let ends = zip(starts, axes).map { $0 + shape[$1] }
    try finish(
      "Slice", [bottom.name, constant(starts, "starts"), constant(ends, "ends"), constant(axes, "axes")], shape: shape)
  }

  mutating func tile() throws {
    let bottom = try bottom()
    let parameter = try layer.message.message("tile_param")
    let axis = try axis(parameter.int("axis") ?? 1, rank: bottom.shape.count)
    let tiles = try parameter.int("tiles") ?? 0
    var (shape, repeats) = (bottom.shape, bottom.shape.map { _ in 1 })
    let (extent, overflow) = shape[axis].multipliedReportingOverflow(by: tiles)
    guard tiles > 0, !overflow else { throw ZooError(.badData, "tiles is \(tiles)") }
    shape[axis] = extent
    repeats[axis] = tiles
    if axis == 0 { fixBatch() }
    try finish("Tile", [bottom.name, constant(repeats, "repeats")], shape: shape)
  }
}
