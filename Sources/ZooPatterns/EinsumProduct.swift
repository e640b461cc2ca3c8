import ZooCompiler
import ZooCore

extension FusePatterns {
  /// An Einsum of two operands as a product of matrices, whose weights are packed and to which steps are folded, between what
  /// brings dimensions in order; without a sum, as a product of elements.
  func einsumProduct(_ node: CompilerNode, _ graph: inout CompilerGraph) -> [CompilerNode]? {
    guard let (left, right, result) = einsumTerms(node, graph), let output = node.outputs[0] else { return nil }
    guard (left.shape + right.shape).allSatisfy({ $0 > 0 }) else { return nil }
    var builder = EinsumBuilder(node: node, left: left, right: right, output: output, result: result.labels)
    do {
      if let form = EinsumForm(left, right, result: result.labels) {
        try builder.multiply(form, &graph)
      } else {
        try builder.multiplyElements(left, right, &graph)
      }
      return builder.nodes
    } catch {
      return nil
    }
  }

  /// The operands and the result, whose dimensions all have names of their own that all mean one length, and of which none is
  /// summed over in one operand alone.
  private func einsumTerms(_ node: CompilerNode, _ graph: CompilerGraph)
    -> (EinsumTerm, EinsumTerm, EinsumTerm)?
  {
    guard node.inputs.count == 2, let text = node.text("equation") else { return nil }
    let terms = Array(text.utf8.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: ">") })
      .split(maxSplits: 3, omittingEmptySubsequences: false) { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "-") }
    guard terms.count == 3, let a = EinsumTerm(terms[0], node.inputs[0], graph),
      let b = EinsumTerm(terms[1], node.inputs[1], graph), let y = EinsumTerm(terms[2], node.outputs[0], graph),
      a.labels.allSatisfy({ b.extent($0) ?? a.extent($0) == a.extent($0) }),
      (a.labels + b.labels).allSatisfy({ y.has($0) || a.has($0) && b.has($0) }),
      y.labels.allSatisfy({ a.has($0) || b.has($0) })
    else { return nil }
    return (a, b, y)
  }
}

/// A tensor whose dimensions have names, letters.
private struct EinsumTerm {
  let labels: [UInt8]
  let value: ValueID
  let shape: [Int]

  /// `nil` where an ellipsis stands for dimensions, one name for two, or the shape is not known.
  init?(_ text: ArraySlice<UInt8>, _ value: ValueID?, _ graph: CompilerGraph) {
    let labels = Array(text)
    guard let value, let shape = graph.shape(of: value), shape.count == text.count,
      graph.type(of: value) == .float32, !text.contains(UInt8(ascii: ".")),
      labels.indices.allSatisfy({ labels.firstIndex(of: labels[$0]) == $0 })
    else { return nil }
    (self.labels, self.value, self.shape) = (labels, value, shape)
  }

  func extent(_ label: UInt8) -> Int? { labels.firstIndex(of: label).map { shape[$0] } }
  func has(_ label: UInt8) -> Bool { labels.contains(label) }
}

/// Two operands as stacks of matrices; their products are (stack, rows, columns).
private struct EinsumForm {
  let left, right: EinsumTerm
  let stack, rows, columns, inner: [UInt8]

  /// `nil` where nothing is summed over.
  init?(_ a: EinsumTerm, _ b: EinsumTerm, result: [UInt8]) {
    inner = a.labels.filter { !result.contains($0) }
    guard !inner.isEmpty else { return nil }
    for (left, right) in [(a, b), (b, a)] {
      // The result's last dimensions as they are: what only one operand has may be part of the stack, too.
      let columns = Array(result.reversed().prefix { right.has($0) && !left.has($0) }.reversed())
      let rest = result.dropLast(columns.count)
      let rows = Array(rest.reversed().prefix { left.has($0) && !right.has($0) }.reversed())
      guard !columns.isEmpty, !rows.isEmpty else { continue }
      (self.left, self.right, self.rows, self.columns) = (left, right, rows, columns)
      stack = Array(rest.dropLast(rows.count))
      return
    }
    (left, right) = (a, b)
    stack = result.filter { a.has($0) && b.has($0) }
    rows = result.filter { a.has($0) && !b.has($0) }
    columns = result.filter { b.has($0) && !a.has($0) }
  }
}

