import Foundation
import ZooCore

/// A folder that is removed with its owner.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/onnx-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }

  func write(_ bytes: [UInt8], to name: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }

  func read(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
  }
}

/// The script that makes and compares models.
let modelsScript = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "models.py").path

/// Protobuf messages, field by field.
struct Wire {
  var bytes: [UInt8] = []

  static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  func integer(_ number: UInt64, _ value: UInt64) -> Wire {
    Wire(bytes: bytes + Self.varint(number << 3) + Self.varint(value))
  }

  func data(_ number: UInt64, _ value: [UInt8]) -> Wire {
    Wire(bytes: bytes + Self.varint(number << 3 | 2) + Self.varint(UInt64(value.count)) + value)
  }

  func text(_ number: UInt64, _ value: String) -> Wire { data(number, Array(value.utf8)) }

  func message(_ number: UInt64, _ value: Wire) -> Wire { data(number, value.bytes) }

  /// A ModelProto around a GraphProto.
  static func model(graph: Wire) -> [UInt8] { Wire().integer(1, 10).message(7, graph).bytes }

  /// A ModelProto with one initializer.
  static func model(initializer: Wire) -> [UInt8] { model(graph: Wire().message(5, initializer)) }

  /// A TensorProto's `external_data`.
  func external(_ entries: KeyValuePairs<String, String>) -> Wire {
    entries.reduce(self) { $0.message(13, Wire().text(1, $1.key).text(2, $1.value)) }.integer(14, 1)
  }
}

/// A model with a bit of everything that ZooCore models.
func sampleModel() throws -> ModelDefinition {
  var model = ModelDefinition()
  model.operatorSets = [OperatorSet(version: 20), OperatorSet(domain: "org.example", version: 1)]
  model.producerName = "tests"
  model.documentation = "zéro \0 inside"
  model.properties = [Property(key: "author", value: "nobody")]
  model.metadata.name = "sample"
  model.metadata.task = .imageClassification
  model.metadata.labels = ["cat", "dog/wolf"]
  model.metadata.image = .imageNet()
  model.unknownFields = [UnknownField(number: 100, wireType: 2, bytes: [3, 1, 2, 3])]
  var inner = Graph()
  inner.nodes = [Node("Identity", inputs: ["x"], outputs: ["z"])]
  inner.outputs = [ValueInfo(name: "z")]
  var reference = Attribute("alpha", .opaque(kind: 1))
  reference.referenceName = "slope"
  let weights = try StoredTensor(Tensor((0..<600).map { Float($0) }, shape: [3, 200]))
  let small = try StoredTensor(Tensor([Int64(1), -1], shape: [2]))
  let names = try StoredTensor(Tensor(strings: [[0, 255], []], shape: [2]))
  model.graph.name = "g"
  model.graph.nodes = [
    Node(
      "If", name: "branch", inputs: ["x", ""], outputs: ["y"],
      attributes: [
        Attribute("then_branch", .graph(inner)), Attribute("zero", .int(0)), Attribute("list", .ints([-1, 2])),
        Attribute("factors", .floats([0.5, -.infinity])), .text("mode", "fast"), Attribute("none", .strings([])),
        Attribute("value", .tensor(NamedTensor(name: "c", tensor: weights))), reference,
      ])
  ]
  model.graph.initializers = [
    NamedTensor(name: "w", tensor: weights, documentation: "weights"), NamedTensor(name: "i", tensor: small),
    NamedTensor(name: "s", tensor: names),
  ]
  model.graph.inputs = [
    ValueInfo(name: "x", elementType: .float32, shape: ["n", 3, ShapeDimension(.unknown)]),
    ValueInfo(name: "m", type: ValueType(.map(keyType: 7, value: ValueType(.sequence(ValueType(.missing)))))),
  ]
  model.graph.outputs = [ValueInfo(name: "y")]
  var function = Function()
  function.name = "F"
  function.domain = "org.example"
  function.attributes = ["slope"]
  function.attributeDefaults = [Attribute("other", .float(0))]
  function.nodes = model.graph.nodes
  model.functions = [function]
  return model
}
