import Testing
import ZooCore
import ZooRuntime
import ZooSystem

/// MatMul and Gemm against the definition: vectors, batches, odd sizes, constant and given right-hand sides, each type.
@Suite struct MatMulTests {
  private static let shapes: [(a: [Int], b: [Int])] = [
    ([3], [3]), ([300], [300, 1]), ([3], [3, 4]), ([1000], [1000, 33]), ([5, 3], [3]), ([2, 4, 3], [3]),
    ([1, 1], [1, 1]), ([2, 3], [3, 4]), ([17, 33], [33, 65]), ([1, 300], [300, 130]), ([7, 1], [1, 19]),
    ([73, 257], [257, 31]), ([145, 16], [16, 16]), ([2, 5, 7], [7, 9]), ([2, 1, 5, 7], [3, 7, 9]),
    ([4, 1, 6], [6, 11]), ([3, 1, 1, 64], [1, 5, 64, 33]), ([6], [2, 6, 5]), ([2, 3, 4], [2, 4, 5]),
    ([1, 3, 4], [6, 4, 5]), ([0, 3], [3, 4]), ([2, 3], [3, 0]), ([2, 0], [0, 3]), ([2, 0, 3], [3, 4]),
  ]

  @Test(arguments: instructionSets) func float32(_ isa: CPU.ISA) throws {
    var numbers = Numbers(1)
    for (a, b) in Self.shapes {
      let (x, y) = (try numbers.tensor(a), try numbers.tensor(b))
      let expected = try product(x.elements(Float.self).map(Double.init), a, y.elements(Float.self).map(Double.init), b)
      let wanted = try Tensor(expected.values.map { Float($0) }, shape: expected.shape)
      var sample = Sample()
      sample.nodes = [Node("MatMul", inputs: ["a", "b"], outputs: ["y"])]
      sample.outputs = ["y"]
      sample.inputs = [("a", x), ("b", y)]
      try expectClose(sample.run(isa)[0], wanted, 1e-4, "\(a) · \(b)")
      sample.inputs = [("a", x)]
      sample.constants = [("b", y)]
      try expectClose(sample.run(isa)[0], wanted, 1e-4, "\(a) · constant \(b)")
    }
  }

  @Test(arguments: instructionSets) func otherTypes(_ isa: CPU.ISA) throws {
    for (a, b) in Self.shapes {
      func values(_ shape: [Int], _ step: Int) -> [Int] {
        (0..<shape.reduce(1, *)).map { ($0 * step + step) % 7 - 2 }
      }
      let (x, y) = (values(a, 3), values(b, 5))
      let expected = product(x.map(Double.init), a, y.map(Double.init), b)
      func check<Element: TensorElement & BinaryInteger>(_: Element.Type) throws {
        let result = try multiply(
          isa, Tensor(x.map { Element(truncatingIfNeeded: $0) }, shape: a),
          Tensor(y.map { Element(truncatingIfNeeded: $0) }, shape: b))
        // Modulo 2^n where a product of unsigned numbers wraps.
        let wanted = expected.values.map { Element(truncatingIfNeeded: Int($0)) }
        #expect(try result.shape == expected.shape && result.elements(Element.self) == wanted, "\(a) · \(b)")
      }
      try check(Int32.self)
      try check(Int64.self)
      try check(UInt32.self)
      try check(UInt64.self)
      let doubles = try multiply(isa, Tensor(x.map(Double.init), shape: a), Tensor(y.map(Double.init), shape: b))
      #expect(try doubles.shape == expected.shape && doubles.elements(Double.self) == expected.values, "\(a) · \(b)")
      for type in [ElementType.float16, .bfloat16] {
        let halves = try multiply(isa, cast(isa, x.map(Float.init), a, type), cast(isa, y.map(Float.init), b, type))
        let result = try StandardPluginTests.cast(isa, halves, .float32)
        // Small integers are exact in both; the sum is rounded once, to eight bits at worst.
        try expectClose(
          result, Tensor(expected.values.map { Float($0) }, shape: expected.shape),
          type == .float16 ? 0.001 : 0.008, "\(type.name) \(a) · \(b)")
      }
    }
  }

