import ModelZoo
import OpsetConversion
import ZooCore
import ZooOperators
import ZooPluginHost
import ZooRuntime

extension FuzzTarget {
  /// Graphs of every operator that plugins offer or functions stand for, with types, shapes and attributes that may fit
  /// or not, compiled and run.
  static let graph = FuzzTarget(
    name: "graph",
    seeds: { (0..<GraphMaker.operators.count).map { [UInt8($0 >> 8), UInt8($0 & 255)] } }
  ) { bytes in
    var maker = GraphMaker(Choices(bytes))
    let (model, inputs) = try maker.make()
    let compiled = try CompiledModel(
      model, registry: GraphMaker.registry, options: CompileOptions(threads: 1, memoryLimit: 256 << 20))
    for output in try compiled.run(inputs).values where output.type != .string {
      output.withUnsafeBytes { _ = $0.reduce(0) { $0 &+ Int($1) } }
    }
  }
}

/// Makes graphs of what a fuzzer's bytes decide.
private struct GraphMaker {
  static let registry: OperatorRegistry = {
    do {
      return try Plugins.linked.registry()
    } catch { fatalError("\(error)") }
  }()

  static let operators: [OperatorRegistry.OperatorInfo] = {
    let functions = OperatorCatalogue.all.filter(\.isFunction).map {
      OperatorRegistry.OperatorInfo(domain: $0.domain, name: $0.name, sinceVersion: 1)
    }
    return Array(Set(registry.plugins.flatMap(\.operators) + functions)).sorted()
  }()

  private static let types: [ElementType] = ElementType.allCases
  private static let words = [
    "", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", "constant", "reflect", "edge", "wrap", "nearest", "linear",
    "cubic", "half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel", "tf_crop_and_resize",
    "half_pixel_symmetric", "floor", "ceil", "round_prefer_floor", "round_prefer_ceil", "add", "mul", "max", "min",
    "none", "sum", "mean", "forward", "reverse", "bidirectional", "Tanh", "Sigmoid", "Relu", "Affine", "tanh", "avg",
    "DCR", "CRD", "bilinear", "zeros", "border", "bij,bjk->bik", "ij->ji", "...i->i", "LINEAR", "RBF", "POLY",
    "SIGMOID", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT", "NONE", "MAX", "L1", "L2", "output_height_width",
  ]
  /// Of operators that ONNX's table does not have.
  private static let attributeNames: [(String, Int)] = [
    ("coefficients", 6), ("intercepts", 6), ("kernel_params", 6), ("offset", 6), ("scale", 6), ("rho", 6),
    ("prob_a", 6), ("prob_b", 6), ("support_vectors", 6), ("vectors_per_class", 7), ("classlabels_ints", 7),
    ("classlabels_int64s", 7), ("classlabels_strings", 8), ("kernel_type", 3), ("post_transform", 3), ("norm", 3),
    ("targets", 2), ("n_supports", 2), ("one_class", 2), ("multi_class", 2), ("axis", 2), ("to", 2), ("size", 2),
    ("count", 2), ("threshold", 1), ("num_heads", 2), ("kv_num_heads", 2), ("K", 2), ("N", 2), ("bits", 2),
    ("block_size", 2), ("quantize_axis", 2), ("gather_axis", 2), ("do_rotary", 2), ("interleaved", 2),
    ("rotary_embedding_dim", 2), ("unidirectional", 2), ("qkv_hidden_sizes", 7), ("hidden_size", 2), ("alpha", 1),
    ("beta", 1), ("epsilon", 1), ("activation", 3), ("activation_params", 6), ("activation_alpha", 1),
    ("activations", 8), ("direction", 3), ("kernel_shape", 7), ("pads", 7), ("strides", 7), ("dilations", 7),
    ("group", 2), ("auto_pad", 3), ("ceil_mode", 2), ("channels_last", 2), ("transA", 2), ("transB", 2),
    ("transBatchA", 2), ("local_window_size", 2),
  ]

  private var choices: Choices
  private var model = ModelDefinition()
  private var inputs: [String: Tensor] = [:]
  private var values: [String] = []

  init(_ choices: Choices) { self.choices = choices }

  mutating func make() throws -> (ModelDefinition, [String: Tensor]) {
    let first = Self.operators[choices.number(below: max(Self.operators.count, 257)) % Self.operators.count]
    model.operatorSets = Set(Self.operators.map(\.domain)).sorted().map { OperatorSet(domain: $0, version: 1) }
    for index in model.operatorSets.indices {
      let domain = model.operatorSets[index].domain
      model.operatorSets[index].version =
        domain.isEmpty ? Int64(choices.one(of: [21, 24, 13, 11, 7, 18, 23])) : domain == "ai.onnx.ml" ? 3 : 1
    }
    try add(first)
    for _ in 0..<choices.number(below: 4) { try add(choices.one(of: Self.operators)) }
    model.graph.outputs = model.graph.nodes.flatMap(\.outputs).filter { !$0.isEmpty }.suffix(3).map {
      ValueInfo(name: $0)
    }
    return (model, inputs)
  }

