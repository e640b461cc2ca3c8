/// What a model does for one task: inputs in, answers out.
protocol Predictor: Sendable {
  /// - Throws: `ZooError` (`badData`) for a model that lacks what its task needs.
  init(_ model: Model) throws

  /// The answers about `inputs`, in their order.
  ///
  /// - Throws: `ZooError`; the first bad input ends it.
  func predict(_ inputs: [Input]) throws -> [Prediction]
}
