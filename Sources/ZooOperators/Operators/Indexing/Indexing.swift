extension OperatorCatalogue {
  static let indexing: [OperatorDeclaration] = [
    .compress, .gather, .gatherElements, .gatherND, .nonZero, .oneHot, .scatter, .scatterElements, .scatterND, .slice,
    .tensorScatter, .topK, .unique,
  ]
}

extension Inference {
  /// Checks what GatherElements and ScatterElements ask of their indices, where that is known.
  func checkElementIndices(_ indices: [Dim], _ shape: [Dim]) throws {
    let axis = try axis(default: 0, rank: shape.count)
    let fits =
      indices.count == shape.count
      && shape.indices.allSatisfy { place in
        guard place != axis, let left = indices[place].number, let right = shape[place].number else { return true }
        return left <= right
      }
    try require(fits, "indices of shape \(indices) don't fit the shape \(shape) along axis \(axis)")
  }

  /// How many dimensions the tuples of GatherND and ScatterND name, behind `batch` that both tensors share.
  func tupleDepth(_ indices: [Dim], _ shape: [Dim], batch: Int = 0) throws -> Int {
    let message = "indices of shape \(indices) don't fit the shape \(shape)" + (batch == 0 ? "" : " behind \(batch)")
    guard let last = indices.last else { throw invalid(message) }
    try require(batch >= 0 && batch < indices.count && batch < max(shape.count, 1), message)
    for (left, right) in zip(indices.prefix(batch), shape) { try requireEqual(left, right, message) }
    guard let depth = last.number else { throw NotKnown() }
    try require(depth >= 0 && depth <= shape.count - batch, message)
    return depth
  }

  /// Checks the attribute that says how updates are combined with what is there.
  func checkReduction() throws {
    let reduction = try text("reduction") ?? "none"
    try require(
      ["none", "add", "mul", "min", "max"].contains(reduction), "the reduction \"\(reduction)\" is unknown")
  }
}
