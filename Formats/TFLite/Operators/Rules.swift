import ZooCore

/// Writes the converter's current operator.
typealias Rule = @Sendable (inout LiteConverter) throws -> Void

extension LiteConverter {
  /// By operator; each family is a file's.
  private static let rules = [
    arithmetic, bits, comparisons, functions, complexNumbers, convolutions, products, reductions, segments, shapes,
    slices,
    blocks, indexing, matrices, tableRules, boxes, recurrences, stateRules, callRules, stableHLO,
  ].reduce(into: [String: Rule]()) { $0.merge($1) { first, _ in first } }

  /// By name, operators that are not TensorFlow Lite's own.
  private static let customRules = mediaPipe

  /// Operators that complex values may go into.
  private static let complexOperators: Set = [
    "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "CAST", "REAL", "IMAG", "COMPLEX_ABS",
  ]

  /// Writes the current operator.
  mutating func write() throws {
    guard current.customName.isEmpty else {
      guard let rule = Self.customRules[current.customName] else {
        throw ZooError(
          .unsupported, "an operator beyond TensorFlow Lite's own, which is not known here",
          advice: current.customName.hasPrefix("Flex")
            ? "convert the model without TensorFlow's operators (SELECT_TF_OPS)" : nil)
      }
      return try rule(&self)
    }
    let operatorType = OperatorCodes.name(current.code)
    guard let rule = Self.rules[operatorType] else {
      throw ZooError(.unsupported, "the operator is not known here")
    }
    guard !current.inputs.indices.contains(where: isComplex) || Self.complexOperators.contains(operatorType) else {
      throw ZooError(.unsupported, "it does not take complex numbers here")
    }
    if try foldScalars(operatorType) { return }
    try rule(&self)
  }
}
