/// A model as its file states it: ONNX's ModelProto, plus what predicting with it needs.
///
/// Everything that ONNX can say is either modelled here or kept verbatim in `unknownFields`, so that reading and
/// writing loses nothing (onnx.proto, "IR specification").
public struct ModelDefinition: Sendable {
  public var irVersion: Int64 = 10
  public var operatorSets: [OperatorSet] = []
  public var producerName = ""
  public var producerVersion = ""
  public var domain = ""
  public var modelVersion: Int64 = 0
  public var documentation = ""
  public var graph = Graph()
  public var functions: [Function] = []
  /// ONNX's `metadata_props`, in the file's order.
  public var properties: [Property] = []
  /// What predicting needs beyond the graph.
  public var metadata = ModelMetadata()
  public var unknownFields: [UnknownField] = []

  public init() {}

  /// What graphs that are built here, and not read, say of their producer.
  package static let ownProducer = "ModelZoo"

  /// A model that is made here: `graph`, written with these operators, ONNX's own first.
  ///
  /// - Parameter producer: The format that it was read from, if any.
  package init(_ graph: Graph, operatorSets: [OperatorSet], producer: String = ownProducer) {
    self.graph = graph
    self.operatorSets = operatorSets
    producerName = producer
    // The version that came with the operator set (onnx/docs/Versioning.md).
    let version = operatorSets.first?.version ?? 0
    irVersion = version <= 18 ? 8 : version <= 20 ? 9 : version <= 22 ? 10 : 11
  }

  /// The version of `domain` that the model imports; `nil` where it imports none.
  public func version(ofDomain domain: String) -> Int64? {
    let wanted = domain == "ai.onnx" ? "" : domain
    return operatorSets.first { ($0.domain == "ai.onnx" ? "" : $0.domain) == wanted }?.version
  }
}

/// ONNX's OperatorSetIdProto.
public struct OperatorSet: Sendable, Hashable {
  /// Empty for ONNX's own operators.
  public var domain: String
  public var version: Int64

  public init(domain: String = "", version: Int64) {
    self.domain = domain
    self.version = version
  }
}

/// ONNX's StringStringEntryProto.
public struct Property: Sendable, Hashable {
  public var key: String
  public var value: String

  public init(key: String, value: String) {
    self.key = key
    self.value = value
  }
}

/// A protobuf field of ONNX that has no place of its own here, kept as the file had it.
public struct UnknownField: Sendable, Hashable {
  public var number: Int32
  public var wireType: UInt8
  /// The field's value without its tag; a length-delimited one keeps its length prefix.
  public var bytes: [UInt8]

  public init(number: Int32, wireType: UInt8, bytes: [UInt8]) {
    self.number = number
    self.wireType = wireType
    self.bytes = bytes
  }
}

/// ONNX's FunctionProto: an operator defined by nodes.
public struct Function: Sendable {
  public var name = ""
  public var domain = ""
  public var overload = ""
  public var inputs: [String] = []
  public var outputs: [String] = []
  /// Attributes without a default.
  public var attributes: [String] = []
  /// Attributes with a default.
  public var attributeDefaults: [Attribute] = []
  public var nodes: [Node] = []
  public var operatorSets: [OperatorSet] = []
  public var values: [ValueInfo] = []
  public var documentation = ""
  public var properties: [Property] = []
  public var unknownFields: [UnknownField] = []

  public init() {}
}
