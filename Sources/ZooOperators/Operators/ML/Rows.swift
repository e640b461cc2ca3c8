extension Inference {
  /// The rows of input 0, [N, F], or [F] for one row.
  func rows() throws -> (count: Dim, features: Dim) {
    guard let shape = try facts(0).shape else { return (.unknown(), .unknown()) }
    switch shape.count {
    case 1: return (1, shape[0])
    case 2: return (shape[0], shape[1])
    default: throw invalid("the input has the shape \(shape), not [N, F]")
    }
  }
}
