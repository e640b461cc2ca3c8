extension OperatorDeclaration {
  /// What an output is of input 0: some places, one after the other, along one axis, and all of the other axes.
  package struct Part: Sendable, Hashable {
    package let axis: Int
    package let places: Range<Int>

    init(_ axis: Int, _ places: Range<Int>) { (self.axis, self.places) = (axis, places) }
  }

  /// Tells of a node whose shapes are known which parts its outputs are.
  package typealias PartRule = @Sendable (Inference) throws -> [Part]?

  /// Whether `parts` may know of any.
  package var takesParts: Bool { partRule != nil }

  /// Which parts of input 0 the outputs are, in its order of elements, of a node that does nothing but take them; `nil` for any
  /// other.
  package func parts(_ node: Inference) throws -> [Part]? {
    guard let partRule else { return nil }
    return try node.ifKnown { try partRule(node) } ?? nil
  }

  /// The same operator, which takes parts as `rule` says, or does not where that gives `nil`.
  func takingParts(_ rule: @escaping PartRule) -> OperatorDeclaration {
    var other = self
    other.partRule = rule
    return other
  }
}
