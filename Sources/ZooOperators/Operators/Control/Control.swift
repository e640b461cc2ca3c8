import ZooCore

extension OperatorCatalogue {
  static let control: [OperatorDeclaration] = [
    .ifOperator, .loop, .scan, .sequenceMap,
  ]
}

extension Inference {
  /// What the body in attribute `name` gives, of which nothing is known where it can't run: it may never have to.
  ///
  /// - Parameter runs: Whether it runs in any case, so that its error is the node's.
  func results(ofBody name: String, _ inputs: [ValueFacts?], runs: Bool) throws -> [ValueFacts] {
    do { return try results(ofBody: name, inputs) } catch let error as ZooError {
      if runs { throw error }
      throw NotKnown()
    }
  }
}

extension ValueFacts {
  /// What is known of values that change from run to run of a body, but not in type and shape.
  var changing: ValueFacts { ValueFacts(kind, shape: shape) }
}
