extension OperatorDeclaration {
  /// ONNX ConcatFromSequence: the elements of a sequence behind one another, along an axis of theirs or a new one.
  static let concatFromSequence = OperatorDeclaration(
    "ConcatFromSequence",
    facts: { node in
      var result = try node.element(ofSequence: 0)
      let (given, isNew) = (try node.requiredInt("axis"), try node.flag("new_axis"))
      guard var shape = result.shape else { return [result] }
      let axis = try node.normalized(axis: given, rank: shape.count + (isNew ? 1 : 0))
      if isNew { shape.insert(.unknown(), at: axis) } else { shape[axis] = .unknown() }
      result.shape = shape
      return [result]
    })
}
