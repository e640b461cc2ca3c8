import Testing
import ZooCore
import ZooRuntime

/// Layer normalization, GELU and attention as exporters write them, found and run as one operator, against each of
/// their operators by itself.
@Suite struct PatternTests {
  // MARK: Layer normalization

  private func layerNormalization(
    _ builder: inout PatternBuilder, _ x: String, axes: [Int64], width: [Int], shift: [Int], reversed: Bool,
    squared: Bool
  ) throws -> String {
    func pair(_ left: String, _ right: String) -> (String, String) { reversed ? (right, left) : (left, right) }
    let axes = try builder.integers(axes)
    let mean = builder.node("ReduceMean", x, axes)
    let centred = builder.node("Sub", x, mean)
    let power =
      squared ? builder.node("Mul", centred, centred) : builder.node("Pow", centred, try builder.number(2))
    let variance = builder.node("ReduceMean", power, axes)
    let epsilon = pair(variance, try builder.number(1e-5))
    let root = builder.node("Sqrt", builder.node("Add", epsilon.0, epsilon.1))
    let scale = try builder.numbers.tensor(width)
    builder.sample.constants.append(("scale", scale))
    builder.sample.constants.append(("shift", try builder.numbers.tensor(shift)))
    let scaled = pair(builder.node("Div", centred, root), "scale")
    let shifted = pair(builder.node("Mul", scaled.0, scaled.1), "shift")
    return builder.node("Add", shifted.0, shifted.1)
  }

  @Test func layerNormalizationIsFound() throws {
    for (reversed, squared) in [(false, false), (true, false), (false, true)] {
      for (axes, width) in [([-1], [37]), ([2], [1, 37]), ([-2, -1], [5, 37])] as [([Int64], [Int])] {
        var builder = PatternBuilder()
        let x = try builder.input("x", [3, 5, 37])
        let y = try layerNormalization(
          &builder, x, axes: axes, width: width, shift: width, reversed: reversed, squared: squared)
        #expect(try builder.check(y, "\(axes), \(width)") == ["LayerNormalization"])
      }
    }
  }

  @Test func whatOnlyResemblesLayerNormalizationStaysAsItIs() throws {
    // A shift for each row, and means over rows.
    for (axes, shift) in [([-1], [5, 1]), ([1], [37]), ([-1], [5, 37])] as [([Int64], [Int])] {
      var builder = PatternBuilder()
      let x = try builder.input("x", [3, 5, 37])
      let y = try layerNormalization(
        &builder, x, axes: axes, width: [37], shift: shift, reversed: false, squared: false)
      #expect(try !builder.check(y, "\(axes), \(shift)").contains("LayerNormalization"))
    }
  }

  // MARK: Rows that indices name

  /// As networks over graphs gather and add up what goes along edges.
  @Test(arguments: ["ScatterElements", "GatherElements"], [[2000, 1], [1, 7], [2000, 7]])
  func indicesOfWholeRows(type: String, indices: [Int]) throws {
    var builder = PatternBuilder()
    let x = try builder.input("x", [40, 7])
    let places = (0..<indices.reduce(1, *)).map { Int64($0 * 7 % 80 - 40) }
    builder.sample.inputs.append(("places", try Tensor(places, shape: indices)))
    let updates = try builder.input("updates", [2000, 7])
    let all = builder.node("Expand", "places", builder.node("Shape", updates))
    let y =
      type == "GatherElements"
      ? builder.node(type, x, all)
      : builder.node(type, x, all, updates, attributes: [.text("reduction", "add"), Attribute("axis", .int(0))])
    let left = try builder.check(y, "\(type) \(indices)")
    #expect(left.contains(type) == (indices != [2000, 1]), "\(left)")
  }

  // MARK: Einsum

