import Testing
import ZooCore
import ZooRuntime

/// Graphs as quantizers write them, computed on bytes, against each of their operators by itself. Scales are powers of two
/// and sums small, so that every number is exact and not one step may differ.
@Suite struct QuantizedGraphTests {
  /// Writes QuantizeLinear and DequantizeLinear around operators.
  private struct Builder {
    var sample = Sample()
    var numbers: Numbers

    init(seed: Int) { numbers = Numbers(seed) }

    mutating func constant(_ tensor: Tensor) -> String {
      let name = "c\(sample.constants.count)"
      sample.constants.append((name, tensor))
      return name
    }

    mutating func node(_ type: String, _ inputs: [String], _ attributes: [Attribute] = []) -> String {
      let output = "v\(sample.nodes.count)"
      sample.nodes.append(Node(type, inputs: inputs, outputs: [output], attributes: attributes))
      return output
    }

    /// `x` quantized by 2^`exponent`.
    mutating func quantized(_ x: String, exponent: Int, zero: Int, signed: Bool) throws -> Quantized {
      let scale = constant(try Tensor([Float(sign: .plus, exponent: exponent, significand: 1)], shape: []))
      let point = constant(
        signed ? try Tensor([Int8(zero - 128)], shape: []) : try Tensor([UInt8(zero)], shape: []))
      return Quantized(value: node("QuantizeLinear", [x, scale, point]), scale: scale, zero: point)
    }

    mutating func number(_ x: Quantized) -> String { node("DequantizeLinear", [x.value, x.scale, x.zero]) }

    /// Weights of int8 with a scale for each output channel, and a bias of int32.
    mutating func conv(
      _ x: String, _ shape: [Int], groups: Int = 1, stride: Int = 1, exponent: Int = -6, bias: Bool = true
    ) throws -> String {
      let taps = (0..<shape.reduce(1, *)).map { _ in Int8(numbers.below(31) - 15) }
      let scales = (0..<shape[0]).map { _ in Float(sign: .plus, exponent: exponent - numbers.below(2), significand: 1) }
      let w = constant(try Tensor(taps, shape: shape))
      let s = constant(try Tensor(scales, shape: [shape[0]]))
      let z = constant(try Tensor([Int8](repeating: 0, count: shape[0]), shape: [shape[0]]))
      let axis = [Attribute("axis", .int(0))]
      var inputs = [x, node("DequantizeLinear", [w, s, z], axis)]
      if bias {
        let b = constant(try Tensor((0..<shape[0]).map { _ in Int32(numbers.below(200) - 100) }, shape: [shape[0]]))
        let zeros = constant(try Tensor([Int32](repeating: 0, count: shape[0]), shape: [shape[0]]))
        inputs.append(node("DequantizeLinear", [b, s, zeros], axis))
      }
      let pad = Int64(shape[2] / 2)
      return node(
        "Conv", inputs,
        [
          Attribute("pads", .ints([pad, pad, pad, pad])), Attribute("group", .int(Int64(groups))),
          Attribute("strides", .ints([Int64(stride), Int64(stride)])),
        ])
    }

    mutating func image(_ shape: [Int]) throws -> String {
      sample.inputs = [("x", try numbers.tensor(shape))]
      return "x"
    }

    /// Compares the compiled graph on every instruction set; gives the steps that are left.
    mutating func check(_ outputs: [String]) throws -> [String] {
      sample.outputs = outputs
      let expected = try sample.runNodeByNode()
      for isa in instructionSets {
        for (result, wanted) in zip(try sample.run(isa), expected) {
          #expect(result.shape == wanted.shape && result.type == wanted.type)
          let isSame = result.withUnsafeBytes { one in wanted.withUnsafeBytes { Array(one) == Array($0) } }
          #expect(isSame, "on \(isa)")
        }
      }
      return try sample.compiled(.generic).steps(for: sample.inputs.map(\.tensor.shape)).map(\.operatorType)
    }
  }

  private struct Quantized {
    var value, scale, zero: String
  }

