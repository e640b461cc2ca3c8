import Synchronization
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooPlatform

/// Models that nobody would write, for every operator: they end in a result or an error, and never in a crash.
@Suite("Hostile operators", .serialized)
struct HostileOperatorTests {
  private static let extremes: [Int64] = [.max, .min, .max - 1, 1 << 62, 1 << 47 + 1, -1, 0]
  private static let types: [ElementType] = [
    .float16, .float64, .int64, .int32, .uint8, .bool, .uint64, .int4, .float8e4m3fn, .complex64,
  ]

  @Test("Every operator that the plugins offer has a case, which runs")
  func complete() throws {
    let registry = try wholeRegistry(.shared)
    let cases = try OperatorCases().all
    for item in cases {
      #expect(throws: Never.self, "\(item.node.operatorType)") { try item.run(registry) }
    }
    // Cases are of plain tensors; MapTests has those of operators that take maps, ByteConvTests of what takes blocks alone,
    // ChannelTests of what picks channels.
    let others = ["ai.onnx.ml.CastMap", "ai.onnx.ml.DictVectorizer", "zoo.QuantizedConv", "zoo.SelectChannels"]
    let tried = Set(cases.map { "\($0.node.domain).\($0.node.operatorType)" } + others)
    for entry in registry.plugins.flatMap(\.operators) {
      #expect(tried.contains("\(entry.domain).\(entry.name)"), "no case for \(entry.name)")
    }
  }

  @Test("Each output alone, the others left out or not read")
  func outputsAlone() throws {
    for item in try OperatorCases().all where item.node.outputs.count > 1 && item.node.domain != "zoo" {
      let all = try item.run(Self.registry.get())
      for (index, name) in item.node.outputs.enumerated() {
        for isNamed in [false, true] {
          var definition = ModelDefinition()
          definition.operatorSets = [OperatorSet(domain: item.node.domain, version: item.opset)]
          var node = item.node
          if !isNamed { node.outputs = node.outputs.map { $0 == name ? name : "" } }
          definition.graph.nodes = [node]
          definition.graph.outputs = [ValueInfo(name: name)]
          var given: [String: Tensor] = [:]
          for (input, tensor) in zip(node.inputs, item.inputs) {
            guard let tensor else { continue }
            definition.graph.inputs.append(
              ValueInfo(
                name: input, elementType: tensor.type, shape: tensor.shape.map { ShapeDimension(.fixed(Int64($0))) })
            )
            given[input] = tensor
          }
          let model = try CompiledModel(definition, registry: Self.registry.get())
          let result = try model.run(given)[name]
          let isSame = result.map { result in
            result.withUnsafeBytes { a in all[index].withUnsafeBytes { b in a.elementsEqual(b) } }
          }
          #expect(isSame == true && result?.shape == all[index].shape, "\(node.label), output \(index)")
        }
      }
    }
  }

  @Test("Extreme attributes")
  func attributes() throws {
    for item in try OperatorCases().all {
      for (place, attribute) in item.node.attributes.enumerated() {
        for value in extremes(of: attribute.value) {
          var changed = item
          changed.node.attributes[place].value = value
          try expectAnswer(changed)
        }
      }
    }
  }

  @Test("Reorder to a layout that it does not know is refused", arguments: [-1, 2, Int64(Int32.max) + 1, .max])
  func unknownLayout(number: Int64) throws {
    let node = Node(
      "Reorder", domain: "zoo", inputs: ["x"], outputs: ["y"], attributes: [Attribute("to", .int(number))])
    let item = OperatorCase(node: node, inputs: [try floats([1, 3, 2, 2])], opset: 1)
    let error = #expect(throws: ZooError.self) { try item.run(try Self.registry.get()) }
    #expect(error?.message.contains("layout") == true, "\(String(describing: error))")
  }

  private func extremes(of value: Attribute.Value) -> [Attribute.Value] {
    switch value {
    case .int: return Self.extremes.map { .int($0) } + [.float(1), .ints([1])]
    case .float: return [.nan, .infinity, -.infinity, -1, 1e38, 0].map { .float($0) }
    case .ints(let values):
      return [.ints([]), .ints(values + [1]), .int(1)]
        + Self.extremes.flatMap { extreme in
          values.indices.map { place in
            var changed = values
            changed[place] = extreme
            return .ints(changed)
          } + [.ints(values.map { _ in extreme })]
        }
    case .floats(let values):
      return [.floats([]), .floats(values + [1]), .floats(values.map { _ in .nan })]
    case .string: return [.string([]), .string(Array("other".utf8)), .int(1)]
    default: return []
    }
  }

  @Test("Extreme integers in inputs")
  func integers() throws {
    for item in try OperatorCases().all {
      for (place, input) in item.inputs.enumerated() {
        guard let input, input.type == .int64, input.count > 0 else { continue }
        let values: [Int64] = try input.elements()
        for extreme in Self.extremes {
          for changed in [[extreme] + values.dropFirst(), values.map { _ in extreme }] {
            var hostile = item
            hostile.inputs[place] = try Tensor(changed, shape: input.shape)
            try expectAnswer(hostile)
          }
        }
      }
    }
  }

