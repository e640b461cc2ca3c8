import Foundation
import Testing
import ZooCore
import ZooRuntime
import ZooSystem

/// Functions that vectors compute, beside those of the C library in double precision.
@Suite struct VectorFunctionTests {
  private static let functions: [(name: String, range: ClosedRange<Double>, function: @Sendable (Double) -> Double)] = [
    ("Sin", -3000...3000, { sin($0) }), ("Cos", -3000...3000, { cos($0) }), ("Tan", -30...30, { tan($0) }),
    ("Asin", -1...1, { asin($0) }), ("Acos", -1...1, { acos($0) }), ("Atan", -50...50, { atan($0) }),
    ("Sinh", -88...88, { sinh($0) }), ("Cosh", -88...88, { cosh($0) }), ("Asinh", -1e6...1e6, { asinh($0) }),
    ("Acosh", 1...1e6, { acosh($0) }), ("Atanh", -0.9999...0.9999, { atanh($0) }),
    ("Sigmoid", -80...80, { 1 / (1 + exp(-$0)) }), ("Softplus", -80...80, { max($0, 0) + log1p(exp(-abs($0))) }),
    ("Mish", -20...80, { $0 * tanh(max($0, 0) + log1p(exp(-abs($0)))) }),
  ]

  @Test(arguments: instructionSets) func functionsOfOneNumber(_ isa: CPU.ISA) throws {
    var numbers = Numbers(5)
    for (name, range, function) in Self.functions {
      for count in [1, 2, 3, 5, 8, 13, 16, 29, 5000] {
        let x = (0..<count).map { index in
          let share = Double(numbers.below(1 << 20)) / Double(1 << 20)
          let wide = range.lowerBound + share * (range.upperBound - range.lowerBound)
          // Small ones, too.
          return Float(index % 3 == 0 && range.lowerBound < 0 ? wide / 1000 : wide)
        }
        let y = try Self.run(name, x, isa)
        for (x, y) in zip(x, y) {
          let wanted = function(Double(x))
          #expect(abs(Double(y) - wanted) <= 6e-7 * abs(wanted) + 1e-30, "\(name) of \(x)")
        }
      }
    }
  }

  @Test(arguments: instructionSets) func whatIsFarOrNoNumber(_ isa: CPU.ISA) throws {
    let x: [Float] = [1e7, -3e9, 1e30, .infinity, .nan, 0, 2, -1.5, 1e20, -Float.leastNormalMagnitude / 100]
    for (name, _, function) in Self.functions {
      for (x, y) in zip(x, try Self.run(name, x, isa)) {
        let wanted = Float(function(Double(x)))
        #expect(
          y.isNaN == wanted.isNaN && (y.isNaN || abs(y - wanted) <= 1e-6 * abs(wanted) || y == wanted),
          "\(name) of \(x)")
      }
    }
  }

  private static func run(_ name: String, _ x: [Float], _ isa: CPU.ISA) throws -> [Float] {
    try runOperator(
      Node(name, inputs: ["x"], outputs: ["y"]), inputs: [Tensor(x, shape: [x.count])], opset: Sample.opset,
      registry: registry(isa))[0].elements()
  }

  @Test(arguments: instructionSets) func powers(_ isa: CPU.ISA) throws {
    let special: [Float] = [
      0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, .infinity, -.infinity, .nan, Float.leastNormalMagnitude / 100,
      -Float.leastNormalMagnitude / 100, 1e30, -1e30, 16_777_216, 2.2,
      127, -149, 3.4e38,
    ]
    let bases = special + (1..<200).map { Float($0) * 0.37 }
    for x in bases.map({ [Float](repeating: $0, count: special.count) }) + [special] {
      let (y, count) = (special, special.count)
      let results: [Float] = try runOperator(
        Node("Pow", inputs: ["x", "y"], outputs: ["z"]),
        inputs: [Tensor(x, shape: [count]), Tensor(y, shape: [count])], opset: Sample.opset, registry: registry(isa))[0]
        .elements()
      for (index, result) in results.enumerated() {
        let wanted = Float(pow(Double(x[index]), Double(y[index])))
        #expect(
          result.isNaN == wanted.isNaN
            && (wanted.isNaN || result == wanted
              || abs(result - wanted) <= 2e-7 * abs(wanted) + 2 * Float.leastNonzeroMagnitude),
          "\(x[index]) to the power of \(y[index])")
      }
    }
  }

  /// Zeros keep their sign where the C library's functions do.
  @Test(arguments: instructionSets) func signsOfZero(_ isa: CPU.ISA) throws {
    for name in ["Sin", "Tan", "Asin", "Atan", "Sinh", "Asinh", "Atanh"] {
      for count in [2, 40] {
        let x = (0..<count).map { $0 % 2 == 0 ? -Float(0) : 0 }
        #expect(try Self.run(name, x, isa).map(\.bitPattern) == x.map(\.bitPattern), "\(name)")
      }
    }
  }

  /// One exponent for all of a row, some of which have short cuts.
  @Test(arguments: instructionSets) func powersOfOneExponent(_ isa: CPU.ISA) throws {
    let x: [Float] = [0, -0.0, 1, -1, 4, -4, .infinity, -.infinity, .nan, 0.3, 7, 1e30, -1e-30]
    for exponent in [0.5, 1, 2, 0, -0.5, -1, 3, 2.2] as [Float] {
      let y: [Float] = try runOperator(
        Node("Pow", inputs: ["x", "y"], outputs: ["z"]),
        inputs: [Tensor(x, shape: [x.count]), Tensor([exponent], shape: [1])], opset: Sample.opset,
        registry: registry(isa))[0].elements()
      for (x, y) in zip(x, y) {
        let wanted = Float(pow(Double(x), Double(exponent)))
        let isSame = y.bitPattern == wanted.bitPattern || y.isNaN && wanted.isNaN
        #expect(isSame || wanted != 0 && abs(y - wanted) <= 2e-7 * abs(wanted), "\(x) to the power of \(exponent)")
      }
    }
  }

  /// Exponents that have short cuts, and steps behind another operator.
  @Test func powersAreSteps() throws {
    for exponent in [0.5, 1, 2, 3, -1.5] as [Float] {
      var builder = PatternBuilder()
      let x = try builder.input("x", [3, 37])
      let base = builder.node("Exp", x)
      let y = builder.node("Pow", base, try builder.number(exponent))
      #expect(try builder.check(y, "\(exponent)") == ["Exp"])
    }
  }
}

