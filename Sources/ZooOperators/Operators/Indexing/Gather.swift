extension OperatorDeclaration {
  /// ONNX Gather: slices along one axis, by index.
  static let gather = OperatorDeclaration(
    "Gather",
    elements: { node in
      guard try node.rank(0) == 1 else { throw NotKnown() }
      let elements = try node.elements(0)
      return try node.integers(1).map { index in
        guard index >= -elements.count, index < elements.count else {
          throw node.invalid("index \(index) is outside the \(elements.count) places of axis 0")
        }
        return elements[index < 0 ? index + elements.count : index]
      }
    }
  ) { node in
    let shape = try node.shape(0)
    let axis = try node.axis(default: 0, rank: shape.count)
    return [shape[..<axis] + (try node.shape(1)) + shape[(axis + 1)...]]
  }
}
