import ZooCore

extension OperatorDeclaration {
  /// ONNX Unique: the different elements, or slices along an axis, where each occurs first, which of them each is, and
  /// how often it occurs.
  static let unique = OperatorDeclaration("Unique", shapeInputs: [0]) { node in
    let count = Dim.unknown()
    guard let axis = try node.int("axis") else {
      return [[count], [count], [try node.facts(0).shape?.product ?? .unknown()], [count]]
    }
    guard var shape = try node.facts(0).shape else { return [nil, [count], [.unknown()], [count]] }
    let place = try node.normalized(axis: axis, rank: shape.count)
    let length = shape[place]
    shape[place] = count
    return [shape, [count], [length], [count]]
  }
}
