extension OperatorDeclaration {
  /// ONNX DFT: Fourier transforms along one axis, of numbers whose parts are the last dimension.
  static let dft = OperatorDeclaration("DFT", .keepsZero, shapeInputs: [1, 2]) { node in
    let shape = try node.shape(0)
    try node.requireParts(shape)
    let isOneSided = try node.flag("onesided")
    let isRealInverse = try node.flag("inverse") && isOneSided
    let parts: Dim = isRealInverse ? 1 : 2
    guard let axis = try node.ifKnown({ try node.transformedAxis(rank: shape.count) }) else {
      return [.unknown(rank: shape.count - 1) + [parts]]
    }
    let length = try node.transformLength(shape[axis], isRealInverse: isRealInverse)
    var result = shape
    result[axis] = isOneSided && !isRealInverse ? length.floorDivided(by: 2) + 1 : length
    result[shape.count - 1] = parts
    return [result]
  }
}

extension Inference {
  /// The last dimension holds the parts of numbers: real ones, or real and imaginary ones.
  fileprivate func requireParts(_ shape: [Dim]) throws {
    try require(
      shape.count >= 2 && shape[shape.count - 1].number.map { 1...2 ~= $0 } ?? true,
      "the last dimension of the shape \(shape) doesn't hold a number's real and imaginary part")
  }

  fileprivate func transformedAxis(rank: Int) throws -> Int {
    // Before version 20 it was an attribute.
    let given = opset < 20 ? try int("axis", default: 1) : has(2) ? try integer(2) : -2
    let axis = try normalized(axis: given, rank: rank)
    try require(axis < rank - 1, "axis \(given) holds the parts of the numbers")
    return axis
  }

  fileprivate func transformLength(_ extent: Dim, isRealInverse: Bool) throws -> Dim {
    // Of a one-sided spectrum, an even length is taken for the whole one's.
    var length = isRealInverse ? Dim.maximum(2 * (extent - 1), 1) : extent
    if has(1) { length = try ifKnown { try element(1) } ?? .unknown() }
    try require(length.number.map { 1...1 << 32 ~= $0 } ?? true, "a transform of \(length) numbers")
    return length
  }
}
