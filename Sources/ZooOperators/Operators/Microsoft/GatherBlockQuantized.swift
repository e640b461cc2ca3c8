import ZooCore

extension OperatorDeclaration {
  /// com.microsoft GatherBlockQuantized: slices of a tensor of few bits in blocks with scales, by index, as numbers.
  static let gatherBlockQuantized = microsoft("GatherBlockQuantized", "T _ U ?T -> U") { node in
    var shape = try node.shape(0)
    let axis = try node.axis("gather_axis", default: 0, rank: shape.count)
    _ = try node.axis("quantize_axis", default: 1, rank: shape.count)
    shape[shape.count - 1] *= try node.numbersInElement()
    return [shape[..<axis] + (try node.shape(1)) + shape[(axis + 1)...]]
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