private struct EinsumBuilder {
  let node: CompilerNode
  let left, right: EinsumTerm
  let output: ValueID
  let result: [UInt8]
  var nodes: [CompilerNode] = []

  private func extent(_ label: UInt8) -> Int { left.extent(label) ?? right.extent(label) ?? 1 }
  private func count(_ labels: [UInt8]) -> Int { labels.reduce(1) { $0 * extent($1) } }

  mutating func multiply(_ form: EinsumForm, _ graph: inout CompilerGraph) throws {
    let left = try operand(form.left, form, form.rows, form.inner, &graph)
    let right = try operand(form.right, form, form.inner, form.columns, &graph)
    let stack = form.stack.map(extent)
    let made = form.stack + form.rows + form.columns
    let matrices = stack + [count(form.rows), count(form.columns)]
    let isWhole = form.rows.count == 1 && form.columns.count == 1
    let product = isWhole && made == result ? output : graph.addValue(like: output, shape: matrices, name: "product")
    add("MatMul", [left, right], product)
    guard product != output else { return }
    let shape = made.map(extent)
    if made == result {
      _ = try graph.reshaped(product, to: shape, as: output, &nodes)
    } else {
      let apart = isWhole ? product : graph.addValue(like: output, shape: shape, name: "apart")
      if !isWhole { _ = try graph.reshaped(product, to: shape, as: apart, &nodes) }
      transpose(apart, result.compactMap { made.firstIndex(of: $0) }, to: output)
    }
  }

  /// An operand as matrices of `rows` and `columns`, one number along what it lacks of the stack.
  private mutating func operand(
    _ term: EinsumTerm, _ form: EinsumForm, _ rows: [UInt8], _ columns: [UInt8],
    _ graph: inout CompilerGraph
  ) throws -> ValueID {
    let value = ordered(term, form.stack.filter(term.has) + rows + columns, &graph)
    let stack = Array(form.stack.drop { !term.has($0) }).map { term.has($0) ? extent($0) : 1 }
    return try graph.reshaped(value, to: stack + [count(rows), count(columns)], &nodes)
  }

  mutating func multiplyElements(_ left: EinsumTerm, _ right: EinsumTerm, _ graph: inout CompilerGraph) throws {
    var operands: [ValueID] = []
    for term in [left, right] {
      let value = ordered(term, result.filter(term.has), &graph)
      operands.append(try graph.reshaped(value, to: result.map { term.has($0) ? extent($0) : 1 }, &nodes))
    }
    add("Mul", operands, output)
  }

  /// A term's value with its dimensions in another order.
  private mutating func ordered(_ term: EinsumTerm, _ labels: [UInt8], _ graph: inout CompilerGraph) -> ValueID {
    guard labels != term.labels else { return term.value }
    let made = graph.addValue(
      like: term.value, shape: labels.map(extent), name: String(decoding: labels, as: UTF8.self))
    transpose(term.value, labels.compactMap { term.labels.firstIndex(of: $0) }, to: made)
    return made
  }

  private mutating func transpose(_ value: ValueID, _ order: [Int], to output: ValueID) {
    add("Transpose", [value], output, [Attribute("perm", .ints(order.map(Int64.init)))])
  }

  private mutating func add(
    _ operatorType: String, _ inputs: [ValueID], _ output: ValueID, _ attributes: [Attribute] = []
  ) {
    nodes.append(
      CompilerNode(
        operatorType, opset: 13, name: node.name, inputs: inputs, outputs: [output], attributes: attributes))
  }
}
