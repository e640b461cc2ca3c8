import ZooCore

extension OperatorDeclaration {
  /// com.microsoft GatherBlockQuantized: slices of a tensor of few bits in blocks with scales, by index, as numbers.
  static let gatherBlockQuantized = microsoft("GatherBlockQuantized", "T _ U ?T -> U") { node in
    var shape = try node.shape(0)
    let axis = try node.axis("gather_axis", default: 0, rank: shape.count)
    _ = try node.axis("quantize_axis", default: 1, rank: shape.count)
    shape[shape.count - 1] *= try node.numbersInElement()
    return [shape[..<axis] + (try node.shape(1)) + shape[(axis + 1)...]]
  }.asFunction { f in
    let shape = try f.node.fixedShape(0)
    let axis = try f.node.axis("gather_axis", default: 0, rank: shape.count)
    guard try f.node.elementType(0) == .uint8,
      try f.node.axis("quantize_axis", default: 1, rank: shape.count) == shape.count - 1
    else { throw ZooError(.unsupported, "numbers that are not packed in bytes along the last axis are not gathered") }
    let blockSize = try f.node.int("block_size", default: 128)
    let width = try shape[shape.count - 1] * (8 / f.node.int("bits", default: 4))
    let packed = try PackedNumbers(
      f.node, rows: shape.dropLast().reduce(1, *), columns: width, blockSize: blockSize)
    try f.node.require(width % blockSize == 0, "rows of \(width) are no blocks of \(blockSize)")
    let numbers = try f.reshape(f.unpacked(packed, 0, scales: 2, zeroPoints: 3), shape.dropLast() + [width])
    return [f("Gather", numbers, try f.input(1), attributes: ["axis": .int(Int64(axis))])]
  }
}

extension Inference {
  /// Bytes hold several numbers each; other types are one number.
  fileprivate func numbersInElement() throws -> Dim {
    guard let type = try facts(0).elementType else { return .unknown() }
    guard type == .uint8 else { return 1 }
    let bits = try int("bits", default: 4)
    try require([2, 4, 8].contains(bits), "bits is \(bits), not 2, 4 or 8")
    return Dim(8 / bits)
  }
}
