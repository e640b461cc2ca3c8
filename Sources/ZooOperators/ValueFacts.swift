import ZooCore

/// What sort of value it is (ONNX's TypeProto without shapes).
package enum ValueKind: Sendable, Hashable {
  case tensor(ElementType)
  case sparseTensor(ElementType)
  indirect case sequence(ValueKind)
  indirect case optional(ValueKind)
  indirect case map(key: ElementType, value: ValueKind)

  /// The kind that a file gives a value; `nil` where it gives none, or one that is not known.
  package init?(_ type: ValueType) {
    switch type.form {
    case .tensor(let number, _):
      guard let type = ElementType(rawValue: number) else { return nil }
      self = .tensor(type)
    case .sparseTensor(let number, _):
      guard let type = ElementType(rawValue: number) else { return nil }
      self = .sparseTensor(type)
    case .sequence(let element):
      guard let kind = ValueKind(element) else { return nil }
      self = .sequence(kind)
    case .optional(let element):
      guard let kind = ValueKind(element) else { return nil }
      self = .optional(kind)
    case .map(let number, let value):
      guard let key = ElementType(rawValue: number), let kind = ValueKind(value) else { return nil }
      self = .map(key: key, value: kind)
    case .opaque, .missing: return nil
    }
  }

  /// The type of a tensor's elements; `nil` for what is no tensor.
  package var elementType: ElementType? {
    guard case .tensor(let type) = self else { return nil }
    return type
  }

  /// How people call it: `float32`, `a sequence of int64`.
  package var name: String {
    switch self {
    case .tensor(let type): type.name
    case .sparseTensor(let type): "a sparse tensor of \(type.name)"
    case .sequence(let element): "a sequence of \(element.name)"
    case .optional(let element): "an optional \(element.name)"
    case .map(let key, let value): "a map from \(key.name) to \(value.name)"
    }
  }
}

/// What is known of a value before it is computed.
package struct ValueFacts: Sendable {
  /// `nil` where it is not known.
  package var kind: ValueKind?
  /// Of a tensor, or of all tensors in a sequence or an optional value, which then have `Dim.unknown()` extents where they
  /// differ; `nil` where the rank is not known.
  package var shape: [Dim]?
  /// The elements of a tensor of few integers, in row-major order, as far as shapes and constants tell.
  package var elements: [Dim]?
  /// The elements of a constant.
  package var constant: StoredTensor?

  package init(_ kind: ValueKind?, shape: [Dim]? = nil, elements: [Dim]? = nil) {
    (self.kind, self.shape, self.elements) = (kind, shape, elements)
  }

  package init(_ type: ElementType, _ shape: [Int]) { self.init(.tensor(type), shape: shape.map { Dim($0) }) }

  package init(_ constant: StoredTensor) {
    self.init(constant.type, constant.shape)
    self.constant = constant
  }

  /// What a file says of a value.
  package init(_ type: ValueType) {
    kind = ValueKind(type)
    shape = Self.shape(type)
  }

  private static func shape(_ type: ValueType) -> [Dim]? {
    switch type.form {
    case .tensor(_, let shape), .sparseTensor(_, let shape): shape?.map { Dim($0) }
    case .sequence(let element), .optional(let element): Self.shape(element)
    case .map, .opaque, .missing: nil
    }
  }

  package var elementType: ElementType? { kind?.elementType }

  /// What a constant of one truth value says; `nil` where it is not known.
  var truth: Bool? {
    if let elements, elements.count == 1 { return elements[0].number.map { $0 != 0 } }
    guard let constant, constant.type == .bool, constant.shape.reduce(1, *) == 1 else { return nil }
    return (try? constant.load())?.withUnsafeBytes { $0.first.map { $0 != 0 } }
  }

  /// What is known of a value that is one of two, which are of the same kind.
  func joined(with other: ValueFacts) -> ValueFacts {
    var result = ValueFacts(kind == nil || kind == other.kind ? other.kind : other.kind == nil ? kind : nil)
    if let shape, let theirs = other.shape, shape.count == theirs.count {
      result.shape = zip(shape, theirs).map { $0 == $1 ? $0 : .unknown() }
    }
    if result.shape != nil, let elements, let theirs = other.elements, elements.count == theirs.count {
      result.elements = zip(elements, theirs).map { $0 == $1 ? $0 : .unknown() }
    }
    return result
  }

  /// The shape in numbers; `nil` where symbols take part.
  package var fixedShape: [Int]? {
    guard let shape else { return nil }
    var numbers: [Int] = []
    numbers.reserveCapacity(shape.count)
    for extent in shape {
      guard let number = extent.number else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}

extension Value {
  /// What sort of value it is; of an empty sequence or optional, one of float32.
  package var kind: ValueKind {
    switch self {
    case .tensor(let tensor): .tensor(tensor.type)
    case .sequence(let elements): .sequence(elements.first?.kind ?? .tensor(.float32))
    case .optional(let element): .optional(element?.kind ?? .tensor(.float32))
    case .map(let keys, let values): .map(key: keys.type, value: .tensor(values.type))
    }
  }
}
