import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Einsum: sums of products over named dimensions, two operands at a time.
  static func einsum(_ host: ZooHost) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator("Einsum", since: 12) { node in
      guard let text = try node.attributes.string("equation") else {
        throw OperatorError("attribute equation is missing")
      }
      let equation = try EinsumEquation(text)
      let type = try node.input(0).type
      guard type.isFloat || zs_typed_matmul(type.rawValue, nil, 0, 0, nil, 0, 0, nil, 0, 0, 0) == 1 else {
        throw unsupported(type)
      }
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          guard outputs.isWritable(0), let target = outputs.data(0) else { return }
          let tensors = try (0..<inputs.count).map { try inputs[$0] }
          let binding = try equation.bind(tensors.map(\.shape))
          let engine = EinsumEngine(
            type: tensors[0].type, size: try tensors[0].elementByteCount, extents: binding.extents, kernels: kernels,
            executor: outputs.executor, host: outputs.call.host)
          var operands = try zip(tensors, binding.operands).map { try engine.operand($0, $1) }
          var result = operands.removeFirst()
          for index in operands.indices {
            // What neither the result nor a later operand names is summed here.
            let later = Set(binding.result).union(operands[(index + 1)...].flatMap(\.labels))
            result = try engine.product(result, operands[index], keeping: later)
          }
          try engine.write(engine.summed(result, keeping: Set(binding.result)), as: binding.result, to: target)
        })
    }
  }
}

/// The names of dimensions in an equation; those under an ellipsis are numbered from the right.
struct EinsumEquation: Sendable {
  enum Label: Hashable, Sendable {
    case letter(Character)
    case covered(Int)
  }

  private enum Part: Equatable, Sendable {
    case letter(Character)
    case ellipsis
  }

  private let terms: [[Part]]
  private let result: [Part]?

  init(_ text: String) throws {
    let text = text.filter { $0 != " " }
    func parts(_ term: Substring) throws -> [Part] {
      var parts: [Part] = []
      var rest = term
      while let first = rest.first {
        if rest.hasPrefix("...") {
          guard !parts.contains(.ellipsis) else { throw OperatorError("\"\(text)\" has two ellipses in one term") }
          parts.append(.ellipsis)
          rest = rest.dropFirst(3)
        } else {
          guard first.isASCII, first.isLetter else { throw OperatorError("\"\(text)\" is no equation: \"\(first)\"") }
          parts.append(.letter(first))
          rest = rest.dropFirst()
        }
      }
      return parts
    }
    var sides = [text[...]]
    if let arrow = text.firstRange(of: "->") { sides = [text[..<arrow.lowerBound], text[arrow.upperBound...]] }
    terms = try sides[0].split(separator: ",", omittingEmptySubsequences: false).map(parts)
    result = try sides.count > 1 ? parts(sides[1]) : nil
  }

  struct Binding {
    var extents: [Label: Int]
    var operands: [[Label]]
    var result: [Label]
    var resultShape: [Int] { result.map { extents[$0] ?? 1 } }
  }

  /// Gives the dimensions of operands of these shapes their names.
  func bind(_ shapes: [[Int]]) throws -> Binding {
    guard shapes.count == terms.count else {
      throw OperatorError("the equation has \(terms.count) terms for \(shapes.count) operands")
    }
    var extents: [Label: Int] = [:]
    var operands: [[Label]] = []
    var covered = 0
    for (term, shape) in zip(terms, shapes) {
      let hidden = shape.count - term.filter { $0 != .ellipsis }.count
      guard hidden >= 0, term.contains(.ellipsis) || hidden == 0 else {
        throw OperatorError("a term of the equation doesn't fit an operand of shape \(shape)")
      }
      covered = max(covered, term.contains(.ellipsis) ? hidden : 0)
      let labels = term.flatMap { part -> [Label] in
        switch part {
        case .letter(let letter): [.letter(letter)]
        case .ellipsis: (0..<hidden).map { .covered(hidden - 1 - $0) }
        }
      }
      for (label, extent) in zip(labels, shape) {
        let known = extents[label] ?? 1
        guard known == 1 || extent == 1 || known == extent else {
          throw OperatorError("a dimension of the equation is \(known) and \(extent) long")
        }
        extents[label] = known == 1 ? extent : known
      }
      operands.append(labels)
    }
    let hidden = (0..<covered).map { Label.covered(covered - 1 - $0) }
    let labels: [Label]
    if let result {
      labels = result.flatMap { part -> [Label] in
        switch part {
        case .letter(let letter): [.letter(letter)]
        case .ellipsis: hidden
        }
      }
    } else {
      // By itself the result has the letters that occur once, in alphabetical order.
      let letters = terms.flatMap { $0 }.compactMap { part -> Character? in
        if case .letter(let letter) = part { letter } else { nil }
      }
      let once = Set(letters).filter { letter in letters.filter { $0 == letter }.count == 1 }
      labels = hidden + once.sorted().map { .letter($0) }
    }
    guard Set(labels).count == labels.count, labels.allSatisfy({ extents[$0] != nil }) else {
      throw OperatorError("the result of the equation names a dimension twice, or one that no operand has")
    }
    let binding = Binding(extents: extents, operands: operands, result: labels)
    _ = try elementCount(binding.resultShape)
    return binding
  }
}
