/// ONNX's GraphProto: nodes in topological order that compute `outputs` from `inputs`.
public struct Graph: Sendable {
  public var name = ""
  public var nodes: [Node] = []
  /// Constants, by name. An initializer that is also an input is that input's default.
  public var initializers: [NamedTensor] = []
  public var inputs: [ValueInfo] = []
  public var outputs: [ValueInfo] = []
  /// Types of values in between, where the file gives them.
  public var values: [ValueInfo] = []
  public var documentation = ""
  public var properties: [Property] = []
  public var unknownFields: [UnknownField] = []

  public init() {}

  /// Every name that this graph's nodes, their subgraphs or its outputs read.
  package var readNames: Set<String> {
    var names = Set(outputs.map(\.name))
    for node in nodes {
      names.formUnion(node.inputs)
      for graph in node.subgraphs { names.formUnion(graph.readNames) }
    }
    return names
  }
}

/// A constant of a graph or an attribute.
public struct NamedTensor: Sendable {
  public var name: String
  public var documentation: String
  public var properties: [Property]
  public var tensor: StoredTensor
  public var unknownFields: [UnknownField]

  public init(
    name: String, tensor: StoredTensor, documentation: String = "", properties: [Property] = [],
    unknownFields: [UnknownField] = []
  ) {
    self.name = name
    self.tensor = tensor
    self.documentation = documentation
    self.properties = properties
    self.unknownFields = unknownFields
  }
}

/// ONNX's NodeProto: one operator applied to named values.
public struct Node: Sendable {
  public var name: String
  public var domain: String
  public var operatorType: String
  /// ONNX's `overload`, for functions.
  public var overload = ""
  /// An empty name is an absent optional input.
  public var inputs: [String]
  public var outputs: [String]
  public var attributes: [Attribute]
  public var documentation = ""
  public var properties: [Property] = []
  public var unknownFields: [UnknownField] = []

  public init(
    _ operatorType: String, domain: String = "", name: String = "", inputs: [String], outputs: [String],
    attributes: [Attribute] = []
  ) {
    self.operatorType = operatorType
    self.domain = domain
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
  }

  /// The graphs in the node's attributes: bodies of If, Loop, Scan and others like them.
  package var subgraphs: [Graph] {
    attributes.flatMap { attribute -> [Graph] in
      switch attribute.value {
      case .graph(let graph): [graph]
      case .graphs(let graphs): graphs
      default: []
      }
    }
  }

  /// The value of the attribute `name`, if the node has it.
  public subscript(attribute name: String) -> Attribute.Value? {
    attributes.first { $0.name == name }?.value
  }

  /// The tensor of ONNX's Constant, dense or sparse, where it has one.
  package var constantTensor: StoredTensor? {
    guard operatorType == "Constant", domain.isEmpty || domain == "ai.onnx" else { return nil }
    guard case .tensor(let value)? = self[attribute: "value"] ?? self[attribute: "sparse_value"] else { return nil }
    return value.tensor
  }

  /// How errors name the node: `Conv "layer1.0.conv1"`.
  public var label: String {
    let type = domain.isEmpty ? operatorType : "\(domain).\(operatorType)"
    let shown = name.isEmpty ? outputs.first { !$0.isEmpty } ?? "" : name
    return "\(type) \"\(shown)\""
  }
}

/// ONNX's AttributeProto.
public struct Attribute: Sendable {
  public var name: String
  public var value: Value
  public var documentation = ""
  /// In a function's body: the attribute of the function that this one stands for.
  public var referenceName = ""
  public var unknownFields: [UnknownField] = []

  public init(_ name: String, _ value: Value) {
    self.name = name
    self.value = value
  }

  /// Strings are bytes, as in ONNX.
  public indirect enum Value: Sendable {
    case float(Float)
    case int(Int64)
    case string([UInt8])
    case tensor(NamedTensor)
    case graph(Graph)
    case type(ValueType)
    case floats([Float])
    case ints([Int64])
    case strings([[UInt8]])
    case tensors([NamedTensor])
    case graphs([Graph])
    case types([ValueType])
    /// A kind that is kept only as the file had it, in `unknownFields`, or a reference to a function's attribute; the
    /// number is AttributeProto.AttributeType's.
    case opaque(kind: Int32)

    /// AttributeProto.AttributeType's number.
    public var kind: Int32 {
      switch self {
      case .float: 1
      case .int: 2
      case .string: 3
      case .tensor: 4
      case .graph: 5
      case .floats: 6
      case .ints: 7
      case .strings: 8
      case .tensors: 9
      case .graphs: 10
      case .type: 13
      case .types: 14
      case .opaque(let kind): kind
      }
    }
  }

  /// An attribute of text.
  public static func text(_ name: String, _ value: String) -> Attribute {
    Attribute(name, .string(Array(value.utf8)))
  }
}

/// ONNX's ValueInfoProto.
public struct ValueInfo: Sendable, Hashable {
  public var name: String
  public var type: ValueType?
  public var documentation = ""
  public var properties: [Property] = []
  public var unknownFields: [UnknownField] = []

  public init(name: String, type: ValueType? = nil) {
    self.name = name
    self.type = type
  }

  /// A tensor with the given dimensions.
  public init(name: String, elementType: ElementType, shape: [ShapeDimension]) {
    self.init(name: name, type: ValueType(.tensor(elementType: elementType.rawValue, shape: shape)))
  }
}

/// ONNX's TypeProto.
public struct ValueType: Sendable, Hashable {
  public var form: Form
  public var denotation = ""
  public var unknownFields: [UnknownField] = []

  public init(_ form: Form) { self.form = form }

  /// Element types are DataType numbers, so that newer ones survive; a `nil` shape is an unknown rank.
  public indirect enum Form: Sendable, Hashable {
    case tensor(elementType: Int32, shape: [ShapeDimension]?)
    case sparseTensor(elementType: Int32, shape: [ShapeDimension]?)
    case sequence(ValueType)
    case map(keyType: Int32, value: ValueType)
    case optional(ValueType)
    case opaque(domain: String, name: String)
    /// No value at all was set.
    case missing
  }
}

/// ONNX's TensorShapeProto.Dimension.
public struct ShapeDimension: Sendable, Hashable {
  public enum Extent: Sendable, Hashable {
    case fixed(Int64)
    /// The same symbol is the same number everywhere in a model.
    case symbol(String)
    case unknown

    /// Exporters write -1, or a symbol without a name, for what they leave open.
    fileprivate var normalized: Extent {
      switch self {
      case .fixed(let extent) where extent < 0: .unknown
      case .symbol(""): .unknown
      default: self
      }
    }
  }
  /// Never a negative number: that becomes `unknown`.
  public var extent: Extent { didSet { extent = extent.normalized } }
  public var denotation = ""

  public init(_ extent: Extent) { self.extent = extent.normalized }
}

extension ShapeDimension: CustomStringConvertible {
  /// `3`, `batch` or `?`.
  public var description: String {
    switch extent {
    case .fixed(let extent): String(extent)
    case .symbol(let name): name
    case .unknown: "?"
    }
  }
}

extension ShapeDimension: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int64) { self.init(.fixed(value)) }
}

extension ShapeDimension: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { self.init(.symbol(value)) }
}
