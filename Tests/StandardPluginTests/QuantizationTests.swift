import Testing
import ZooCore
import ZooRuntime

/// Rounding to eight bits: in vectors on each instruction set, and both directions as one step.
@Suite struct QuantizationTests {
  private enum Axis: CaseIterable {
    case none, batch, channels, last
  }

  private static let shape = [2, 3, 37]
  private static let odd: [Float] = [
    .nan, .infinity, -.infinity, 0, -0.0, 0.25, 0.75, -0.25, -0.75, 1.25, 1e30, -1e30, .leastNonzeroMagnitude, 63.4,
    -64.6,
  ]

  /// Numbers of which many lie between two integers, and scales that are exact.
  private func sample(_ axis: Axis, isSigned: Bool) throws -> (
    Sample, scales: [Float], zeros: [Int], index: (Int) -> Int
  ) {
    var (sample, numbers) = (Sample(), Numbers(3))
    let count = Self.shape.reduce(1, *)
    let values = (0..<count).map { place in
      place < Self.odd.count ? Self.odd[place] : Float(numbers.below(1600) - 800) / 4
    }
    let (length, inner) = [.none: (1, count), .batch: (2, 111), .channels: (3, 37), .last: (37, 1)][axis]!
    let scales = (0..<length).map { Float([0.5, 1, 0.25, 2][$0 % 4]) }
    let zeros = (0..<length).map { (isSigned ? [-128, 3, 0, 127] : [0, 128, 7, 255])[$0 % 4] }
    let extents = axis == .none ? [] : [length]
    sample.inputs = [("x", try Tensor(values, shape: Self.shape))]
    sample.constants = [
      ("scale", try Tensor(scales, shape: extents)),
      (
        "zero",
        isSigned
          ? try Tensor(zeros.map { Int8($0) }, shape: extents) : try Tensor(zeros.map { UInt8($0) }, shape: extents)
      ),
    ]
    let number = [.none: 1, .batch: 0, .channels: 1, .last: 2][axis]!
    for (type, input, output) in [("QuantizeLinear", "x", "q"), ("DequantizeLinear", "q", "y")] {
      sample.nodes.append(
        Node(
          type, inputs: [input, "scale", "zero"], outputs: [output],
          attributes: [Attribute("axis", .int(Int64(number)))]))
    }
    return (sample, scales, zeros, { $0 / inner % length })
  }

  @Test(arguments: [true, false]) func everyInstructionSetRoundsAsTheSpecificationDoes(isSigned: Bool) throws {
    for axis in Axis.allCases {
      var (sample, scales, zeros, index) = try sample(axis, isSigned: isSigned)
      let x: [Float] = try sample.inputs[0].tensor.elements()
      let limits: ClosedRange<Float> = isSigned ? -128...127 : 0...255
      let wanted = x.enumerated().map { place, value -> Float in
        let rounded = (value / scales[index(place)]).rounded(.toNearestOrEven) + Float(zeros[index(place)])
        return value.isNaN ? limits.lowerBound : min(max(rounded, limits.lowerBound), limits.upperBound)
      }
      let real = wanted.enumerated().map { ($1 - Float(zeros[index($0)])) * scales[index($0)] }
      for isa in instructionSets {
        sample.outputs = ["q", "y"]
        let apart = try sample.run(isa)
        let integers =
          isSigned
          ? try apart[0].elements(Int8.self).map(Float.init) : try apart[0].elements(UInt8.self).map(Float.init)
        #expect(integers == wanted, "\(axis), \(isa)")
        #expect(try apart[1].elements(Float.self) == real, "\(axis), \(isa)")
        sample.outputs = ["y"]
        #expect(try sample.run(isa)[0].elements(Float.self) == real, "\(axis), \(isa)")
        #expect(try sample.compiled(isa).steps(for: [Self.shape]).map(\.operatorType) == ["QuantizeDequantize"])
      }
      let byItself = try sample.runNodeByNode()[0].elements(Float.self)
      #expect(byItself == real)
    }
  }