  @Test func einsumsOfTwoAreProducts() throws {
    let cases: [(equation: String, a: [Int], b: [Int], operators: Set<String>)] = [
      ("ij,jk->ik", [5, 7], [7, 9], ["MatMul"]), ("ij,kj->ik", [5, 7], [9, 7], ["MatMul", "Transpose"]),
      ("ij,jk->ki", [5, 7], [7, 9], ["MatMul", "Transpose"]), ("bij,bjk->bik", [3, 5, 7], [3, 7, 9], ["MatMul"]),
      ("td,edh->eth", [6, 5], [3, 5, 4], ["MatMul"]), ("te,etd->td", [6, 3], [3, 6, 4], ["MatMul", "Transpose"]),
      ("bqhd,bkhd->bhqk", [2, 6, 3, 4], [2, 5, 3, 4], ["MatMul", "Transpose"]),
      ("bhqk,bkhd->bqhd", [2, 3, 6, 5], [2, 5, 3, 4], ["MatMul", "Transpose"]),
      ("bhwc,wkc->bhwk", [2, 4, 3, 5], [3, 6, 5], ["MatMul", "Transpose"]),
      ("abc,cd->abd", [2, 4, 3], [3, 6], ["MatMul"]), ("abcd,cde->abe", [2, 4, 3, 5], [3, 5, 6], ["MatMul"]),
      ("bci,bcj->bcij", [2, 3, 4], [2, 3, 5], ["Mul"]), ("ij,ij->ij", [4, 5], [4, 5], ["Mul"]),
      ("i,i->", [9], [9], ["MatMul"]), ("ij,j->i", [4, 9], [9], ["MatMul"]),
      // Sums over one operand alone, ellipses, diagonals and three operands are left as they are.
      ("ijk,jl->il", [3, 4, 5], [4, 6], ["Einsum"]), ("...j,jk->...k", [3, 4], [4, 5], ["Einsum"]),
      ("ii,ij->ij", [4, 4], [4, 5], ["Einsum"]), ("ij,jk->ik", [4, 1], [5, 6], ["Einsum"]),
    ]
    for (equation, a, b, operators) in cases {
      var builder = PatternBuilder()
      let (x, w) = (try builder.input("a", a), try builder.input("b", b))
      let y = builder.node("Einsum", x, w, attributes: [.text("equation", equation)])
      let left = Set(try builder.check(y, equation)).subtracting(["Reshape"])
      #expect(left == operators, "\(equation)")
    }
  }

  // MARK: GELU

  @Test(arguments: 0..<5) func geluIsFound(order: Int) throws {
    var builder = PatternBuilder()
    let x = try builder.input("x", [3, 70])
    let (half, one) = (try builder.number(0.5), try builder.number(1))
    let scaled =
      order % 2 == 0
      ? builder.node("Div", x, try builder.number(1.4142135))
      : builder.node("Mul", try builder.number(0.70710677), x)
    let curve = builder.node("Add", builder.node("Erf", scaled), one)
    let y =
      switch order {
      case 0: builder.node("Mul", builder.node("Mul", x, curve), half)
      case 1: builder.node("Mul", half, builder.node("Mul", curve, x))
      case 2: builder.node("Mul", builder.node("Mul", x, half), curve)
      case 3: builder.node("Mul", x, builder.node("Mul", curve, half))
      default: builder.node("Div", builder.node("Mul", x, curve), try builder.number(2))
      }
    let left = try builder.check(y, "order \(order)")
    #expect(left == ["Gelu"])
  }

  @Test(arguments: [true, false]) func geluByTanhIsFound(cubedByPow: Bool) throws {
    var builder = PatternBuilder()
    let x = try builder.input("x", [3, 70])
    let cube =
      cubedByPow
      ? builder.node("Pow", x, try builder.number(3)) : builder.node("Mul", x, builder.node("Mul", x, x))
    let sum = builder.node("Add", x, builder.node("Mul", cube, try builder.number(0.044715)))
    let tanh = builder.node("Tanh", builder.node("Mul", sum, try builder.number(0.7978846)))
    let curve = builder.node("Add", try builder.number(1), tanh)
    let y = builder.node("Mul", builder.node("Mul", x, try builder.number(0.5)), curve)
    #expect(try builder.check(y, "\(cubedByPow)") == ["Gelu"])
  }

  @Test func otherConstantsAreNoGelu() throws {
    var builder = PatternBuilder()
    let x = try builder.input("x", [3, 70])
    let erf = builder.node("Erf", builder.node("Mul", x, try builder.number(0.7)))
    let curve = builder.node("Add", erf, try builder.number(1))
    let y = builder.node("Mul", builder.node("Mul", x, curve), try builder.number(0.5))
    #expect(try !builder.check(y, "0.7").contains("Gelu"))
  }

  // MARK: Gated activations

