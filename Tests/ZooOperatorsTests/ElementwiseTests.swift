import TestSupport
import Testing
import ZooCore

@testable import ZooOperators

/// The integers that exporters compute shapes with, and the shapes of operators on elements.
@Suite struct ElementwiseTests {
  private let s = Dim.symbol("s")
  private let h = Dim.symbol("h")

  @Test func integerArithmetic() throws {
    #expect(try elements("Add", [list([s, 3]), list([1])]) == [s + 1, 4])
    #expect(try elements("Sub", [list([s, 3]), list([s, 5])]) == [0, -2])
    #expect(try elements("Mul", [list([s, h]), list([h, 2])]) == [s * h, 2 * h])
    #expect(try elements("Neg", [list([s, -2])]) == [-s, 2])
    #expect(try elements("Abs", [list([s, -2])]) == [s, 2])
    #expect(try elements("Max", [list([s, 3]), list([s + 2, 5]), list([0])]) == [s + 2, 5])
    #expect(try elements("Min", [list([s, 3]), list([s + 2, 5])]) == [s, 3])
    #expect(try elements("Pow", [list([s, -2]), list([2, 3])]) == [s * s, -8])
    #expect(try elements("Clip", [list([7, -2]), one(0), one(5)], opset: 13) == [5, 0])
  }

