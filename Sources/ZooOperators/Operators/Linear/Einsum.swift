import ZooCore

extension OperatorDeclaration {
  /// ONNX Einsum: sums of products over named dimensions.
  static let einsum = OperatorDeclaration("Einsum", [.keepsZero]) { node in
    guard let text = try node.text("equation") else { throw node.invalid("attribute equation is missing") }
    let shapes = try node.inputs.indices.map { try node.facts($0).shape }
    return [try EinsumEquation(text, node).resultShape(shapes, node)]
  }
}

/// The names of dimensions in an equation; those under an ellipsis are numbered from the right.
private struct EinsumEquation {
  enum Label: Hashable {
    case letter(Character)
    case covered(Int)
  }

  private enum Part: Hashable {
    case letter(Character)
    case ellipsis
  }

  private let terms: [[Part]]
  private let result: [Part]?

  init(_ text: String, _ node: Inference) throws {
    let text = text.filter { $0 != " " }
    var sides = [text[...]]
    if let arrow = text.firstRange(of: "->") { sides = [text[..<arrow.lowerBound], text[arrow.upperBound...]] }
    terms = try sides[0].split(separator: ",", omittingEmptySubsequences: false).map { try Self.parts($0, node) }
    result = try sides.count > 1 ? Self.parts(sides[1], node) : nil
  }

  private static func parts(_ term: Substring, _ node: Inference) throws -> [Part] {
    var parts: [Part] = []
    var rest = term
    while let first = rest.first {
      if rest.hasPrefix("...") {
        try node.require(!parts.contains(.ellipsis), "\"\(term)\" of the equation has two ellipses")
        parts.append(.ellipsis)
        rest = rest.dropFirst(3)
      } else {
        try node.require(first.isASCII && first.isLetter, "\"\(term)\" is no term of an equation: \"\(first)\"")
        parts.append(.letter(first))
        rest = rest.dropFirst()
      }
    }
    return parts
  }

  /// The shape of the result for operands of these shapes, as far as they are known.
  func resultShape(_ shapes: [[Dim]?], _ node: Inference) throws -> [Dim] {
    try node.require(
      shapes.count == terms.count, "the equation has \(terms.count) terms for \(shapes.count) operands")
    var extents: [Label: Dim] = [:]
    var covered: Int? = 0
    for (term, shape) in zip(terms, shapes) {
      guard let shape else {
        // Of an operand of unknown rank, the letters are there, and any number of dimensions under an ellipsis.
        for label in Self.labels(of: term, covered: 0) {
          extents[label] = Dim.broadcast(extents[label] ?? 1, .unknown())
        }
        if term.contains(.ellipsis) { covered = nil }
        continue
      }
      let hidden = shape.count - term.count(where: { $0 != .ellipsis })
      try node.require(
        hidden >= 0 && (hidden == 0 || term.contains(.ellipsis)),
        "a term of the equation doesn't fit an operand of shape \(shape)")
      if term.contains(.ellipsis) { covered = covered.map { max($0, hidden) } }
      for (label, extent) in zip(Self.labels(of: term, covered: hidden), shape) {
        let known = extents[label] ?? 1
        guard let joint = Dim.broadcast(known, extent) else {
          throw node.invalid("a dimension of the equation is \(known) and \(extent) long")
        }
        extents[label] = joint
      }
    }
    return try resultLabels(covered: covered).map { label in
      guard let extent = extents[label] else {
        throw node.invalid("the result of the equation names a dimension that no operand has")
      }
      return extent
    }
  }

  private static func labels(of term: [Part], covered: Int) -> [Label] {
    term.flatMap { part -> [Label] in
      switch part {
      case .letter(let letter): [.letter(letter)]
      case .ellipsis: (0..<covered).map { .covered(covered - 1 - $0) }
      }
    }
  }

  private func resultLabels(covered: Int?) throws -> [Label] {
    func hidden() throws -> Int {
      guard let covered else { throw NotKnown() }
      return covered
    }
    if let result {
      guard Set(result).count == result.count else {
        throw ZooError(.badData, "the result of the equation names a dimension twice")
      }
      return Self.labels(of: result, covered: result.contains(.ellipsis) ? try hidden() : 0)
    }
    // By itself the result has the letters that occur once, in alphabetical order.
    var counts: [Character: Int] = [:]
    for case .letter(let letter) in terms.joined() { counts[letter, default: 0] += 1 }
    let once = counts.filter { $0.value == 1 }.keys.sorted()
    return Self.labels(of: [.ellipsis], covered: try hidden()) + once.map { .letter($0) }
  }
}