/// Operators over rows and columns of any length, beside the plainest loops.
@Suite struct ColumnTests {
  @Test(arguments: instructionSets, [[1, 5, 1], [3, 40, 1], [2, 7, 16], [1, 33, 19], [2, 1, 70], [1, 300, 90]])
  func greatestAndLeast(_ isa: CPU.ISA, shape: [Int]) throws {
    var numbers = Numbers(3)
    // Of few values, so that there are equals, and some are no numbers.
    for hasNaN in [false, true] {
      let x = (0..<shape.reduce(1, *)).map { _ in hasNaN && numbers.below(9) == 0 ? Float.nan : Float(numbers.below(12))
      }
      for (name, isBetter) in [("ArgMax", (>)), ("ArgMin", (<))] as [(String, (Float, Float) -> Bool)] {
        for last in [0, 1] as [Int64] {
          let node = Node(
            name, inputs: ["x"], outputs: ["y"],
            attributes: [Attribute("axis", .int(1)), Attribute("select_last_index", .int(last))])
          let y: [Int64] = try runOperator(
            node, inputs: [Tensor(x, shape: shape)], opset: Sample.opset, registry: registry(isa))[0].elements()
          var wanted: [Int64] = []
          for outer in 0..<shape[0] {
            for inner in 0..<shape[2] {
              func value(_ row: Int) -> Float { x[(outer * shape[1] + row) * shape[2] + inner] }
              var best = 0
              for row in 1..<max(1, shape[1])
              where isBetter(value(row), value(best)) || last == 1 && value(row) == value(best) { best = row }
              wanted.append(Int64(best))
            }
          }
          #expect(y == wanted, "\(name), \(last), \(hasNaN)")
        }
      }
    }
  }

  @Test(arguments: [[1, 5, 1], [2, 7, 16], [1, 33, 19], [3, 4, 700]]) func runningSums(shape: [Int]) throws {
    var numbers = Numbers(4)
    let x = (0..<shape.reduce(1, *)).map { _ in Float(numbers.below(100)) }
    for (exclusive, reverse) in [(0, 0), (1, 0), (0, 1), (1, 1)] as [(Int64, Int64)] {
      let node = Node(
        "CumSum", inputs: ["x", "axis"], outputs: ["y"],
        attributes: [Attribute("exclusive", .int(exclusive)), Attribute("reverse", .int(reverse))])
      let y: [Float] = try runOperator(
        node, inputs: [Tensor(x, shape: shape), Tensor([1 as Int64], shape: [])], opset: Sample.opset,
        registry: registry(.generic))[0].elements()
      var wanted = x
      for outer in 0..<shape[0] {
        for inner in 0..<shape[2] {
          var total: Float = 0
          for row in reverse == 1 ? Array((0..<shape[1]).reversed()) : Array(0..<shape[1]) {
            let place = (outer * shape[1] + row) * shape[2] + inner
            wanted[place] = exclusive == 1 ? total : total + x[place]
            total += x[place]
          }
        }
      }
      #expect(y == wanted, "\(exclusive), \(reverse)")
    }
  }

  /// Many at once are what each is by itself: those that fit fast ways, and those that lie among others that do not.
  @Test func castsOfManyAndOfOne() throws {
    var numbers = Numbers(6)
    let types: [ElementType] = [
      .float32, .float64, .float16, .bfloat16, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64, .bool,
    ]
    let plain = (0..<700).map { _ in Float(numbers.below(20000)) / 100 - 100 }
    let far: [Float] = [3e9, -3e9, 1e20, -1e20, 65504, 1e-8, -0.0, 0.4, 255.9]
    for given in [plain, plain + far, far] {
      let x = try Tensor(given, shape: [given.count])
      for from in types {
        let values = try cast(.generic, x, from)
        for to in types {
          let all = try cast(.generic, values, to)
          let size = all.byteCount / all.count
          let bytes = all.withUnsafeBytes { Array($0) }
          for index in stride(from: 0, to: given.count, by: given.count > 50 ? 53 : 1) {
            let one = try cast(.generic, cast(.generic, Tensor([given[index]], shape: [1]), from), to)
            #expect(
              one.withUnsafeBytes { Array($0) } == Array(bytes[index * size..<(index + 1) * size]),
              "\(given[index]) from \(from.name) to \(to.name)")
          }
        }
      }
    }
  }
}