  /// Integers are divided toward zero, and rests have the sign of the divisor unless `fmod` is set.
  @Test func divisions() throws {
    #expect(
      try elements("Div", [list([7, -7, 6 * s, s]), list([2, 2, 3, 4])]) == [3, -3, 2 * s, s.floorDivided(by: 4)])
    #expect(try elements("Mod", [list([7, -7, 7, -7]), list([3, 3, -3, -3])]) == [1, 2, -2, -1])
    let fmod = [Attribute("fmod", .int(1))]
    #expect(try elements("Mod", [list([7, -7, 7, -7]), list([3, 3, -3, -3])], fmod) == [1, -1, 1, -1])
    for (left, right) in [(s - 9, Dim(2)), (Dim.unknown(), 2), (5, 0), (s, .unknown())] {
      let quotient = try #require(try elements("Div", [list([left]), list([right])]))
      #expect(quotient[0].isUnknown)
    }
  }

  @Test func operandsBroadcast() throws {
    let column = ValueFacts(.tensor(.int64), shape: [2, 1], elements: [10, s])
    let row = ValueFacts(.tensor(.int64), shape: [1, 3], elements: [1, 2, 3])
    #expect(try elements("Add", [column, row]) == [11, 12, 13, s + 1, s + 2, s + 3])
    let attributes = [Attribute("broadcast", .int(1)), Attribute("axis", .int(0))]
    let matrix = ValueFacts(.tensor(.int64), shape: [2, 3], elements: [0, 0, 0, 1, 1, 1])
    #expect(try elements("Add", [matrix, list([10, 20])], attributes, opset: 6) == [10, 10, 10, 21, 21, 21])
  }

  /// How PyTorch's `expand` writes its shapes, in which -1 stands for what is there.
  @Test func choices() throws {
    let equal = try #require(try elements("Equal", [list([s, 4, -1]), list([-1])]))
    #expect(equal == [0, 0, 1])
    let condition = ValueFacts(.tensor(.bool), shape: [3], elements: equal)
    #expect(try elements("Where", [condition, list([1]), list([s, 4, -1])]) == [s, 4, 1])
    #expect(try elements("Less", [list([s, s, 3]), list([s + 1, s, 3])]) == [1, 0, 0])
    #expect(try elements("GreaterOrEqual", [list([s, 2, 3]), list([0, 3, 3])]) == [1, 0, 1])
    let open = try #require(try elements("Less", [list([s]), list([5])]))
    #expect(open[0].isUnknown)
    let both = [ValueFacts(.tensor(.bool), shape: [2], elements: [0, 1]), unknownTruths(2)]
    #expect(try elements("And", both)?.first == 0)
    #expect(try elements("Not", [both[0]]) == [1, 0])
  }

  /// How interpolation by a factor is written: extents go through float32 and are rounded.
  @Test func extentsThroughFloats() throws {
    let cast = try infer("Cast", [list([s, 5])], [Attribute("to", .int(1))])
    #expect(cast.kind == .tensor(.float32) && cast.elements == [s, 5])
    let doubled = try infer("Mul", [cast, try constant([2 as Float])])
    #expect(doubled.elements == [2 * s, 10])
    let floor = try infer("Floor", [doubled])
    let whole = try infer("Cast", [floor], [Attribute("to", .int(7))])
    #expect(whole.kind == .tensor(.int64) && whole.elements == [2 * s, 10])
    let halves = try infer("Div", [cast, try constant([2 as Float])])
    #expect(try infer("Floor", [halves]).elements == [s.floorDivided(by: 2), 2])
    #expect(try infer("Ceil", [halves]).elements == [s.ceilingDivided(by: 2), 3])
    #expect(try infer("Cast", [halves], [Attribute("to", .int(7))]).elements == [s.floorDivided(by: 2), 2])
    #expect(try infer("Mul", [halves, try constant([2 as Float])]).elements == [s, 5])
    #expect(try infer("Mul", [cast, try constant([0.5 as Float])]).elements == halves.elements)
    #expect(try infer("Div", [cast, try constant([0.5 as Float])]).elements == [2 * s, 10])
    #expect(try infer("Div", [doubled, try constant([2 as Float])]).elements == [s, 5])
    // A third of 5, tripled, need not be 5, and 5 times 0.7 is what it is rounded to.
    let thirds = try infer("Div", [cast, try constant([3 as Float])])
    #expect(try infer("Floor", [thirds]).elements == [s.floorDivided(by: 3), 1])
    #expect(try infer("Mul", [thirds, try constant([3 as Float])]).elements == nil)
    #expect(try infer("Mul", [cast, try constant([0.7 as Float])]).elements == nil)
    #expect(try infer("Add", [halves, try constant([1 as Float])]).elements == nil)
    #expect(try elements("Cast", [try constant([2.75 as Float, -2.75])], [Attribute("to", .int(7))]) == [2, -2])
    #expect(try infer("Cast", [list([s])], [Attribute("to", .int(10))]).elements == nil)
  }

  @Test func numbersThatOverflowAreNotKnown() throws {
    let least = ValueFacts(.tensor(.int32), shape: [1], elements: [Dim(Int(Int32.min))])
    #expect(try elements("Neg", [least])?.first?.isUnknown == true)
    #expect(try elements("Add", [list([Dim(Int.max)]), list([1])])?.first?.isUnknown == true)
    #expect(try infer("Cast", [list([Dim(1 << 30)])], [Attribute("to", .int(1))]).elements == nil)
  }

  @Test func longDataIsNotTakenForShapes() throws {
    let data = try ValueFacts(StoredTensor(Tensor([Int64](repeating: 1, count: 70000), shape: [70000])))
    #expect(try infer("Gather", [data, one(3)]).shape == [])
    #expect(try infer("Add", [data, data]).fixedShape == [70000])
  }

  @Test func typesOfCasts() throws {
    let x = ValueFacts(.float32, [2])
    #expect(try infer("Cast", [x], [Attribute("to", .string(Array("INT64".utf8)))], opset: 1).kind == .tensor(.int64))
    #expect(try infer("CastLike", [x, ValueFacts(.bool, [])], opset: 15).kind == .tensor(.bool))
    #expect(try infer("BitCast", [x], [Attribute("to", .int(6))], opset: 26).kind == .tensor(.int32))
    for (name, attributes, opset) in [
      ("Cast", [], 13), ("Cast", [Attribute("to", .int(99))], 13), ("Cast", [Attribute("to", .int(1))], 1),
      ("BitCast", [Attribute("to", .int(7))], 26), ("BitCast", [Attribute("to", .int(8))], 26),
    ] as [(String, [Attribute], Int64)] {
      #expect(throws: ZooError.self) { try infer(name, [x], attributes, opset: opset) }
    }
  }

  /// What ONNX Runtime refuses, too.
  @Test func nodesThatCanNotBe() throws {
    let (a, b) = (ValueFacts(.float32, [2, 3]), ValueFacts(.float32, [4]))
    for (name, inputs, opset) in [
      ("Add", [a, b], 14), ("Add", [a, ValueFacts(.float64, [3])], 14), ("Add", [a], 14), ("Max", [], 13),
      ("Add", [a, ValueFacts(.float32, [3])], 6), ("Where", [a, a, a], 16), ("Clip", [a, a], 13),
      ("SwiGLU", [a, ValueFacts(.float32, [1, 3])], 28), ("BitShift", [a, a], 11), ("PRelu", [a, b], 16),
    ] as [(String, [ValueFacts], Int64)] {
      #expect(throws: ZooError.self, "\(name)") { try infer(name, inputs, opset: opset) }
    }
  }

  @Test func identityKeepsAllThatIsKnown() throws {
    let number = try constant([0.25])
    #expect(try infer("Identity", [number]).constant?.shape == [1])
    #expect(try infer("Identity", [list([s, -1])]).elements == [s, -1])
    let sequence = ValueFacts(.sequence(.tensor(.float32)), shape: [s, 3])
    let same = try infer("Identity", [sequence])
    #expect(same.kind == sequence.kind && same.shape == sequence.shape)
    #expect(throws: ZooError.self) { try infer("Identity", []) }
  }

  /// Whatever is computed from extents, however long, comes to an end.
  @Test(arguments: [1, 2, 3, 4]) func chainsOfArithmetic(seed: UInt64) throws {
    var generator = SplitMix(state: seed)
    let names = ["Add", "Sub", "Mul", "Div", "Mod", "Min", "Max", "Pow", "Abs", "Neg", "Sum", "Equal", "Less"]
    var values = [list([s, h]), list([2, 3]), list([-1, Dim(Int.min)]), list([Dim(Int.max), s + 1])]
    for _ in 0..<400 {
      let name = try #require(names.randomElement(using: &generator))
      let inputs = (0..<(["Abs", "Neg"].contains(name) ? 1 : 2)).map { _ in
        values[Int.random(in: 0..<values.count, using: &generator)]
      }
      let result = try infer(name, inputs)
      #expect(result.elements?.count == 2)
      if result.kind == .tensor(.int64) { values.append(result) }
      if values.count > 24 { values.remove(at: Int.random(in: 4..<values.count, using: &generator)) }
    }
  }

  @Test func slopesOfChannels() throws {
    let inputs = [ValueFacts(.float32, [1, 8, 5, 5]), ValueFacts(.float32, [8])]
    #expect(try infer("PRelu", inputs, opset: 6).fixedShape == [1, 8, 5, 5])
    #expect(throws: ZooError.self) { try infer("PRelu", inputs, opset: 7) }
  }

  @Test func masksOfDropout() throws {
    let x = ValueFacts(.float32, [2])
    #expect(try inferAll("Dropout", [x], opset: 7, outputs: 2).map(\.kind) == [.tensor(.float32), .tensor(.float32)])
    #expect(try inferAll("Dropout", [x], opset: 13, outputs: 2).map(\.kind) == [.tensor(.float32), .tensor(.bool)])
  }

  private func list(_ elements: [Dim]) -> ValueFacts {
    ValueFacts(.tensor(.int64), shape: [Dim(elements.count)], elements: elements)
  }

  private func one(_ element: Dim) -> ValueFacts { ValueFacts(.tensor(.int64), shape: [], elements: [element]) }

  private func unknownTruths(_ count: Int) -> ValueFacts {
    ValueFacts(.tensor(.bool), shape: [Dim(count)])
  }

  private func constant(_ numbers: [Float]) throws -> ValueFacts {
    ValueFacts(StoredTensor(try Tensor(numbers, shape: [numbers.count])))
  }

  private func elements(
    _ name: String, _ inputs: [ValueFacts], _ attributes: [Attribute] = [], opset: Int64 = 18
  ) throws -> [Dim]? {
    try infer(name, inputs, attributes, opset: opset).elements
  }
}

/// What is known of the first output of a node.
@discardableResult
func infer(
  _ name: String, domain: String = "", _ inputs: [ValueFacts?], _ attributes: [Attribute] = [], opset: Int64 = 18
) throws -> ValueFacts {
  try inferAll(name, domain: domain, inputs, attributes, opset: opset, outputs: 1)[0]
}

func inferAll(
  _ name: String, domain: String = "", _ inputs: [ValueFacts?], _ attributes: [Attribute] = [], opset: Int64 = 18,
  outputs: Int
) throws -> [ValueFacts] {
  let node = Node(
    name, domain: domain, inputs: inputs.indices.map { inputs[$0] == nil ? "" : "i\($0)" },
    outputs: (0..<outputs).map { "o\($0)" }, attributes: attributes)
  let declaration = try #require(OperatorCatalogue.declaration(name, domain: domain))
  return try declaration.infer(Inference(node, opset: opset, inputs: inputs))
}

extension Dim {
  /// Whether nothing is known of it.
  var isUnknown: Bool { number == nil && "\(self)" == "?" }
}