  /// A constant is undone as it is read, by other code than the operator's own.
  @Test(arguments: [
    ElementType.int8, .uint8, .int16, .uint16, .int32, .int4, .uint4, .int2, .uint2, .float4e2m1, .float8e4m3fn,
    .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
  ])
  func constantsOfEveryType(type: ElementType) throws {
    var numbers = Numbers(5)
    func integers(_ shape: [Int]) throws -> Tensor {
      try Tensor(type: type, shape: shape) { bytes in
        for index in bytes.indices { bytes[index] = UInt8(numbers.below(256)) }
        // Bits behind the last element are zero.
        let used = shape.reduce(1, *) * type.bitWidth % 8
        if used > 0, let last = bytes.indices.last { bytes[last] &= 1 << UInt8(used) - 1 }
      }
    }
    for (axis, block, extents) in [(1, 0, []), (0, 0, [2]), (-1, 0, [37]), (1, 2, [2, 2, 37]), (2, 5, [2, 3, 8])] {
      for hasZero in [false, true] {
        var sample = Sample()
        let scales = (0..<extents.reduce(1, *)).map { Float($0 % 7 + 1) / 8 }
        sample.constants = [("q", try integers(Self.shape)), ("scale", try Tensor(scales, shape: extents))]
        if hasZero { sample.constants.append(("zero", try integers(extents))) }
        sample.inputs = [("x", try Tensor([Float(0)], shape: [1]))]
        sample.nodes = [
          Node(
            "DequantizeLinear", inputs: sample.constants.map(\.name), outputs: ["y"],
            attributes: [Attribute("axis", .int(Int64(axis))), Attribute("block_size", .int(Int64(block)))]),
          Node("Relu", inputs: ["x"], outputs: ["z"]),
        ]
        sample.outputs = ["y", "z"]
        #expect(try sample.compiled(.generic).steps(for: [[1]]).map(\.operatorType) == ["Relu"])
        let (folded, byOperator) = (try sample.run(.generic)[0], try sample.runNodeByNode()[0])
        let pairs = zip(try folded.elements(Float.self), try byOperator.elements(Float.self))
        #expect(pairs.allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }, "\(axis), \(block), \(hasZero)")
      }
    }
  }

  /// Constants of the same numbers are the same; others are not.
  @Test func onlyPairsBecomeOne() throws {
    var (sample, scales, zeros, _) = try sample(.none, isSigned: true)
    sample.outputs = ["y"]
    sample.constants.append(("again", try Tensor(scales, shape: [])))
    sample.constants.append(("other", try Tensor([Int8(zeros[0] + 1)], shape: [])))
    sample.nodes[1].inputs = ["q", "again", "zero"]
    #expect(try sample.compiled(.generic).steps(for: [Self.shape]).map(\.operatorType) == ["QuantizeDequantize"])
    sample.nodes[1].inputs = ["q", "again", "other"]
    #expect(
      try sample.compiled(.generic).steps(for: [Self.shape]).map(\.operatorType)
        == ["QuantizeLinear", "DequantizeLinear"])
    #expect(try sample.run(.generic)[0].elements(Float.self) == sample.runNodeByNode()[0].elements(Float.self))
  }

  /// Whole numbers, so that sums are exact in any order, and channels that don't fill the last block.
  @Test(arguments: [[], [2]] as [[Int]]) func betweenConvolutionsNothingIsReordered(scales: [Int]) throws {
    var (sample, numbers) = (Sample(), Numbers(9))
    func whole(_ shape: [Int]) throws -> Tensor {
      try Tensor((0..<shape.reduce(1, *)).map { _ in Float(numbers.below(5) - 2) }, shape: shape)
    }
    sample.inputs = [("x", try whole([2, 19, 6, 5]))]
    sample.constants = [
      ("w", try whole([19, 19, 3, 3])), ("v", try whole([19, 19, 1, 1])),
      ("scale", try Tensor([Float](repeating: 0.5, count: scales.first ?? 1), shape: scales)),
      ("zero", try Tensor([UInt8](repeating: 100, count: scales.first ?? 1), shape: scales)),
    ]
    let batch = Attribute("axis", .int(0))
    sample.nodes = [
      Node("Conv", inputs: ["x", "w"], outputs: ["a"], attributes: [Attribute("pads", .ints([1, 1, 1, 1]))]),
      Node("QuantizeLinear", inputs: ["a", "scale", "zero"], outputs: ["q"], attributes: [batch]),
      Node("DequantizeLinear", inputs: ["q", "scale", "zero"], outputs: ["r"], attributes: [batch]),
      Node("Conv", inputs: ["r", "v"], outputs: ["y"]),
    ]
    sample.outputs = ["y"]
    let wanted = try sample.runNodeByNode()[0].elements(Float.self)
    for isa in instructionSets {
      #expect(try sample.run(isa)[0].elements(Float.self) == wanted, "\(isa)")
      let steps = try sample.compiled(isa).steps(for: [[2, 19, 6, 5]]).map(\.operatorType)
      let place = try #require(steps.firstIndex(of: "QuantizeDequantize"))
      #expect(steps[place - 1] == "Conv" && steps[place + 1] == "Conv", "\(steps)")
    }
  }
}
