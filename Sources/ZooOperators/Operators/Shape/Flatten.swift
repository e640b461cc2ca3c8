extension OperatorDeclaration {
  /// ONNX Flatten: to a matrix, cut before `axis`.
  static let flatten = OperatorDeclaration(
    "Flatten", .view, elements: { try $0.wholeNumbers(0) }, elementsOfAnyType: true
  ) { node in
    let axis = try node.int("axis", default: 1)
    guard let shape = try node.facts(0).shape else { return [node.unknownShape(2)] }
    try node.require(
      axis >= -shape.count && axis <= shape.count, "axis \(axis) is outside a tensor of rank \(shape.count)")
    let cut = axis < 0 ? axis + shape.count : axis
    return [[shape[..<cut].product, shape[cut...].product]]
  }.derivative { f in [f.reshape(f.gradient, like: f.x), nil] }
}
