import Testing
import ZooCore
import ZooRuntime

/// Maps, optional values and sequences of other values, which an operator of a plugin makes.
@Suite("Values that plugins make") struct MadeValueTests {
  private func run(_ form: String, then further: [Node] = [], output: String = "y") throws -> Value {
    let node = Node("Making", domain: "test", inputs: ["x"], outputs: ["y"], attributes: [.text("form", form)])
    let compiled = try CompiledModel(
      model([node] + further, inputs: [tensorInput("x", [2, 3])], outputs: [output]), registry: testRegistry())
    let matrix = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    return try compiled.run(exactly: [("x", .tensor(matrix))])[0].value
  }

  /// The numbers of tensors of float32, in whatever they lie.
  private func numbers(_ value: Value?) throws -> [Float] {
    switch value {
    case .tensor(let tensor): try tensor.elements(Float.self)
    case .sequence(let elements): try elements.flatMap { try numbers($0) }
    case .optional(let element): try numbers(element)
    case .map(_, let values): try values.elements(Float.self)
    case nil: []
    }
  }

  @Test func sequencesOfSequences() throws {
    let value = try run("nested")
    guard case .sequence(let rows) = value, rows.count == 2, case .sequence(let first) = rows[0] else {
      Issue.record("\(value) is no sequence of sequences")
      return
    }
    #expect(first.count == 2 && first[0].tensor?.shape == [3])
    #expect(try numbers(value) == [1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3])
  }

  @Test func maps() throws {
    guard case .map(let keys, let values) = try run("map") else {
      Issue.record("there is no map")
      return
    }
    #expect(try keys.elements(Int64.self) == [0, 1, 2] && values.elements(Float.self) == [1, 2, 3])
    let several = try run("maps")
    guard case .sequence(let maps) = several, maps.count == 2, case .map(let names, _) = maps[1] else {
      Issue.record("\(several) is no sequence of maps")
      return
    }
    #expect(names.strings == ["n0", "n1", "n2"].map { Array($0.utf8) })
    #expect(try numbers(several) == [1, 2, 3, 4, 5, 6])
  }

  @Test func optionalValues() throws {
    guard case .optional(.sequence?) = try run("optional"), case .optional(nil) = try run("empty") else {
      Issue.record("an optional value is another")
      return
    }
    #expect(try numbers(run("optional")) == [1, 2, 3, 4, 5, 6])
  }

  /// What is inferred of the values is what further operators are given.
  @Test func othersReadThem() throws {
    let held = Node("OptionalGetElement", inputs: ["y"], outputs: ["rows"])
    let length = Node("SequenceLength", inputs: ["rows"], outputs: ["n"])
    #expect(try run("optional", then: [held, length], output: "n").tensor?.elements(Int64.self) == [2])
    let joined = Node(
      "ConcatFromSequence", inputs: ["rows"], outputs: ["z"],
      attributes: [Attribute("axis", .int(0)), Attribute("new_axis", .int(1))])
    #expect(try run("optional", then: [held, joined], output: "z").tensor?.shape == [2, 3])
  }

  @Test func wrongOnesAreRefused() {
    for form in ["uneven", "other", "deep"] { #expect(throws: ZooError.self, "\(form)") { try run(form) } }
  }
}
