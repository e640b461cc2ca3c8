extension OperatorDeclaration {
  /// ONNX GatherND: slices by tuples of indices, behind `batch_dims` dimensions that both inputs share.
  static let gatherND = OperatorDeclaration("GatherND", .keepsZero) { node in
    let (shape, indices) = (try node.shape(0), try node.shape(1))
    let batch = try node.int("batch_dims", default: 0)
    let depth = try node.tupleDepth(indices, shape, batch: batch)
    return [indices.dropLast() + shape[(batch + depth)...]]
  }.derivative { f in [try f.gradientOfMoved()] }
}
