import Testing
import ZooCore

@testable import ZooOperators

/// Operators that exporters compute shapes with, on symbolic extents.
@Suite struct ShapeArithmeticTests {
  private let s = Dim.symbol("s")
  private let t = Dim.symbol("t")

  private func infer(
    _ name: String, opset: Int64 = 17, _ inputs: [ValueFacts?], _ attributes: [Attribute] = [], outputs: Int = 1
  ) throws -> [ValueFacts] {
    let declaration = try #require(OperatorCatalogue.declaration(name))
    let node = Node(
      name, inputs: inputs.indices.map { inputs[$0] == nil ? "" : "i\($0)" },
      outputs: (0..<outputs).map { "o\($0)" }, attributes: attributes)
    return try declaration.infer(Inference(node, opset: opset, inputs: inputs))
  }

  private func tensor(_ shape: [Dim]) -> ValueFacts { ValueFacts(.tensor(.float32), shape: shape) }

  private func list(_ elements: [Dim]) -> ValueFacts {
    ValueFacts(.tensor(.int64), shape: [Dim(elements.count)], elements: elements)
  }

  private func value(_ dim: Dim?, s number: Int) -> Int? {
    dim?.replacing { $0 == .named("s") ? Dim(number) : nil }?.number
  }

  @Test(arguments: [
    (0, Int.max), (1, Int(Int32.max)), (-1, Int.max), (0, -1), (-3, -1), (2, 5), (4, 2), (-100, 3), (0, Int.min),
    (-5, 2),
  ])
  func slicesOfSymbolicExtents(start: Int, end: Int) throws {
    for step in [1, 2, 3] {
      let shape = try infer(
        "Slice", [tensor([s]), list([Dim(start)]), list([Dim(end)]), list([0]), list([Dim(step)])])[0].shape
      for extent in 0...8 {
        let expected = Array(0..<extent)
        let (from, to) = (place(start, extent), place(end, extent))
        let count = stride(from: from, to: max(from, to), by: step).reduce(0) { sum, _ in sum + 1 }
        #expect(value(shape?[0], s: extent) == count, "\(expected)[\(start):\(end):\(step)] as \(shape ?? [])")
      }
    }
  }

  private func place(_ value: Int, _ extent: Int) -> Int { min(max(value < 0 ? value + extent : value, 0), extent) }

