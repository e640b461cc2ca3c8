extension OperatorDeclaration {
  /// ONNX AffineGrid: the places of an image's elements, moved by a matrix for each image; what GridSample takes.
  static let affineGrid = OperatorDeclaration("AffineGrid", shapeInputs: [1]) { node in
    let matrices = try node.facts(0).shape
    let size = try node.ifKnown { try node.elements(1) }
    guard let axes = matrices?.dropFirst().first?.number ?? size.map({ $0.count - 2 }) else { throw NotKnown() }
    let theta = matrices ?? [.unknown(), Dim(axes), Dim(axes) + 1]
    try node.require(
      theta.count == 3 && [2, 3].contains(axes) && theta[1].equals(Dim(axes)) != false
        && theta[2].equals(Dim(axes) + 1) != false,
      "matrices have the shape \(theta), not [N, 2, 3] or [N, 3, 4]")
    guard let size else { return [[theta[0]] + .unknown(rank: axes) + [Dim(axes)]] }
    try node.require(
      size.count == axes + 2 && size[0].equals(theta[0]) != false
        && size.allSatisfy { $0.number.map { $0 >= 0 } ?? true },
      "the size \(size) doesn't fit matrices of shape \(theta)")
    return [[theta[0].number == nil ? size[0] : theta[0]] + size[2...] + [Dim(axes)]]
  }
}