  private mutating func add(_ info: OperatorRegistry.OperatorInfo) throws {
    let index = model.graph.nodes.count
    let version = model.operatorSets.first { $0.domain == info.domain }?.version ?? 1
    let schema = info.domain.isEmpty ? OperatorHistory.schema(info.name, at: version) : nil
    var node = Node(info.name, domain: info.domain, name: "n\(index)", inputs: [], outputs: [])
    let parameters = schema?.inputs ?? []
    let most = parameters.last.map { $0.kind == .repeated || $0.kind == .repeatedOfAnyTypes } ?? true ? 4 : 0
    var common: ElementType?
    for position in 0..<parameters.count + choices.number(below: most + 1) {
      let parameter = OperatorSchema.parameter(position, of: parameters)
      if parameter?.kind == .optional, choices.rarely(3) {
        node.inputs.append("")
      } else {
        node.inputs.append(try value(parameter?.types ?? TypeSet(bits: .max), like: &common))
      }
    }
    for position in 0..<max(schema?.outputs.count ?? 1, 1) + (choices.rarely(8) ? 2 : 0) {
      node.outputs.append("v\(index).\(position)")
    }
    addAttributes(to: &node, schema)
    model.graph.nodes.append(node)
    values += node.outputs
  }

  /// A value that is there already, or a new one of a type that fits, mostly.
  private mutating func value(_ types: TypeSet, like common: inout ElementType?) throws -> String {
    if !values.isEmpty, choices.rarely(3) { return choices.one(of: values) }
    let fitting = Self.types.filter { types.contains(.tensor(elementType: $0.rawValue, shape: nil)) }
    var type = fitting.isEmpty || choices.rarely(16) ? choices.one(of: Self.types) : choices.one(of: fitting)
    if let common, fitting.contains(common), !choices.rarely(8) { type = common }
    common = common ?? type
    let tensor = try tensor(type)
    let name = "x\(inputs.count + model.graph.initializers.count)"
    if choices.byte() % 2 == 0 {
      model.graph.inputs.append(
        ValueInfo(name: name, elementType: type, shape: tensor.shape.map { ShapeDimension(.fixed(Int64($0))) }))
      inputs[name] = tensor
    } else {
      model.graph.initializers.append(NamedTensor(name: name, tensor: StoredTensor(tensor)))
    }
    values.append(name)
    return name
  }

  private mutating func tensor(_ type: ElementType) throws -> Tensor {
    var shape = (0..<choices.one(of: [1, 2, 4, 3, 0, 5, 6])).map { _ in choices.one(of: [2, 1, 3, 4, 5, 1, 7, 16, 0]) }
    if choices.rarely(16), !shape.isEmpty {
      shape[0] = Int(choices.integer().magnitude >> 1)
      shape.append(0)
    }
    let isEmpty = shape.contains(0)
    while !isEmpty, shape.reduce(1, *) > 4096 { shape.removeLast() }
    if type == .string {
      let texts = (0..<(isEmpty ? 0 : shape.reduce(1, *))).map { _ in choices.isEmpty ? [] : choices.text(4) }
      return try Tensor(strings: texts, shape: shape)
    }
    let isWhole = [.int64, .int32, .uint64, .uint32].contains(type)
    let numbers = (0..<4).map { _ in isWhole ? choices.integer() : Int64(choices.byte()) }
    let floats = (0..<4).map { _ in choices.float() }
    return try Tensor(type: type, shape: shape) { bytes in
      switch type {
      case .float32: for (index, value) in floats.enumerated() { fill(bytes, value, index, of: 4) }
      case .float64: for (index, value) in floats.enumerated() { fill(bytes, Double(value), index, of: 4) }
      case .int64, .uint64: for (index, value) in numbers.enumerated() { fill(bytes, value, index, of: 4) }
      case .int32, .uint32:
        for (index, value) in numbers.enumerated() { fill(bytes, Int32(truncatingIfNeeded: value), index, of: 4) }
      case .bool: for index in bytes.indices { bytes[index] = UInt8(numbers[index % 4] & 1) }
      default:
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: numbers[index % 4] + Int64(index)) }
      }
    }
  }

  private func fill<Value: BitwiseCopyable>(
    _ bytes: UnsafeMutableRawBufferPointer, _ value: Value, _ first: Int, of count: Int
  ) {
    let size = MemoryLayout<Value>.size
    for index in stride(from: first, to: bytes.count / size, by: count) {
      bytes.storeBytes(of: value, toByteOffset: index * size, as: Value.self)
    }
  }

  private mutating func addAttributes(to node: inout Node, _ schema: OperatorSchema?) {
    let rules =
      schema.map { $0.attributes.sorted { $0.key < $1.key }.map { ($0.key, Int($0.value.kind), $0.value.isRequired) } }
      ?? (0..<choices.number(below: 24)).map { _ in choices.one(of: Self.attributeNames) }.map { ($0.0, $0.1, false) }
    for (name, kind, isRequired) in rules {
      guard isRequired != choices.rarely(isRequired ? 16 : 3) else { continue }
      guard let value = attribute(choices.rarely(24) ? choices.number(below: 9) : kind) else { continue }
      node.attributes.append(Attribute(name, value))
    }
  }

  private mutating func attribute(_ kind: Int) -> Attribute.Value? {
    let count = choices.number(below: 6)
    switch kind {
    case 1: return .float(choices.float())
    case 2: return .int(choices.integer())
    case 3: return .string(Array(choices.one(of: Self.words).utf8))
    case 4:
      guard let tensor = try? tensor(choices.one(of: Self.types)) else { return nil }
      return .tensor(NamedTensor(name: "", tensor: StoredTensor(tensor)))
    case 6: return .floats((0..<count).map { _ in choices.float() })
    case 7: return .ints((0..<count).map { _ in choices.integer() })
    case 8: return .strings((0..<count).map { _ in Array(choices.one(of: Self.words).utf8) })
    default: return nil
    }
  }
}
