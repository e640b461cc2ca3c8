import ZooCore
import ZooOperators

/// What is known about a value of the graph.
struct KnownValue {
  /// Its type; the shape in it does not count.
  var form: ValueType.Form?
  /// Its extents, `nil` where they are not known; `nil` as a whole where the rank is not.
  var shape: [Int?]?
  /// Its elements, if they never change.
  var constant: StoredTensor?

  init(form: ValueType.Form? = nil, shape: [Int?]? = nil, constant: StoredTensor? = nil) {
    self.form = form
    self.shape = shape
    self.constant = constant
  }

  init(constant: StoredTensor) {
    self.constant = constant
    form = .tensor(elementType: constant.type.rawValue, shape: nil)
    shape = constant.shape
  }

  /// What a file says about a value.
  init(_ info: ValueInfo) {
    guard let type = info.type else { return }
    form = type.form
    if case .tensor(_, let dimensions?) = type.form {
      shape = dimensions.map { if case .fixed(let extent) = $0.extent { Self.extent(Int(extent)) } else { nil } }
    }
    if case .missing = type.form { form = nil }
  }

  /// What a declaration tells of a value.
  init(_ facts: ValueFacts) {
    form = facts.kind.map(ValueType.Form.init)
    shape = facts.shape.map { $0.map { $0.number.flatMap(Self.extent) } }
    constant = facts.constant ?? facts.constantElements
  }

  /// What declarations ask for.
  var facts: ValueFacts {
    if let constant { return ValueFacts(constant) }
    var facts = ValueFacts(form.flatMap { ValueKind(ValueType($0)) })
    facts.shape = shape.map { $0.map { $0.map { Dim($0) } ?? .unknown() } }
    return facts
  }

  /// An extent that can be reckoned with; `nil` for what no tensor has.
  static func extent(_ value: Int) -> Int? { (0...1 << 40).contains(value) ? value : nil }

  /// This, and where this knows less, `other`.
  func completed(by other: KnownValue?) -> KnownValue {
    guard let other else { return self }
    var value = self
    value.form = form ?? other.form
    value.constant = constant ?? other.constant
    if let shape, let more = other.shape, shape.count == more.count {
      value.shape = zip(shape, more).map { $0 ?? $1 }
    } else {
      value.shape = shape ?? other.shape
    }
    return value
  }

  var elementType: ElementType? {
    guard case .tensor(let type, _)? = form else { return nil }
    return ElementType(rawValue: type)
  }
}

extension ValueFacts {
  /// The elements as a constant, where all are known.
  fileprivate var constantElements: StoredTensor? {
    guard let shape = fixedShape, let elements else { return nil }
    let numbers = elements.compactMap(\.number)
    guard numbers.count == elements.count else { return nil }
    let tensor =
      switch elementType {
      case .int64: try? Tensor(numbers.map(Int64.init), shape: shape)
      case .int32: try? Tensor(numbers.map { Int32(clamping: $0) }, shape: shape)
      default: Tensor?.none
      }
    return tensor.map { StoredTensor($0) }
  }
}

extension ValueType.Form {
  init(_ kind: ValueKind) {
    switch kind {
    case .tensor(let type): self = .tensor(elementType: type.rawValue, shape: nil)
    case .sparseTensor(let type): self = .sparseTensor(elementType: type.rawValue, shape: nil)
    case .sequence(let element): self = .sequence(ValueType(Self(element)))
    case .optional(let element): self = .optional(ValueType(Self(element)))
    case .map(let key, let value): self = .map(keyType: key.rawValue, value: ValueType(Self(value)))
    }
  }
}
