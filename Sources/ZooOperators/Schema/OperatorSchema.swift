import Synchronization
import ZooCore

/// What one version of one of ONNX's operators takes and gives.
package struct OperatorSchema: Sendable {
  package struct Parameter: Sendable {
    package enum Kind: Sendable { case single, optional, repeated, repeatedOfAnyTypes }
    package var kind: Kind
    /// The type variable; empty for types that are given outright.
    package var variable: String
    package var types: TypeSet
  }

  package struct AttributeRule: Sendable {
    package var kind: Int32
    package var isRequired: Bool

    /// Whether the attribute may have that value. Sparse tensors are tensors once they are read.
    package func holds(_ value: Attribute.Value) -> Bool {
      kind == value.kind || kind == 11 && value.kind == 4 || kind == 12 && value.kind == 9
    }
  }

  package var version: Int64
  package var isDeprecated: Bool
  package var inputs: [Parameter]
  package var outputs: [Parameter]
  package var attributes: [String: AttributeRule]

  /// The parameter at `index` of `parameters`, of which the last may be repeated.
  package static func parameter(_ index: Int, of parameters: [Parameter]) -> Parameter? {
    if index < parameters.count { return parameters[index] }
    guard let last = parameters.last, last.kind == .repeated || last.kind == .repeatedOfAnyTypes else { return nil }
    return last
  }
}

/// Types that a parameter may have.
package struct TypeSet: Sendable, Hashable {
  package var bits: UInt32

  package init(bits: UInt32) { self.bits = bits }

  package func contains(_ form: ValueType.Form) -> Bool {
    switch form {
    case .tensor(let type, _): (0..<29).contains(type) && bits & 1 << UInt32(type) != 0
    case .sequence: bits & 1 << 29 != 0
    case .optional: bits & 1 << 30 != 0
    case .map: bits & 1 << 31 != 0
    default: true
    }
  }

  static let int32 = TypeSet(bits: 1 << 6)
  static let int64 = TypeSet(bits: 1 << 7)

  /// Whether a value of `kind` is among them.
  func contains(_ kind: ValueKind) -> Bool {
    switch kind {
    case .tensor(let type): bits & 1 << UInt32(type.rawValue) != 0
    case .sparseTensor: true
    case .sequence: bits & 1 << 29 != 0
    case .optional: bits & 1 << 30 != 0
    case .map: bits & 1 << 31 != 0
    }
  }

  /// Those of all numbers in place of those of some: not texts, truth values and complex numbers.
  var withAllNumbers: TypeSet {
    let others = [ElementType.string, .bool, .complex64, .complex128].reduce(1 as UInt32) {
      $0 | 1 << UInt32($1.rawValue)
    }
    let numbers: UInt32 = (1 << 29 - 1) & ~others
    return bits & numbers == 0 ? self : TypeSet(bits: bits | numbers)
  }

  /// The tensor type, if there is just one.
  var only: ValueKind? {
    guard bits.nonzeroBitCount == 1, bits < 1 << 29 else { return nil }
    return ElementType(rawValue: Int32(bits.trailingZeroBitCount)).map(ValueKind.tensor)
  }
}

/// All versions of ONNX's operators.
package enum OperatorHistory {
  /// Every operator's lines in the table, oldest first.
  private static let lines: [Substring: [Substring]] = {
    var lines: [Substring: [Substring]] = [:]
    for line in schemaTable.utf8.split(separator: UInt8(ascii: "\n")) {
      lines[Substring(line.prefix { $0 != UInt8(ascii: " ") }), default: []].append(Substring(line))
    }
    return lines
  }()

  /// The schemas of operators that were asked for: a model has few of them.
  private static let parsed = Mutex<[String: [OperatorSchema]]>([:])

  /// Every operator, with its domain if that is not ONNX's own.
  package static var operators: [(domain: String, name: String)] {
    lines.keys.map { key in
      let parts = key.split(separator: ":")
      return (parts.count > 1 ? String(parts[0]) : "", String(parts[parts.count - 1]))
    }
  }

  /// Oldest first.
  package static func versions(of name: String, domain: String = "") -> [OperatorSchema] {
    let key = domain.isEmpty ? name : "\(domain):\(name)"
    guard let lines = lines[Substring(key)] else { return [] }
    return parsed.withLock { parsed in
      if let known = parsed[key] { return known }
      let schemas = lines.map(parse)
      parsed[key] = schemas
      return schemas
    }
  }

  /// The schema that operator set `version` of `domain` has; `nil` where it has none.
  package static func schema(_ name: String, domain: String = "", at version: Int64) -> OperatorSchema? {
    versions(of: name, domain: domain).last { $0.version <= version }
  }

  private static let kinds: [Character: Int32] = [
    "f": 1, "i": 2, "s": 3, "t": 4, "g": 5, "F": 6, "I": 7, "S": 8, "T": 9, "G": 10, "p": 11, "P": 12, "y": 13, "Y": 14,
  ]

  private static func parse(_ line: Substring) -> OperatorSchema {
    let parts = line.split(separator: "|", omittingEmptySubsequences: false)
    let head = parts[0].split(separator: " ")
    var variables: [Substring: TypeSet] = [:]
    for word in parts[4].split(separator: " ") {
      let pair = word.split(separator: "=")
      variables[pair[0]] = TypeSet(bits: UInt32(pair[1], radix: 16) ?? 0)
    }
    func parameters(_ text: Substring) -> [OperatorSchema.Parameter] {
      text.split(separator: " ").map { word in
        let kind: OperatorSchema.Parameter.Kind =
          switch word.first {
          case "?": .optional
          case "*": .repeated
          case "&": .repeatedOfAnyTypes
          default: .single
          }
        let name = kind == .single ? word : word.dropFirst()
        guard name.first == "#" else {
          return OperatorSchema.Parameter(
            kind: kind, variable: String(name), types: variables[name] ?? TypeSet(bits: .max))
        }
        return OperatorSchema.Parameter(
          kind: kind, variable: "", types: TypeSet(bits: UInt32(name.dropFirst(), radix: 16) ?? .max))
      }
    }
    var attributes: [String: OperatorSchema.AttributeRule] = [:]
    for word in parts[3].split(separator: " ") {
      let pair = word.split(separator: ":")
      attributes[String(pair[0])] = OperatorSchema.AttributeRule(
        kind: pair[1].first.flatMap { kinds[$0] } ?? 0, isRequired: pair[1].last == "!")
    }
    let version = head[1].last == "-" ? head[1].dropLast() : head[1]
    return OperatorSchema(
      version: Int64(version) ?? 0, isDeprecated: head[1].last == "-", inputs: parameters(parts[1]),
      outputs: parameters(parts[2]), attributes: attributes)
  }
}
