extension OperatorDeclaration {
  /// ONNX GridSample (Jaderberg et al. 2015): samples of an image at the places that a grid names.
  static let gridSample = OperatorDeclaration("GridSample") { node in
    let mode = try node.text("mode") ?? "linear"
    try node.require(
      ["linear", "bilinear", "cubic", "bicubic", "nearest"].contains(mode), "the mode \"\(mode)\" is unknown")
    let padding = try node.text("padding_mode") ?? "zeros"
    try node.require(
      ["zeros", "border", "reflection"].contains(padding), "the padding_mode \"\(padding)\" is unknown")
    let (image, places) = (try node.facts(0).shape, try node.facts(1).shape)
    guard let rank = image?.count ?? places?.count else { throw NotKnown() }
    let (x, grid) = (image ?? .unknown(rank: rank), places ?? .unknown(rank: rank))
    try node.require(
      rank >= 3 && grid.count == rank && grid[rank - 1].equals(Dim(rank - 2)) != false
        && grid[0].equals(x[0]) != false,
      "a grid of shape \(grid) doesn't fit an image of shape \(x)")
    return [[x[0].number == nil ? grid[0] : x[0], x[1]] + grid[1..<(rank - 1)]]
  }
}
