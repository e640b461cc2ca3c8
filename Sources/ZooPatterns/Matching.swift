import ZooCompiler
import ZooCore
import ZooOperators

/// What passes ask that look for patterns. They replace the last node of one; what only that one needed is dead code
/// afterwards.
extension CompilerGraph {
  /// The operands of a node of two, the one for which `test` holds first.
  func operands<Found>(
    _ node: CompilerNode, _ test: (ValueID) -> Found?
  ) -> (found: Found, other: ValueID)? {
    guard node.inputs.count == 2, let left = node.inputs[0], let right = node.inputs[1] else { return nil }
    if let found = test(left) { return (found, right) }
    return test(right).map { ($0, left) }
  }

  /// As many nodes are looked through that only scale or reshape. Nobody writes more, and of a long chain each link
  /// would look at all before it.
  private static var mostLinks: Int { 16 }

  /// `value` without what multiplies or divides it by a number.
  func unscaled(_ value: ValueID) -> (value: ValueID, factor: Float) {
    var (value, factor) = (value, Float(1))
    for _ in 0..<Self.mostLinks {
      if let product = making(value, "Mul"), let (number, other) = operands(product, scalar),
        shape(of: other) == shape(of: value)
      {
        (value, factor) = (other, factor * number)
      } else if let quotient = making(value, "Div"), let dividend = quotient.input(0),
        let divisor = scalar(quotient.input(1)), divisor != 0, shape(of: dividend) == shape(of: value)
      {
        (value, factor) = (dividend, factor / divisor)
      } else {
        break
      }
    }
    return (value, factor)
  }

  /// A product of many as its numbers, multiplied, and its other factors.
  func product(_ value: ValueID, depth: Int = 4) -> (number: Float, factors: [ValueID]) {
    let (base, number) = unscaled(value)
    guard depth > 0, let node = making(base, "Mul"), node.inputs.count == 2, let left = node.inputs[0],
      let right = node.inputs[1], [left, right].allSatisfy({ shape(of: $0) == shape(of: base) })
    else { return (number, [base]) }
    let (first, second) = (product(left, depth: depth - 1), product(right, depth: depth - 1))
    return (number * first.number * second.number, first.factors + second.factors)
  }

  /// A value with the elements of `value` in another shape or order, that a pattern's nodes make.
  mutating func addValue(like value: ValueID, shape: [Int], name: String) -> ValueID {
    let facts = ValueFacts(self[value].facts.kind, shape: shape.map { Dim($0) })
    let made = addValue(facts, name: "\(self[value].name)/\(name)")
    self[made].range = self[value].range
    return made
  }

  /// `value` in another shape: itself, what it was made from, or by a node that is added to `nodes`.
  ///
  /// - Parameter output: The value that is to be made, if it is there already.
  mutating func reshaped(
    _ value: ValueID, to shape: [Int], as output: ValueID? = nil, _ nodes: inout [CompilerNode]
  ) throws -> ValueID {
    if output == nil {
      var source = value
      for _ in 0..<Self.mostLinks {
        if self.shape(of: source) == shape { return source }
        guard let producer = self[source].producer, let input = self[producer].input(0),
          self[producer].epilogue.isEmpty, self[producer].isView
        else { break }
        source = input
      }
    }
    let made = output ?? addValue(like: value, shape: shape, name: shape.map(String.init).joined(separator: "×"))
    let extents = StoredTensor(try Tensor(shape.map(Int64.init), shape: [shape.count]))
    let constant = addConstant(extents, name: "\(self[made].name)/shape", holdsForShapes: true)
    nodes.append(
      CompilerNode("Reshape", opset: 14, name: self[made].name, inputs: [value, constant], outputs: [made]))
    return made
  }
}

/// Whether two constants are the same but for the digits that an exporter wrote.
func isClose(_ number: Float, _ wanted: Float) -> Bool { (number - wanted).magnitude <= 1e-5 * wanted }