  @Test(arguments: [1, 1.702] as [Float]) func swishIsFound(alpha: Float) throws {
    for isReversed in [false, true] {
      var builder = PatternBuilder()
      let x = try builder.input("x", [3, 70])
      let argument = alpha == 1 ? x : builder.node("Mul", x, try builder.number(alpha))
      let gate = builder.node("Sigmoid", argument)
      let y = isReversed ? builder.node("Mul", gate, x) : builder.node("Mul", x, gate)
      #expect(try builder.check(y, "\(alpha)") == ["Swish"])
    }
  }

  @Test func mishIsFound() throws {
    for isReversed in [false, true] {
      var builder = PatternBuilder()
      let x = try builder.input("x", [3, 70], scale: 12)
      let gate = builder.node("Tanh", builder.node("Softplus", x))
      let y = isReversed ? builder.node("Mul", gate, x) : builder.node("Mul", x, gate)
      #expect(try builder.check(y, "Mish") == ["Mish"])
    }
  }

  /// x · clip(x + 3, 0, 6) / 6 as exporters write it.
  @Test(arguments: 0..<6) func hardSwishIsFound(order: Int) throws {
    var builder = PatternBuilder()
    let x = try builder.input("x", [3, 70])
    let sum = builder.node("Add", x, try builder.number(3))
    let clipped = builder.node("Clip", sum, try builder.number(0), try builder.number(6))
    let (sixth, six) = (try builder.number(1 / 6), try builder.number(6))
    let y =
      switch order {
      case 0: builder.node("Mul", x, builder.node("Mul", clipped, sixth))
      case 1: builder.node("Mul", x, builder.node("Div", clipped, six))
      case 2: builder.node("Mul", builder.node("Mul", x, clipped), sixth)
      case 3: builder.node("Div", builder.node("Mul", clipped, x), six)
      case 4: builder.node("Mul", builder.node("Mul", x, sixth), clipped)
      default: builder.node("Mul", builder.node("Mul", sixth, clipped), x)
      }
    #expect(try builder.check(y, "\(order)") == ["HardSwish"])
  }

  @Test func hardSigmoidIsFound() throws {
    var builder = PatternBuilder()
    let x = try builder.input("x", [3, 70])
    let sum = builder.node("Add", try builder.number(2), x)
    let clipped = builder.node("Clip", sum, try builder.number(0), try builder.number(4))
    #expect(try builder.check(builder.node("Div", clipped, try builder.number(4)), "") == ["HardSigmoid"])
  }

  /// Another gate's argument, bound or factor.
  @Test(arguments: 0..<5) func otherGatesStay(kind: Int) throws {
    var builder = PatternBuilder()
    let (x, other) = (try builder.input("x", [3, 70]), try builder.input("z", [3, 70]))
    func clip(_ value: String, _ low: Float, _ high: Float) throws -> String {
      let sum = builder.node("Add", value, try builder.number(3))
      return builder.node("Clip", sum, try builder.number(low), try builder.number(high))
    }
    let y =
      switch kind {
      case 0: builder.node("Mul", x, builder.node("Sigmoid", other))
      case 1: builder.node("Mul", x, builder.node("Mul", try clip(other, 0, 6), try builder.number(1 / 6)))
      case 2: builder.node("Mul", x, builder.node("Mul", try clip(x, -1, 6), try builder.number(1 / 6)))
      case 3: builder.node("Mul", x, builder.node("Mul", try clip(x, 0, 5), try builder.number(1 / 6)))
      default: builder.node("Mul", builder.node("Mul", x, builder.node("Sigmoid", x)), try builder.number(2))
      }
    let found = try builder.check(y, "\(kind)")
    #expect(kind == 4 || !found.contains { ["Swish", "HardSwish"].contains($0) })
  }

  // MARK: Attention

  struct AttentionCase: CustomStringConvertible, Sendable {
    var queries = 9
    var keys = 9
    var heads = 3
    var size = 16
    var batch = 2
    var mask: [Int]?
    /// Heads before positions by transposing, or given so.
    var isTransposed = true
    /// Matrices of (batch · heads) only.
    var isStack = false
    var scalesOperands = false
    var description: String { "\(batch)×\(heads)×\(queries)×\(keys)×\(size) \(mask ?? []) \(isTransposed) \(isStack)" }
  }

