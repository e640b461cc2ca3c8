import CZooPlugin
import ConvPlugin
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem

/// Convolutions of 8-bit integers against sums written plainly here.
@Suite struct IntegerConvTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var input: [Int]
    /// Output channels, and the kernel's extents.
    var outputs: Int
    var kernel: [Int]
    var groups = 1
    var strides: [Int]?
    var dilations: [Int]?
    var pads: [Int]?
    var hasZeroOfChannels = false
    var testDescription: String { "\(input) \(outputs) \(kernel) \(groups) \(strides as Any) \(pads as Any)" }

    var axes: Int { kernel.count }
    var output: [Int] {
      (0..<axes).map { axis in
        let span = (kernel[axis] - 1) * (dilations?[axis] ?? 1) + 1
        let padded = input[axis + 2] + (pads.map { $0[axis] + $0[axis + axes] } ?? 0)
        return (padded - span) / (strides?[axis] ?? 1) + 1
      }
    }
  }

  static let cases = [
    Case(input: [1, 3, 19, 17], outputs: 20, kernel: [7, 7], strides: [2, 2], pads: [3, 3, 3, 3]),
    Case(input: [2, 16, 9, 10], outputs: 33, kernel: [3, 3], pads: [1, 1, 1, 1]),
    Case(input: [1, 40, 12, 11], outputs: 16, kernel: [1, 1], hasZeroOfChannels: true),
    Case(input: [1, 5, 8, 8], outputs: 6, kernel: [2, 3], strides: [1, 2], dilations: [2, 1], pads: [0, 2, 1, 0]),
    Case(input: [2, 24, 7, 9], outputs: 24, kernel: [3, 3], groups: 24, pads: [1, 1, 1, 1], hasZeroOfChannels: true),
    Case(input: [1, 7, 11, 5], outputs: 7, kernel: [2, 2], groups: 7, strides: [2, 1], dilations: [3, 2]),
    Case(input: [1, 6, 8, 8], outputs: 9, kernel: [3, 3], groups: 3, pads: [2, 0, 0, 2], hasZeroOfChannels: true),
    Case(input: [1, 4, 6, 6], outputs: 12, kernel: [3, 3], groups: 4, pads: [1, 1, 1, 1]),
    Case(input: [2, 9, 31], outputs: 5, kernel: [5], strides: [3], pads: [2, 4]),
    Case(input: [1, 3, 4, 5, 6], outputs: 4, kernel: [2, 3, 2], strides: [1, 2, 1], pads: [1, 1, 0, 0, 1, 2]),
    Case(input: [1, 2, 3, 3], outputs: 2, kernel: [3, 3], pads: [9, 9, 9, 9]),
  ]

  /// The registries of every processor that this machine can play.
  private static func registries() throws -> [OperatorRegistry] {
    try CPU.ISA.allCases.filter { $0 <= CPU.current.isa }.flatMap { isa in
      let features = CPU(isa: isa).features
      return try (0...features).filter { $0 & features == $0 }.map { chosen in
        var cpu = CPU(isa: isa)
        cpu.features = chosen
        let registry = OperatorRegistry()
        let plugin = try #require(convPluginEntry(UInt32(ZOO_PLUGIN_ABI_VERSION), HostTable(cpu: cpu).pointer))
        try registry.register(plugin, origin: "tests")
        return registry
      }
    }
  }

  /// Bytes that are extremes every other time, as those overflow first.
  /// - Parameter tame: Whether large numbers are rare, as among weights; otherwise extremes are frequent.
  private static func bytes(_ count: Int, signed: Bool, tame: Bool = false, _ generator: inout Generator) -> [Int] {
    let low = signed ? -128 : 0
    return (0..<count).map { _ in
      guard generator.int(0...(tame ? 300 : 1)) == 0 else { return low + generator.int(tame ? 68...188 : 0...255) }
      return low + generator.int(0...1) * 255
    }
  }

  private static func tensor(_ values: [Int], _ shape: [Int], signed: Bool) throws -> Tensor {
    signed ? try Tensor(values.map { Int8($0) }, shape: shape) : try Tensor(values.map { UInt8($0) }, shape: shape)
  }

  /// The numbers of positions of a tensor of `shape`.
  private static func places(_ shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { all, extent in all.flatMap { place in (0..<extent).map { place + [$0] } } }
  }

  private static func sums(_ c: Case, _ x: [Int], _ w: [Int], _ xZero: Int, _ wZeros: [Int]) -> [Int] {
    let (extents, perGroup) = (Array(c.input[2...]), c.input[1] / c.groups)
    let taps = places(c.kernel)
    var result = [Int]()
    for image in 0..<c.input[0] {
      for channel in 0..<c.outputs {
        let first = channel / (c.outputs / c.groups) * perGroup
        for position in places(c.output) {
          var sum = 0
          for (number, tap) in taps.enumerated() {
            var (pixel, isInside) = (0, true)
            for axis in 0..<c.axes {
              let (stride, dilation, pad) = (c.strides?[axis] ?? 1, c.dilations?[axis] ?? 1, c.pads?[axis] ?? 0)
              let at = position[axis] * stride + tap[axis] * dilation - pad
              isInside = isInside && at >= 0 && at < extents[axis]
              pixel = pixel * extents[axis] + at
            }
            guard isInside else { continue }
            for i in 0..<perGroup {
              let value = x[(image * c.input[1] + first + i) * extents.reduce(1, *) + pixel] - xZero
              sum += value * (w[(channel * perGroup + i) * taps.count + number] - wZeros[channel % wZeros.count])
            }
          }
          result.append(sum)
        }
      }
    }
    return result
  }

  private static func attributes(_ c: Case) -> [Attribute] {
    [("strides", c.strides), ("dilations", c.dilations), ("pads", c.pads), ("group", [c.groups])].compactMap {
      name, values in
      guard let values else { return nil }
      return Attribute(name, name == "group" ? .int(Int64(values[0])) : .ints(values.map(Int64.init)))
    }
  }

  /// Every combination of signs, the sums and what they are quantized to, on every processor.
  @Test(arguments: cases) func exact(_ c: Case) throws {
    var generator = Generator(state: UInt64(c.input.reduce(3) { $0 * 31 + $1 }))
    let weightShape = [c.outputs, c.input[1] / c.groups] + c.kernel
    for variant in 0..<8 {
      let (xSigned, wSigned) = (variant & 1 != 0, variant & 2 != 0)
      let x = Self.bytes(c.input.reduce(1, *), signed: xSigned, &generator)
      let w = Self.bytes(weightShape.reduce(1, *), signed: wSigned, tame: variant & 4 != 0, &generator)
      let xZero = Self.bytes(1, signed: xSigned, &generator)
      let wZeros = Self.bytes(c.hasZeroOfChannels ? c.outputs : 1, signed: wSigned, &generator)
      let sums = Self.sums(c, x, w, xZero[0], wZeros)
      let positions = c.output.reduce(1, *)
      let bias = (0..<c.outputs).map { Int32($0 * 1000 - 3000) }
      // Halves are exact with some of these, which makes ties frequent.
      let scales = (0..<c.outputs).map { $0 % 2 == 0 ? Float(1) / 1024 : Float($0 + 1) * 0.0003 }
      let zero = xSigned ? -7 : 100
      let quantized = sums.enumerated().map { place, sum in
        let channel = place / positions % c.outputs
        let value = (Float(sum + Int(bias[channel])) * (0.5 * scales[channel] / 0.25)).rounded(.toNearestOrEven)
        return Int(min(max(value + Float(zero), xSigned ? -128 : 0), xSigned ? 127 : 255))
      }
      let inputs = [
        try Self.tensor(x, c.input, signed: xSigned), try Tensor([Float(0.5)], shape: []),
        try Self.tensor(xZero, [], signed: xSigned), try Self.tensor(w, weightShape, signed: wSigned),
        try Tensor(scales, shape: [c.outputs]),
        try Self.tensor(wZeros, c.hasZeroOfChannels ? [c.outputs] : [], signed: wSigned),
        try Tensor([Float(0.25)], shape: []), try Self.tensor([zero], [], signed: xSigned),
        try Tensor(bias, shape: [c.outputs]),
      ]
      for registry in try Self.registries() {
        let node = Node(
          "ConvInteger", inputs: ["x", "w", "p", "q"], outputs: ["y"], attributes: Self.attributes(c))
        let y = try runOperator(
          node, inputs: [inputs[0], inputs[3], inputs[2], inputs[5]], opset: 20, registry: registry)[0]
        let result: [Int32] = try y.elements()
        #expect(result.map(Int.init) == sums, "\(xSigned) \(wSigned)")
        let linear = Node(
          "QLinearConv", inputs: (0..<9).map { "i\($0)" }, outputs: ["y"], attributes: Self.attributes(c))
        let z = try runOperator(linear, inputs: inputs, opset: 20, registry: registry)[0]
        let bytes = xSigned ? (try z.elements() as [Int8]).map(Int.init) : (try z.elements() as [UInt8]).map(Int.init)
        #expect(bytes == quantized, "\(xSigned) \(wSigned)")
      }
    }
  }

  /// Packed weights serve inputs of other sizes.
  @Test func constantWeights() throws {
    var generator = Generator(state: 5)
    let c = Case(input: [1, 6, 9, 9], outputs: 18, kernel: [3, 3], pads: [1, 1, 1, 1])
    let w = Self.bytes(18 * 6 * 9, signed: true, &generator)
    var definition = ModelDefinition()
    definition.operatorSets = [OperatorSet(version: 20)]
    definition.graph.inputs = [
      ValueInfo(
        name: "x", elementType: .uint8,
        shape: [
          ShapeDimension(.fixed(1)), ShapeDimension(.fixed(6)), ShapeDimension(.symbol("h")),
          ShapeDimension(.symbol("w")),
        ])
    ]
    definition.graph.outputs = [ValueInfo(name: "y")]
    definition.graph.nodes = [Node("ConvInteger", inputs: ["x", "w"], outputs: ["y"], attributes: Self.attributes(c))]
    definition.graph.initializers = [
      NamedTensor(name: "w", tensor: StoredTensor(try Self.tensor(w, [18, 6, 3, 3], signed: true)))
    ]
    for registry in try Self.registries() {
      let model = try CompiledModel(definition, registry: registry)
      for (height, width) in [(9, 9), (4, 21), (30, 30)] {
        var c = c
        c.input = [1, 6, height, width]
        let x = Self.bytes(6 * height * width, signed: false, &generator)
        let y = try #require(try model.run(["x": try Self.tensor(x, c.input, signed: false)])["y"])
        let result: [Int32] = try y.elements()
        #expect(result.map(Int.init) == Self.sums(c, x, w, 0, [0]))
      }
    }
  }
}