  /// A residual block between a first layer with three channels and the classifier's pooling.
  @Test(arguments: [false, true], 0..<3) func residualNetwork(signed: Bool, seed: Int) throws {
    var b = Builder(seed: 11 + seed)
    var x = try b.quantized(b.image([1, 3, 13, 11]), exponent: -6, zero: 128, signed: signed)
    x = try b.quantized(
      b.node("Relu", [b.conv(b.number(x), [24, 3, 3, 3], stride: 2)]), exponent: -4, zero: 0, signed: signed)
    x = try b.quantized(
      b.node("MaxPool", [b.number(x)], [Attribute("kernel_shape", .ints([2, 2]))]), exponent: -4, zero: 0,
      signed: signed)
    let one = try b.quantized(b.conv(b.number(x), [32, 24, 3, 3]), exponent: -2, zero: 100, signed: signed)
    let other = try b.quantized(
      b.conv(b.number(x), [32, 24, 1, 1], bias: false), exponent: -3, zero: 130, signed: signed)
    let sum = b.node("Relu", [b.node("Add", [b.number(one), b.number(other)])])
    x = try b.quantized(sum, exponent: -2, zero: 0, signed: signed)
    let again = try b.quantized(b.conv(b.number(x), [32, 32, 1, 1]), exponent: 0, zero: 128, signed: signed)
    x = try b.quantized(b.node("Add", [b.number(x), b.number(again)]), exponent: 0, zero: 90, signed: signed)
    let steps = try b.check([b.number(x)])
    #expect(steps.count { $0 == "QuantizedConv" } == 4 && !steps.contains("Conv") && !steps.contains("Add"))
    #expect(!steps.contains("DequantizeAdd"))
  }

  /// Depthwise and grouped convolutions, gates, and a squeeze along channels.
  @Test(arguments: [20, 32], [false, true]) func mobileNetwork(channels: Int, signed: Bool) throws {
    var b = Builder(seed: channels)
    var x = try b.quantized(b.image([2, 16, 9, 10]), exponent: -6, zero: 128, signed: signed)
    x = try b.quantized(b.conv(b.number(x), [channels, 16, 1, 1]), exponent: -4, zero: 128, signed: signed)
    let number = b.number(x)
    let gate = try b.quantized(b.node("Sigmoid", [number]), exponent: -8, zero: 0, signed: signed)
    x = try b.quantized(b.node("Mul", [number, b.number(gate)]), exponent: -4, zero: 60, signed: signed)
    x = try b.quantized(
      b.conv(b.number(x), [channels, 1, 3, 3], groups: channels), exponent: -4, zero: 128, signed: signed)
    x = try b.quantized(
      b.conv(b.number(x), [channels, channels / 4, 3, 3], groups: 4), exponent: -3, zero: 128, signed: signed)
    let clip = [b.constant(try Tensor([Float(0)], shape: [])), b.constant(try Tensor([Float(6)], shape: []))]
    x = try b.quantized(b.node("Clip", [b.number(x)] + clip), exponent: -5, zero: 0, signed: signed)
    let mean = try b.quantized(b.node("GlobalMaxPool", [b.number(x)]), exponent: -5, zero: 0, signed: signed)
    let scale = try b.quantized(
      b.conv(b.number(mean), [channels, channels, 1, 1]), exponent: -3, zero: 128, signed: signed)
    x = try b.quantized(b.node("Mul", [b.number(x), b.number(scale)]), exponent: -1, zero: 128, signed: signed)
    let steps = try b.check([b.number(x)])
    #expect(steps.count { $0 == "QuantizedConv" } >= 3)
    #expect(!steps.contains("Sigmoid"))
  }

