extension OperatorCatalogue {
  static let sequence: [OperatorDeclaration] = [
    .concatFromSequence, .optional, .optionalGetElement, .optionalHasElement, .sequenceAt, .sequenceConstruct,
    .sequenceEmpty, .sequenceErase, .sequenceInsert, .sequenceLength, .splitToSequence,
  ]
}

extension Inference {
  /// What is known of each element of the sequence that input `index` is.
  func element(ofSequence index: Int) throws -> ValueFacts {
    let facts = try facts(index)
    guard let kind = facts.kind else { return ValueFacts(nil, shape: facts.varyingShape) }
    guard case .sequence(let element) = kind else { throw invalid("input \(index) is \(kind.name), not a sequence") }
    return ValueFacts(element, shape: facts.varyingShape)
  }
}

extension ValueFacts {
  /// The shape of one of several values of which this is known: what is not known of one is not that of another.
  fileprivate var varyingShape: [Dim]? { shape?.map { $0.hasUnknown ? .unknown() : $0 } }

  /// A sequence of values of which this is known.
  var sequence: ValueFacts { ValueFacts(kind.map { .sequence($0) }, shape: shape) }

  /// What is known of each of several values.
  static func joined(_ values: [ValueFacts]) -> ValueFacts {
    guard let first = values.first else { return ValueFacts(nil) }
    return values.dropFirst().reduce(first) { $0.joined(with: $1) }
  }
}