  @Test(arguments: instructionSets) func gemmOfEachForm(_ isa: CPU.ISA) throws {
    var numbers = Numbers(2)
    for (m, n, k) in [(1, 1, 1), (3, 17, 5), (1, 65, 130), (75, 34, 300), (16, 16, 16)] {
      for form in 0..<4 {
        let (transposeA, transposeB) = (form & 1 == 1, form & 2 == 2)
        let a = try numbers.tensor(transposeA ? [k, m] : [m, k])
        let b = try numbers.tensor(transposeB ? [n, k] : [k, n])
        for shape in [nil, [], [1], [n], [1, n], [m, 1], [m, n]] as [[Int]?] {
          let c = try shape.map { try numbers.tensor($0) }
          let (x, y): ([Float], [Float]) = (try a.elements(), try b.elements())
          let z = try c?.elements(Float.self)
          var expected: [Float] = []
          for i in 0..<m {
            for j in 0..<n {
              var sum = 0.0
              for l in 0..<k {
                sum += Double(x[transposeA ? l * m + i : i * k + l]) * Double(y[transposeB ? j * k + l : l * n + j])
              }
              var addend = 0.0
              if let z, let shape {
                let row = shape.count == 2 && shape[0] > 1 ? i : 0
                let column = shape.last ?? 1 > 1 ? j : 0
                addend = Double(z[row * (shape.last ?? 1) + column])
              }
              expected.append(Float(-0.75 * sum + 0.5 * addend))
            }
          }
          let wanted = try Tensor(expected, shape: [m, n])
          var sample = Sample()
          sample.nodes = [
            Node(
              "Gemm", inputs: ["a", "b"] + (c == nil ? [] : ["c"]), outputs: ["y"],
              attributes: [
                Attribute("alpha", .float(-0.75)), Attribute("beta", .float(0.5)),
                Attribute("transA", .int(transposeA ? 1 : 0)), Attribute("transB", .int(transposeB ? 1 : 0)),
              ])
          ]
          sample.outputs = ["y"]
          let rest = [("b", b)] + (c.map { [("c", $0)] } ?? [])
          sample.inputs = [("a", a)]
          sample.constants = rest
          try expectClose(sample.run(isa)[0], wanted, 1e-4, "\((m, n, k)), form \(form), C \(shape as Any)")
          sample.inputs += rest
          sample.constants = []
          try expectClose(sample.run(isa)[0], wanted, 1e-4, "\((m, n, k)), form \(form), C \(shape as Any), given")
        }
      }
    }
  }

  @Test func sizesThatDoNotFit() throws {
    for (a, b) in [([2, 3], [4, 5]), ([3], [4]), ([2, 5, 3], [3, 3, 4]), ([], [3]), ([2, 2], [])] as [([Int], [Int])] {
      var numbers = Numbers(3)
      let (x, y) = (try numbers.tensor(a), try numbers.tensor(b))
      let error = #expect(throws: ZooError.self) { try multiply(.generic, x, y) }
      #expect(error?.kind == .badData)
    }
    let error = #expect(throws: ZooError.self) {
      try multiply(.generic, Tensor([1] as [Float], shape: [1]), Tensor([1] as [Double], shape: [1]))
    }
    #expect(error?.kind == .badData)
  }

  private func multiply(_ isa: CPU.ISA, _ a: Tensor, _ b: Tensor) throws -> Tensor {
    let node = Node("MatMul", inputs: ["a", "b"], outputs: ["y"])
    return try runOperator(node, inputs: [a, b], opset: Sample.opset, registry: registry(isa))[0]
  }

  private func cast(_ isa: CPU.ISA, _ values: [Float], _ shape: [Int], _ type: ElementType) throws -> Tensor {
    try StandardPluginTests.cast(isa, Tensor(values, shape: shape), type)
  }

  /// NumPy's matmul.
  private func product(_ x: [Double], _ xShape: [Int], _ y: [Double], _ yShape: [Int]) -> (
    values: [Double], shape: [Int]
  ) {
    let left = xShape.count == 1 ? [1] + xShape : xShape
    let right = yShape.count == 1 ? yShape + [1] : yShape
    let (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    let rank = max(left.count, right.count) - 2
    func stack(_ shape: [Int]) -> [Int] {
      [Int](repeating: 1, count: rank + 2 - shape.count) + shape.dropLast(2)
    }
    let (a, b) = (stack(left), stack(right))
    let whole = zip(a, b).map { $0 == 1 ? $1 : $0 }
    var values: [Double] = []
    for index in 0..<whole.reduce(1, *) {
      func place(_ own: [Int]) -> Int {
        var (rest, result, step) = (index, 0, 1)
        for axis in whole.indices.reversed() {
          if own[axis] > 1 { result += rest % whole[axis] * step }
          step *= own[axis]
          rest /= whole[axis]
        }
        return result
      }
      let (from, with) = (place(a) * m * k, place(b) * k * n)
      for i in 0..<m {
        for j in 0..<n {
          values.append((0..<k).reduce(0.0) { $0 + x[from + i * k + $1] * y[with + $1 * n + j] })
        }
      }
    }
    return (values, whole + (xShape.count == 1 ? [] : [m]) + (yShape.count == 1 ? [] : [n]))
  }
}