  static let attentionCases: [AttentionCase] = [
    AttentionCase(), AttentionCase(mask: [2, 1, 1, 9]), AttentionCase(mask: [9, 9]), AttentionCase(mask: [9]),
    AttentionCase(keys: 33, mask: [2, 3, 9, 33]), AttentionCase(queries: 1, keys: 50), AttentionCase(queries: 4),
    AttentionCase(queries: 130, keys: 130, size: 64), AttentionCase(queries: 20, keys: 700, heads: 2, batch: 1),
    AttentionCase(queries: 150, keys: 1000, heads: 1, size: 24, batch: 1, mask: [150, 1000]),
    AttentionCase(scalesOperands: true), AttentionCase(isTransposed: false),
    AttentionCase(mask: [2, 1, 9, 9], isTransposed: false), AttentionCase(isStack: true),
    AttentionCase(keys: 21, mask: [6, 9, 21], isTransposed: false, isStack: true),
    AttentionCase(size: 5, isStack: true, scalesOperands: true), AttentionCase(queries: 2, keys: 3, size: 1),
  ]

  @Test(arguments: attentionCases) func attentionIsFound(_ test: AttentionCase) throws {
    var builder = PatternBuilder()
    /// (batch, heads, length, size), or (batch · heads, length, size).
    func operand(_ name: String, _ length: Int) throws -> String {
      let stacked = test.batch * test.heads
      switch (test.isTransposed, test.isStack) {
      case (true, false):
        let x = try builder.input(name, [test.batch, length, test.heads * test.size])
        let split = try builder.reshape(x, [0, 0, Int64(test.heads), Int64(test.size)])
        return builder.transpose(split, [0, 2, 1, 3])
      case (true, true):
        let x = try builder.input(name, [length, test.batch, test.heads * test.size])
        return builder.transpose(try builder.reshape(x, [Int64(length), Int64(stacked), Int64(test.size)]), [1, 0, 2])
      case (false, false): return try builder.input(name, [test.batch, test.heads, length, test.size])
      case (false, true): return try builder.input(name, [stacked, length, test.size])
      }
    }
    let queries = try operand("q", test.queries)
    let keys = try operand("k", test.keys)
    let values = try operand("v", test.keys)
    let turned = builder.transpose(keys, test.isStack ? [0, 2, 1] : [0, 1, 3, 2])
    var scores: String
    if test.scalesOperands {
      let root = try builder.number(0.6)
      scores = builder.node("MatMul", builder.node("Mul", queries, root), builder.node("Mul", turned, root))
    } else {
      scores = builder.node("Div", builder.node("MatMul", queries, turned), try builder.number(2.5))
    }
    if let shape = test.mask {
      var mask = try builder.numbers.tensor(shape)
      let hidden: [Float] = try mask.elements().map { $0 < -1.5 ? -.infinity : $0 }
      mask = try Tensor(hidden, shape: shape)
      builder.sample.inputs.append(("mask", mask))
      scores = builder.node("Add", scores, "mask")
    }
    let weights = builder.node("Softmax", scores, attributes: [Attribute("axis", .int(-1))])
    var y = builder.node("MatMul", weights, values)
    if test.isTransposed {
      y = builder.transpose(y, test.isStack ? [1, 0, 2] : [0, 2, 1, 3])
      let shape = test.isStack ? [test.queries, test.batch, -1] : [test.batch, test.queries, -1]
      y = try builder.reshape(y, shape.map(Int64.init))
    }
    let left = try builder.check(y, test.description)
    #expect(left.contains("Attention") && !left.contains("Softmax") && !left.contains("MatMul"))
    if test.isTransposed { #expect(!left.contains("Transpose")) }
  }

  @Test func scoresThatOthersReadStay() throws {
    var builder = PatternBuilder()
    let q = try builder.input("q", [1, 2, 6, 8])
    let k = try builder.input("k", [1, 2, 6, 8])
    let weights = builder.node(
      "Softmax", builder.node("MatMul", q, builder.transpose(k, [0, 1, 3, 2])),
      attributes: [Attribute("axis", .int(-1))])
    let y = builder.node("Add", builder.node("MatMul", weights, k), builder.node("ReduceSum", weights))
    #expect(try !builder.check(y, "").contains("Attention"))
  }
}