  /// Branches of several scales, joined; and what only moves elements.
  @Test func branchesAndMoves() throws {
    var b = Builder(seed: 5)
    var x = try b.quantized(b.image([1, 16, 8, 8]), exponent: -6, zero: 128, signed: false)
    let parts = try (0..<3).map { index in
      try b.quantized(b.conv(b.number(x), [16, 16, 3, 3]), exponent: -4 + index, zero: 120 + index, signed: false)
    }
    let joined = b.node("Concat", parts.map { b.number($0) }, [Attribute("axis", .int(1))])
    x = try b.quantized(joined, exponent: -3, zero: 125, signed: false)
    let turned = b.node("Transpose", [b.number(x)], [Attribute("perm", .ints([0, 2, 3, 1]))])
    let y = try b.quantized(turned, exponent: -3, zero: 125, signed: false)
    let steps = try b.check([b.number(y), x.value])
    #expect(steps.count { $0 == "QuantizedConv" } == 3)
  }

  /// Products of matrices with weights and with each other, biases, and what follows.
  @Test(arguments: [false, true], [1, 37]) func perceptron(signed: Bool, rows: Int) throws {
    var b = Builder(seed: 40 + rows)
    var x = try b.quantized(b.image([2, rows, 48]), exponent: -6, zero: 128, signed: signed)
    func weights(_ shape: [Int], axis: Int, _ b: inout Builder) throws -> String {
      let numbers = (0..<shape.reduce(1, *)).map { _ in Int8(b.numbers.below(31) - 15) }
      let scales = (0..<shape[axis]).map { _ in Float(sign: .plus, exponent: -5 - b.numbers.below(2), significand: 1) }
      let inputs = [
        b.constant(try Tensor(numbers, shape: shape)), b.constant(try Tensor(scales, shape: [shape[axis]])),
        b.constant(try Tensor((0..<shape[axis]).map { Int8($0 % 5 - 2) }, shape: [shape[axis]])),
      ]
      return b.node("DequantizeLinear", inputs, [Attribute("axis", .int(Int64(axis)))])
    }
    func bias(_ count: Int, _ b: inout Builder) throws -> String {
      b.constant(try Tensor((0..<count).map { Float($0 % 17) / 4 - 2 }, shape: [count]))
    }
    let first = b.node("MatMul", [b.number(x), try weights([48, 80], axis: 1, &b)])
    let rounded = try b.quantized(first, exponent: -1, zero: 120, signed: signed)
    let sum = b.node("Add", [b.number(rounded), try bias(80, &b)])
    x = try b.quantized(b.node("Relu", [sum]), exponent: -1, zero: 0, signed: signed)
    let turned = b.node("Transpose", [b.number(x)], [Attribute("perm", .ints([0, 2, 1]))])
    let y = try b.quantized(turned, exponent: -1, zero: 0, signed: signed)
    x = try b.quantized(b.node("MatMul", [b.number(x), b.number(y)]), exponent: 5, zero: 30, signed: signed)
    let flat = b.node("Flatten", [b.number(x)], [Attribute("axis", .int(2))])
    x = try b.quantized(flat, exponent: 5, zero: 30, signed: signed)
    let gemm = b.node(
      "Gemm", [b.number(x), try weights([70, rows], axis: 0, &b), try bias(70, &b)], [Attribute("transB", .int(1))])
    let steps = try b.check([gemm])
    #expect(steps.count { $0 == "QuantizedMatMul" } == 3 && !steps.contains("Add") && !steps.contains("Gemm"))
  }

  /// Weights that are unsigned or have zero points, and what is not known before the run, stay as they are.
  @Test func whatDoesNotSuitBytesStays() throws {
    var b = Builder(seed: 6)
    let x = try b.quantized(b.image([1, 16, 6, 6]), exponent: -6, zero: 7, signed: false)
    let weights = try Tensor((0..<16 * 16).map { UInt8($0 * 37 % 256) }, shape: [16, 16, 1, 1])
    let scale = b.constant(try Tensor([Float(0.125)], shape: []))
    for zero in [128, 0, 200] as [UInt8] {
      let w = b.node("DequantizeLinear", [b.constant(weights), scale, b.constant(try Tensor([zero], shape: []))])
      b.sample.outputs.append(b.node("Conv", [b.number(x), w]))
    }
    let steps = try b.check(b.sample.outputs)
    #expect(steps.count { $0 == "QuantizedConv" } == 1 && steps.count { $0 == "Conv" } == 2)
  }
}
