import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

/// Products of 8-bit integers against sums written plainly here.
@Suite struct IntegerProductTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var a, b: [Int]
    /// Shapes of the zero points; `nil` for none.
    var aZero, bZero: [Int]?
    var testDescription: String { "\(a) · \(b), \(aZero as Any), \(bZero as Any)" }
  }

  /// Odd sizes around register tiles and panels, a vector on either side, stacks that broadcast, zero points of all kinds.
  static let cases = [
    Case(a: [5, 19], b: [19, 37], aZero: [], bZero: []),
    Case(a: [1, 64], b: [64, 33], aZero: [], bZero: [33]),
    Case(a: [23, 3], b: [3, 16], aZero: [23], bZero: nil),
    Case(a: [90, 131], b: [131, 70], aZero: nil, bZero: [70]),
    Case(a: [7], b: [7, 9], aZero: [], bZero: []),
    Case(a: [6, 8], b: [8], aZero: [6], bZero: []),
    Case(a: [2, 3, 4, 10], b: [10, 18], aZero: [], bZero: [18]),
    Case(a: [2, 3, 4, 10], b: [10, 18], aZero: [2, 3, 4, 1], bZero: nil),
    Case(a: [3, 1, 4, 6], b: [2, 6, 5], aZero: [], bZero: [2, 1, 5]),
    Case(a: [4, 6], b: [2, 6, 5], aZero: [4], bZero: []),
    Case(a: [2, 4, 6], b: [1, 6, 5], aZero: [4], bZero: []),
    Case(a: [3, 0], b: [0, 4], aZero: [], bZero: []),
  ]

  private struct Bytes {
    var values: [Int]
    var tensor: Tensor

    /// - Parameter tame: Whether large numbers are rare, as among weights; otherwise extremes are frequent, as those
    ///   overflow first.
    init(_ shape: [Int], signed: Bool, tame: Bool = false, _ numbers: inout Numbers) throws {
      let low = signed ? -128 : 0
      values = (0..<shape.reduce(1, *)).map { _ in
        switch numbers.below(tame ? 400 : 4) {
        case 0: low + 255 * numbers.below(2)
        default: tame ? low + 68 + numbers.below(121) : low + numbers.below(256)
        }
      }
      tensor =
        signed
        ? try Tensor(values.map { Int8($0) }, shape: shape) : try Tensor(values.map { UInt8($0) }, shape: shape)
    }
  }

  /// Sums of NumPy's matmul, as one matrix after the other, and for each of them the places of its zero points' owners.
  private func sums(_ c: Case, _ a: Bytes, _ b: Bytes, _ aZero: Bytes?, _ bZero: Bytes?) -> [Int] {
    let left = c.a.count == 1 ? [1] + c.a : c.a
    let right = c.b.count == 1 ? c.b + [1] : c.b
    let (rows, depth, columns) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    func indices(_ own: [Int], _ stack: [Int]) -> [Int] {
      let padded = [Int](repeating: 1, count: stack.count - own.count) + own
      return (0..<stack.reduce(1, *)).map { number in
        var (rest, index, step) = (number, 0, 1)
        for (extent, all) in zip(padded, stack).reversed() {
          index += extent == 1 ? 0 : rest % all * step
          (rest, step) = (rest / all, step * extent)
        }
        return index
      }
    }
    let (aStack, bStack) = (Array(left.dropLast(2)), Array(right.dropLast(2)))
    let rank = max(aStack.count, bStack.count)
    let (aFull, bFull) = (
      [Int](repeating: 1, count: rank - aStack.count) + aStack, [Int](repeating: 1, count: rank - bStack.count) + bStack
    )
    let stack = zip(aFull, bFull).map { max($0, $1) }
    var result = [Int]()
    for (m, n) in zip(indices(aStack, stack), indices(bStack, stack)) {
      for row in 0..<rows {
        let zeroA = aZero.map { $0.values[(m * rows + row) % $0.values.count] } ?? 0
        for column in 0..<columns {
          let zeroB = bZero.map { $0.values[(n * columns + column) % $0.values.count] } ?? 0
          result.append(
            (0..<depth).reduce(0) { sum, k in
              sum + (a.values[(m * rows + row) * depth + k] - zeroA)
                * (b.values[(n * depth + k) * columns + column] - zeroB)
            })
        }
      }
    }
    return result
  }

  /// Each case in every combination of signs, with B constant and as an input, on every processor.
  @Test(arguments: cases) func exactSums(_ c: Case) throws {
    var numbers = Numbers(c.a.reduce(7) { $0 * 31 + $1 })
    for variant in 0..<8 {
      let (aSigned, bSigned, isTame) = (variant & 1 != 0, variant & 2 != 0, variant & 4 != 0)
      let a = try Bytes(c.a, signed: aSigned, &numbers)
      let b = try Bytes(c.b, signed: bSigned, tame: isTame, &numbers)
      let aZero = try c.aZero.map { try Bytes($0, signed: aSigned, &numbers) }
      let bZero = try c.bZero.map { try Bytes($0, signed: bSigned, &numbers) }
      let expected = sums(c, a, b, aZero, bZero)
      for isConstant in [false, true] {
        var sample = Sample()
        sample.nodes = [
          Node(
            "MatMulInteger", inputs: ["a", "b", aZero == nil ? "" : "p", bZero == nil ? "" : "q"], outputs: ["y"])
        ]
        sample.inputs = [("a", a.tensor)]
        if isConstant { sample.constants = [("b", b.tensor)] } else { sample.inputs.append(("b", b.tensor)) }
        for (name, zero) in [("p", aZero), ("q", bZero)] { if let zero { sample.inputs.append((name, zero.tensor)) } }
        sample.outputs = ["y"]
        for cpu in processors {
          let given = Dictionary(uniqueKeysWithValues: sample.inputs.map { ($0.name, $0.tensor) })
          let y = try #require(try sample.compiled(on: cpu, Arithmetic(.float32)).run(given)["y"])
          let result: [Int32] = try y.elements()
          #expect(result.map(Int.init) == expected, "\(cpu) \(aSigned) \(bSigned) \(isTame) \(isConstant)")
        }
      }
    }
  }

  /// Scales of rows and columns; rounding half to even, clamping.
  @Test func requantized() throws {
    var numbers = Numbers(5)
    let c = Case(a: [2, 11, 21], b: [21, 35], aZero: [], bZero: [35])
    let (a, b) = (try Bytes(c.a, signed: false, &numbers), try Bytes(c.b, signed: true, &numbers))
    let (aZero, bZero) = (try Bytes([], signed: false, &numbers), try Bytes([35], signed: true, &numbers))
    let sums = sums(c, a, b, aZero, bZero)
    // Halves are exact with the first of these, which makes ties frequent.
    let bScales = (0..<35).map { $0 % 3 == 0 ? Float(0.03125) : Float(0.001) * Float($0) }
    for (count, isSigned) in [(1, true), (22, false)] {
      let aScales = (0..<count).map { Float(1) / Float(16 << ($0 % 3)) }
      let zeros = try Bytes(count == 1 ? [] : [2, 11, 1], signed: isSigned, &numbers)
      let shape = count == 1 ? [] : [2, 11, 1]
      let scales = (0..<count).map { Float(1) + Float($0) * 0.5 }
      let expected = sums.enumerated().map { place, sum in
        let row = place / 35 % count
        let factor = aScales[row] * bScales[place % 35] / scales[row]
        let value = (Float(sum) * factor).rounded(.toNearestOrEven) + Float(zeros.values[row])
        return Int(min(max(value, isSigned ? -128 : 0), isSigned ? 127 : 255))
      }
      for cpu in processors {
        let inputs: [Tensor?] = [
          a.tensor, try Tensor(aScales, shape: shape), aZero.tensor, b.tensor, try Tensor(bScales, shape: [35]),
          bZero.tensor, try Tensor(scales, shape: shape), zeros.tensor,
        ]
        let node = Node("QLinearMatMul", inputs: (0..<8).map { "i\($0)" }, outputs: ["y"])
        let y = try runOperator(node, inputs: inputs, opset: Sample.opset, registry: registry(on: cpu))[0]
        if isSigned {
          let result: [Int8] = try y.elements()
          #expect(result.map(Int.init) == expected)
        } else {
          let result: [UInt8] = try y.elements()
          #expect(result.map(Int.init) == expected)
        }
      }
    }
  }

  @Test func zeroPointsOfOtherCountsAreErrors() throws {
    let bytes = { (shape: [Int]) in try Tensor([UInt8](repeating: 1, count: shape.reduce(1, *)), shape: shape) }
    for (aZero, bZero) in [([2], [Int]()), ([], [3])] {
      let inputs = [try bytes([3, 4]), try bytes([4, 5]), try bytes(aZero), try bytes(bZero)]
      let node = Node("MatMulInteger", inputs: ["a", "b", "c", "d"], outputs: ["y"])
      #expect(throws: (any Error).self) {
        try runOperator(node, inputs: inputs, opset: Sample.opset, registry: registry(.generic))
      }
    }
  }
}
