import ZooCore

extension OperatorDeclaration {
  /// Tells of a node whose shapes are known which inputs it goes through row by row.
  package typealias RowRule = @Sendable (Inference) throws -> [Int]

  /// The inputs, by position, of which row i alone, along the first axis, makes row i of every output. All rows depend on
  /// the whole of the other inputs. None where rows depend on each other, or nothing is known of it.
  ///
  /// - Parameter output: The shape of output 0.
  package func inputsByRow(_ node: Inference, output: [Int]) throws -> [Int] {
    guard let rows = output.first else { return [] }
    let shapes = node.inputs.map { $0?.fixedShape }
    if traits.contains(.elementwise) {
      return shapes.indices.filter { shapes[$0]?.count == output.count && shapes[$0]?.first == rows }
    }
    if traits.contains(.view) { return shapes.first??.first == rows ? [0] : [] }
    return try node.ifKnown { try rowRule?(node) ?? [] } ?? []
  }

  /// The same operator, which goes through the inputs that `rule` names row by row; input 0 if there is none.
  func byRow(_ rule: @escaping RowRule = { _ in [0] }) -> OperatorDeclaration {
    var other = self
    other.rowRule = rule
    return other
  }

  /// The same operator, which reads as many rows of `inputs` as the one number of input `count` says.
  func readingRows(of inputs: [Int], count: Int) -> OperatorDeclaration {
    var other = self
    other.countedRows = CountedRows(inputs: inputs, count: count)
    return other
  }

  /// Inputs of which an operator reads the first rows alone, and the one that says how many.
  package struct CountedRows: Sendable {
    package let inputs: [Int]
    package let count: Int
  }
}