  @Test func slicesUpToSymbols() throws {
    func extent(_ start: Dim, _ end: Dim, of extent: Dim) throws -> Dim? {
      try infer("Slice", [tensor([extent]), list([start]), list([end])])[0].shape?[0]
    }
    #expect(try extent(0, s, of: s) == s)
    #expect(try extent(0, s, of: s + t) == s)
    #expect(try extent(s, s + t, of: s + t) == t)
    #expect(try extent(t, Dim(.max), of: s + t) == s)
    #expect(try value(extent(0, s, of: 5), s: 9) == 5)
    #expect(try extent(0, .unknown(), of: 5)?.hasUnknown == true)
    // All of an extent that may be anything.
    let any = Dim.unknown()
    #expect(try extent(0, Dim(1 << 40), of: any) == any)
    #expect(
      try infer("Slice", [tensor([s]), list([-1]), list([Dim(.min)]), list([0]), list([-1])])[0].shape == [s])
  }

  @Test func elementsMove() throws {
    let pairs = ValueFacts(.tensor(.int64), shape: [2, 2], elements: [1, 2, s, t])
    #expect(try infer("Transpose", [pairs])[0].elements == [1, s, 2, t])
    #expect(
      try infer("Slice", [pairs, list([-1]), list([Dim(.min)]), list([0]), list([-1])])[0].elements == [s, t, 1, 2])
    #expect(
      try infer("Concat", [pairs, pairs], [Attribute("axis", .int(1))])[0].elements == [1, 2, 1, 2, s, t, s, t])
    #expect(try infer("Gather", [pairs, list([-1])], [Attribute("axis", .int(1))])[0].elements == [2, t])
    #expect(try infer("Expand", [list([s]), list([2, 2])])[0].elements == [s, s, s, s])
    #expect(try infer("Tile", [list([s, 3]), list([2])])[0].elements == [s, 3, s, 3])
    let parts = try infer("Split", [list([s, 3, t]), list([1, 2])], outputs: 2)
    #expect(parts[0].elements == [s])
    #expect(parts[1].elements == [3, t])
    #expect(try infer("Size", [tensor([s, 3])])[0].elements == [3 * s])
  }

  @Test func rangesCountSymbols() throws {
    func number(_ dim: Dim) -> ValueFacts { ValueFacts(.tensor(.int64), shape: [], elements: [dim]) }
    #expect(try infer("Range", [number(0), number(s), number(1)])[0].shape == [s])
    #expect(try infer("Range", [number(t), number(s + t), number(1)])[0].shape == [s])
    #expect(try infer("Range", [number(7), number(0), number(-2)])[0].elements == [7, 5, 3, 1])
    let halves = try infer("Range", [number(1), number(s), number(2)])[0].shape?[0]
    for extent in 0...6 { #expect(value(halves, s: extent) == extent / 2) }
    #expect(throws: ZooError.self) { try infer("Range", [number(0), number(s), number(0)]) }
  }

  @Test func reshapesOfWhatIsNotKnown() throws {
    let open = try infer("Reshape", [tensor([s, 12]), list([0, -1, 4])])[0].shape
    #expect(open == [s, 3, 4])
    let unknown = Dim.unknown()
    let shape = try #require(infer("Reshape", [tensor([s, 12]), list([unknown, 6])])[0].shape)
    // It may be -1.
    #expect(shape[0].hasUnknown && shape[0] != unknown && shape[1] == 6)
    #expect(try infer("Reshape", [tensor([s * t, 8]), list([s, t, 8])])[0].shape == [s, t, 8])
  }

  @Test func unequalParts() throws {
    let parts = try infer("Split", opset: 18, [tensor([s])], [Attribute("num_outputs", .int(3))], outputs: 3)
    for extent in [0, 1, 2, 3, 7, 9] {
      let size = (extent + 2) / 3
      let expected = [size, max(0, min(size, extent - size)), max(0, min(size, extent - 2 * size))]
      #expect(parts.map { value($0.shape?[0], s: extent) } == expected)
    }
    #expect(throws: ZooError.self) { try infer("Split", [tensor([5]), list([2, 2])], outputs: 2) }
  }

  @Test func countsOfConditions() throws {
    let kept = ValueFacts(StoredTensor(try Tensor([true, false, true], shape: [3])))
    #expect(try infer("Compress", [tensor([s, 4]), kept], [Attribute("axis", .int(1))])[0].shape == [s, 2])
    #expect(throws: ZooError.self) { try infer("Compress", [tensor([2, s]), kept], [Attribute("axis", .int(0))]) }
    let places = try #require(infer("NonZero", [tensor([s, 4])])[0].shape)
    #expect(places[0] == 2 && places[1].hasUnknown)
    let unique = try infer("Unique", [tensor([s, 4])], [Attribute("axis", .int(0))], outputs: 4)
    #expect(unique[0].shape?[0] == unique[3].shape?[0] && unique[2].shape == [s])
  }

  @Test func axesOfWhichOnlyTheNumberIsKnown() throws {
    let axes = ValueFacts(.tensor(.int64), shape: [2])
    #expect(try infer("Unsqueeze", [tensor([s]), axes])[0].shape?.count == 3)
    #expect(try infer("Squeeze", [tensor([s, 1, 1]), axes])[0].shape?.count == 1)
    #expect(try infer("Squeeze", [tensor([s, 1])])[0].shape == nil)
    #expect(throws: ZooError.self) { try infer("Squeeze", opset: 11, [tensor([3])], [Attribute("axes", .ints([0]))]) }
  }
}
