import CZooPlugin
import ConvPlugin
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

/// Conv and the pools as the runtime sees them.
@Suite struct OperatorTests {
  let registry: OperatorRegistry

  init() throws {
    registry = OperatorRegistry()
    let plugin = try #require(convPluginEntry(UInt32(ZOO_PLUGIN_ABI_VERSION), HostTable.shared.pointer))
    try registry.register(plugin, origin: "linked in")
  }

  func run(
    _ type: String, _ inputs: [Tensor?], opset: Int64 = 22, outputs: [String] = ["y"], _ attributes: [Attribute]
  ) throws -> [Tensor] {
    let names = inputs.indices.map { inputs[$0] == nil ? "" : "x\($0)" }
    let node = Node(type, name: "tested", inputs: names, outputs: outputs, attributes: attributes)
    return try runOperator(node, inputs: inputs, opset: opset, registry: registry)
  }

  static func ramp(_ shape: [Int]) throws -> Tensor {
    try Tensor((0..<shape.reduce(1, *)).map { Float($0 % 13) - 6 }, shape: shape)
  }

  @Test(arguments: [ZooCore.ElementType.float32, .float64])
  func convServesEveryFloatType(type: ZooCore.ElementType) throws {
    let shape = [2, 4, 5, 6]
    let weightShape = [6, 2, 3, 3]
    let x = try Self.ramp(shape)
    let w = try Self.ramp(weightShape)
    let window = Naive(
      input: [5, 6], kernel: [3, 3], strides: [2, 1], dilations: [1, 2], padBegin: [1, 2], padEnd: [0, 2])
    let expected = try window.convolve(
      x.elements(), w.elements(), nil, batch: 2, groups: 2, inputChannels: 2, outputChannels: 3)
    func cast(_ tensor: Tensor) throws -> Tensor {
      let values: [Float] = try tensor.elements()
      return type == .float64 ? try Tensor(values.map { Double($0) }, shape: tensor.shape) : tensor
    }
    let y = try run(
      "Conv", [cast(x), cast(w)],
      [
        Attribute("group", .int(2)), Attribute("strides", .ints([2, 1])), Attribute("dilations", .ints([1, 2])),
        Attribute("pads", .ints([1, 2, 0, 2])),
      ])[0]
    #expect(y.type == type)
    #expect(y.shape == [2, 6] + window.output)
    // All sums are small integers.
    let values = type == .float64 ? try y.elements(Double.self) : try y.elements(Float.self).map { Double($0) }
    #expect(values == expected)
  }

  @Test func automaticPaddingKeepsTheExtent() throws {
    let x = try Tensor([1, 2, 3, 4] as [Float], shape: [1, 1, 4])
    let w = try Tensor([1, 10] as [Float], shape: [1, 1, 2])
    #expect(try run("Conv", [x, w], [.text("auto_pad", "SAME_UPPER")])[0].elements() == [21, 32, 43, 4] as [Float])
    #expect(try run("Conv", [x, w], [.text("auto_pad", "SAME_LOWER")])[0].elements() == [10, 21, 32, 43] as [Float])
    #expect(try run("Conv", [x, w], [.text("auto_pad", "VALID")])[0].elements() == [21, 32, 43] as [Float])
  }

  @Test func maxPoolGivesIndices() throws {
    let x = try Tensor([1, 5, 2, 4, 3, 9, 7, 8, 6] as [Float], shape: [1, 1, 3, 3])
    let attributes = [Attribute("kernel_shape", .ints([2, 2]))]
    let rows = try run("MaxPool", [x], outputs: ["y", "i"], attributes)
    #expect(try rows[0].elements() == [5, 9, 8, 9] as [Float])
    #expect(try rows[1].elements() == [1, 5, 7, 5] as [Int64])
    let columns = try run("MaxPool", [x], outputs: ["y", "i"], attributes + [Attribute("storage_order", .int(1))])
    #expect(try columns[1].elements() == [3, 7, 5, 7] as [Int64])
  }