  @Test("Other shapes, empty ones with large extents among them")
  func shapes() throws {
    for item in try OperatorCases().all {
      for (place, input) in item.inputs.enumerated() {
        guard let shape = input?.shape, let type = input?.type else { continue }
        var shapes = [[], [0], [1 << 20, 0], Array(shape.dropLast()), [1] + shape, shape + [1]]
        for axis in shape.indices {
          var changed = shape
          changed[axis] = 0
          shapes.append(changed)
          if shape.count > 1 {
            changed[(axis + 1) % shape.count] = (1 << 20) / max(1, shape.reduce(1, *))
            shapes.append(changed)
          }
        }
        for shape in shapes {
          var hostile = item
          hostile.inputs[place] = try zeros(type, shape)
          try expectAnswer(hostile)
        }
      }
    }
  }

  @Test("What is empty takes no time, however large its other extents", arguments: [[1 << 31, 0], [0, 1 << 31]])
  func empty(shape: [Int]) throws {
    let registry = try Self.registry.get()
    let axis = Attribute("axis", .int(1))
    let cases: [(type: String, attributes: [Attribute])] = [
      ("Relu", []), ("Transpose", []), ("Softmax", [axis]), ("Hardmax", [axis]), ("LpNormalization", [axis]),
      ("Trilu", []), ("Concat", [axis]), ("Dropout", []),
    ]
    for (type, attributes) in cases {
      let item = OperatorCase(
        node: Node(type, inputs: ["x"], outputs: ["y"], attributes: attributes),
        inputs: [try zeros(.float32, shape)], opset: 17)
      let took = try ContinuousClock().measure {
        let result = try item.run(registry)
        #expect(result[0].count == 0, "\(type)")
      }
      #expect(took < .seconds(10), "\(type)")
    }
  }

  @Test("Other types, of one input and of all")
  func types() throws {
    for item in try OperatorCases().all {
      for type in Self.types {
        var all = item
        for (place, input) in item.inputs.enumerated() {
          guard let input else { continue }
          var one = item
          one.inputs[place] = try zeros(type, input.shape)
          if input.type == .float32 { all.inputs[place] = one.inputs[place] }
          try expectAnswer(one)
        }
        try expectAnswer(all)
      }
      var none = item
      none.inputs = item.inputs.map { $0.map { tensor in try? strings(tensor.shape) } ?? nil }
      try expectAnswer(none)
      for count in 0..<item.inputs.count {
        var fewer = item
        fewer.inputs = Array(item.inputs.prefix(count))
        fewer.node.inputs = Array(item.node.inputs.prefix(count))
        try expectAnswer(fewer)
      }
    }
  }

  /// Results, or an error that is not our own defect.
  private func expectAnswer(_ item: OperatorCase) throws {
    do {
      _ = try item.run(try Self.registry.get())
    } catch let error as ZooError {
      let shapes = item.inputs.map { $0.map { "\($0.type.name) \($0.shape)" } ?? "-" }
      // Only passes write nodes of the domain `zoo`.
      #expect(
        error.kind != .defect || item.node.domain == "zoo",
        "\(error) (\(item.node.attributes.map { "\($0.name) \($0.value)" }), \(shapes))")
    }
  }

  private static let registry = Result { try wholeRegistry(.shared) }

  private func zeros(_ type: ElementType, _ shape: [Int]) throws -> Tensor {
    if type == .string { return try strings(shape) }
    return try Tensor(type: type, shape: shape) { bytes in for index in bytes.indices { bytes[index] = 0 } }
  }

  private func strings(_ shape: [Int]) throws -> Tensor {
    try Tensor(strings: Array(repeating: Array("a".utf8), count: shape.reduce(1, *)), shape: shape)
  }

  // MARK: Memory

  @Test("Every operator says so where there is no memory for its scratch")
  func memory() throws {
    let registry = try wholeRegistry(
      HostTable(cpu: .current) { byteCount in
        allocationsLeft.subtract(1, ordering: .relaxed).oldValue > 0 ? SystemMemory.allocate(byteCount) : nil
      })
    for item in try OperatorCases().all {
      var count = 0
      while count < 200 {
        allocationsLeft.store(count, ordering: .relaxed)
        do {
          _ = try item.run(registry)
          break
        } catch let error as ZooError {
          #expect(error.kind == .outOfMemory && error.message.contains("no memory"), "\(error)")
        }
        count += 1
      }
      #expect(count < 200, "\(item.node.operatorType)")
    }
  }

  @Test("Shapes that no memory holds are refused by name")
  func sizes() throws {
    let registry = try Self.registry.get()
    func run(_ type: String, _ inputs: [Tensor?]) throws {
      _ = try OperatorCase(
        node: Node(type, name: "n", inputs: inputs.indices.map { "input\($0)" }, outputs: ["y"]), inputs: inputs,
        opset: 21
      ).run(registry)
    }
    let text = try Tensor(strings: [Array("a".utf8)], shape: [])
    for shape: [Int64] in [[1 << 60], [1 << 31, 1 << 31], [1 << 47]] {
      let error = #expect(throws: ZooError.self) { try run("Expand", [text, try ints(shape)]) }
      #expect([.badData, .outOfMemory].contains(error?.kind) && error?.location == "Expand \"n\"")
    }
    for shape in [[1 << 60, 0], [0, 1 << 20, 1 << 20], [-1]] {
      #expect(throws: ZooError.self) { try Tensor(type: .float32, shape: shape) { _ in } }
    }
    #expect(try Tensor(type: .float32, shape: [1 << 31, 0]) { _ in }.count == 0)
  }
}

/// How often the host of the test above still gives memory.
private let allocationsLeft = Atomic<Int>(0)
