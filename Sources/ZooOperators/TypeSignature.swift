import ZooCore

/// The types that an operator takes and gives, for operators that ONNX's schemas don't tell of: `T T ?int64 -> T float32`.
///
/// A word is a type variable, the name of an element type, or `_` for what is not known; `?` stands before what may be left
/// out and `*` before what may be repeated.
struct TypeSignature: Sendable {
  private let inputs, outputs: [OperatorSchema.Parameter]

  init(_ text: String) {
    let words = text.split(separator: " ")
    let arrow = words.firstIndex(of: "->") ?? words.endIndex
    inputs = words[..<arrow].map(Self.parameter)
    outputs = words[arrow...].dropFirst().map(Self.parameter)
  }

  private static let elementTypes = Dictionary(
    uniqueKeysWithValues: ElementType.allCases.map { (Substring($0.name), $0) })

  private static func parameter(_ word: Substring) -> OperatorSchema.Parameter {
    let kind: OperatorSchema.Parameter.Kind =
      switch word.first {
      case "?": .optional
      case "*": .repeated
      default: .single
      }
    let name = kind == .single ? word : word.dropFirst()
    if let type = elementTypes[name] {
      return OperatorSchema.Parameter(kind: kind, variable: "", types: TypeSet(bits: 1 << UInt32(type.rawValue)))
    }
    return OperatorSchema.Parameter(kind: kind, variable: name == "_" ? "" : String(name), types: TypeSet(bits: .max))
  }

  var rule: OperatorDeclaration.TypeRule {
    { node in try node.kinds(inputs: inputs, outputs: outputs) }
  }
}

extension Inference {
  /// The outputs' kinds by the type variables that they share with inputs, and those that have only one.
  func kinds(inputs: [OperatorSchema.Parameter], outputs: [OperatorSchema.Parameter]) throws -> [ValueKind?] {
    var bound: [String: ValueKind] = [:]
    for (index, input) in self.inputs.enumerated() {
      // Types that the version does not allow are left to kernels, which may take more.
      guard let kind = input?.kind, let parameter = OperatorSchema.parameter(index, of: inputs),
        !parameter.variable.isEmpty,
        parameter.kind != .repeatedOfAnyTypes
      else { continue }
      if let other = bound.updateValue(kind, forKey: parameter.variable), other != kind {
        throw invalid("input \(index) is \(kind.name) where \(other.name) is needed, as before it")
      }
    }
    return node.outputs.indices.map { index in
      guard let parameter = OperatorSchema.parameter(index, of: outputs) else { return nil }
      return bound[parameter.variable] ?? parameter.types.only
    }
  }
}