  @Test func maxPoolTakesBytes() throws {
    let x = try Tensor([-5, -7, -128, -3] as [Int8], shape: [1, 1, 4])
    let y = try run("MaxPool", [x], [Attribute("kernel_shape", .ints([2])), Attribute("pads", .ints([1, 1]))])[0]
    #expect(try y.elements() == [-5, -5, -7, -3, -3] as [Int8])
  }

  /// As of float32: pads, strides, dilations, rounding up, one to three axes.
  @Test(arguments: [false, true]) func maxPoolOfBytesIsThatOfNumbers(signed: Bool) throws {
    var generator = Generator(state: 7)
    let forms: [(shape: [Int], attributes: [String: [Int64]])] = [
      ([2, 3, 13, 37], ["kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]]),
      ([1, 2, 9, 20], ["kernel_shape": [2, 5], "dilations": [3, 2], "pads": [0, 4, 1, 3]]),
      ([1, 1, 8, 11], ["kernel_shape": [3, 2], "strides": [3, 3], "ceil_mode": [1]]),
      ([1, 2, 50], ["kernel_shape": [4], "pads": [3, 0]]),
      ([1, 2, 4, 5, 6], ["kernel_shape": [2, 3, 2], "strides": [1, 2, 1], "pads": [1, 1, 0, 0, 1, 1]]),
    ]
    for (shape, values) in forms {
      let numbers = (0..<shape.reduce(1, *)).map { _ in generator.int(signed ? -128...127 : 0...255) }
      let attributes = values.sorted { $0.key < $1.key }.map { name, list in
        Attribute(name, name == "ceil_mode" ? .int(list[0]) : .ints(list))
      }
      let wanted: [Float] = try run("MaxPool", [Tensor(numbers.map { Float($0) }, shape: shape)], attributes)[0]
        .elements()
      let bytes =
        signed
        ? try Tensor(numbers.map { Int8($0) }, shape: shape) : try Tensor(numbers.map { UInt8($0) }, shape: shape)
      let y = try run("MaxPool", [bytes], attributes)[0]
      let given = signed ? (try y.elements() as [Int8]).map(Float.init) : (try y.elements() as [UInt8]).map(Float.init)
      #expect(given == wanted)
    }
  }

  @Test func ceilingModeAddsPartialWindows() throws {
    let x = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [1, 1, 6])
    let attributes = [
      Attribute("kernel_shape", .ints([3])), Attribute("strides", .ints([2])), Attribute("ceil_mode", .int(1)),
    ]
    #expect(try run("MaxPool", [x], attributes)[0].elements() == [3, 5, 6] as [Float])
    #expect(try run("AveragePool", [x], attributes)[0].elements() == [2, 4, 5.5] as [Float])
  }

  @Test func poolsMayExceedTheirInput() throws {
    let x = try Tensor([2, 4] as [Float], shape: [1, 1, 2])
    func pool(_ type: String, kernel: Int64, stride: Int64, ceiling: Int64 = 0, counts: Int64 = 0) throws -> [Float] {
      let attributes = [
        Attribute("kernel_shape", .ints([kernel])), Attribute("strides", .ints([stride])),
        Attribute("ceil_mode", .int(ceiling)), Attribute("count_include_pad", .int(counts)),
      ]
      return try run(type, [x], attributes)[0].elements()
    }
    // As ONNX Runtime: by less than a stride, once; by less than two, never.
    #expect(try pool("MaxPool", kernel: 4, stride: 3) == [4])
    #expect(try pool("MaxPool", kernel: 5, stride: 3) == [])
    #expect(try pool("AveragePool", kernel: 4, stride: 3, ceiling: 1) == [3])
    #expect(try pool("AveragePool", kernel: 3, stride: 2, ceiling: 1, counts: 1) == [3])
    #expect(throws: ZooError.self) { try pool("MaxPool", kernel: 9, stride: 3) }
  }

  @Test func averagePoolMayCountPadding() throws {
    let x = try Tensor([2, 4, 6] as [Float], shape: [1, 1, 3])
    let attributes = [Attribute("kernel_shape", .ints([2])), Attribute("pads", .ints([1, 0]))]
    #expect(try run("AveragePool", [x], attributes)[0].elements() == [2, 3, 5] as [Float])
    let counting = attributes + [Attribute("count_include_pad", .int(1))]
    #expect(try run("AveragePool", [x], counting)[0].elements() == [1, 3, 5] as [Float])
  }

  @Test func lpPoolTakesTheNorm() throws {
    let x = try Tensor([3, -4, 0] as [Float], shape: [1, 1, 3])
    let kernel = Attribute("kernel_shape", .ints([2]))
    #expect(try run("LpPool", [x], [kernel])[0].elements() == [5, 4] as [Float])
    #expect(try run("LpPool", [x], [kernel, Attribute("p", .int(1))])[0].elements() == [7, 4] as [Float])
    #expect(try run("LpPool", [x], opset: 1, [kernel, Attribute("p", .float(1))])[0].elements() == [7, 4] as [Float])
  }

  @Test func emptyBatchesGiveEmptyOutputs() throws {
    let x = try Tensor([Float](), shape: [0, 2, 4])
    let w = try Tensor([Float](repeating: 1, count: 6), shape: [1, 2, 3])
    #expect(try run("Conv", [x, w], [])[0].shape == [0, 1, 2])
    #expect(try run("MaxPool", [x], [Attribute("kernel_shape", .ints([2]))])[0].shape == [0, 2, 3])
  }

  @Test(arguments: [
    [Attribute("strides", .ints([0, 1]))],
    [Attribute("strides", .ints([1]))],
    [Attribute("strides", .ints([1, .min]))],
    [Attribute("dilations", .ints([-1, 1]))],
    [Attribute("dilations", .ints([.max, .max]))],
    [Attribute("pads", .ints([-1, 0, 0, 0]))],
    [Attribute("pads", .ints([.max, .max, .max, .max]))],
    [Attribute("pads", .ints([0, 0]))],
    [Attribute("group", .int(0))],
    [Attribute("group", .int(3))],
    [Attribute("group", .int(.min))],
    [Attribute("kernel_shape", .ints([2, 2]))],
    [Attribute.text("auto_pad", "AROUND")],
    [Attribute.text("auto_pad", "SAME_UPPER"), Attribute("dilations", .ints([1 << 30, 1 << 30]))],
    [Attribute("strides", .float(1))],
  ])
  func impossibleAttributesAreErrors(attributes: [Attribute]) throws {
    let x = try Self.ramp([1, 4, 5, 5])
    let w = try Self.ramp([2, 4, 3, 3])
    #expect(throws: ZooError.self) { try run("Conv", [x, w], attributes) }
  }

  @Test(arguments: [[1, 3, 5, 5], [1, 4, 2, 5], [1, 4, 5], [1, 4], [1, 4, 5, 5, 5]])
  func wrongShapesAreErrors(shape: [Int]) throws {
    let w = try Self.ramp([2, 4, 3, 3])
    #expect(throws: ZooError.self) { try run("Conv", [Self.ramp(shape), w], []) }
  }

  @Test func poolsRefuseImpossibleWindows() throws {
    let x = try Self.ramp([1, 2, 5])
    #expect(throws: ZooError.self) { try run("MaxPool", [x], []) }
    for (kernel, pads) in [(0, 0), (7, 0), (2, 2), (Int64.max, 0), (2, Int64.max)] {
      #expect(throws: ZooError.self) {
        try run(
          "AveragePool", [x], [Attribute("kernel_shape", .ints([kernel])), Attribute("pads", .ints([pads, pads]))])
      }
    }
  }
}
