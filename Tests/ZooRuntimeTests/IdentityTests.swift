import Testing
import ZooCore
import ZooRuntime

/// Operators that leave their input as it is are not run.
@Suite struct IdentityTests {
  private func integers(_ values: Int...) throws -> Tensor { try Tensor(values.map(Int64.init), shape: [values.count]) }

  @Test func operatorsThatChangeNothing() throws {
    let definition = model(
      [
        Node("Pad", inputs: ["x", "none"], outputs: ["a"]),
        Node("Slice", inputs: ["a", "start", "end"], outputs: ["b"]),
        Node("Tile", inputs: ["b", "once"], outputs: ["c"]),
        Node("Transpose", inputs: ["c"], outputs: ["d"], attributes: [Attribute("perm", .ints([0, 1]))]),
        Node("Concat", inputs: ["d"], outputs: ["e"], attributes: [Attribute("axis", .int(0))]),
        Node("Mean", inputs: ["e"], outputs: ["f"]),
        Node("Relu", inputs: ["f"], outputs: ["y"]),
      ], inputs: [tensorInput("x", [2, 3])], outputs: ["y"],
      constants: [
        "none": try integers(0, 0, 0, 0), "start": try integers(0, 0), "end": try integers(9, 3),
        "once": try integers(1, 1),
      ])
    let compiled = try CompiledModel(definition, registry: shippedRegistry())
    #expect(try compiled.steps(for: [[2, 3]]).map(\.operatorType) == ["Relu"])
    let y = try compiled.run(["x": try Tensor([-1, 2, -3, 4, -5, 6] as [Float], shape: [2, 3])])["y"]
    #expect(try y?.elements(Float.self) == [0, 2, 0, 4, 0, 6])
  }

  /// Shapes alone don't tell: elements trade places, or make room for others.
  @Test func operatorsThatKeepTheShape() throws {
    let definition = model(
      [
        Node("Slice", inputs: ["x", "start", "end", "axes", "steps"], outputs: ["y"]),
        Node("Pad", inputs: ["x", "moved"], outputs: ["z"]),
      ], inputs: [tensorInput("x", [2, 2])], outputs: ["y", "z"],
      constants: [
        "start": try integers(-1), "end": try integers(-9), "axes": try integers(1), "steps": try integers(-1),
        "moved": try integers(0, 1, 0, -1),
      ])
    let found = try CompiledModel(definition, registry: shippedRegistry())
      .run(["x": try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])])
    #expect(try found["y"]?.elements(Float.self) == [2, 1, 4, 3])
    #expect(try found["z"]?.elements(Float.self) == [0, 1, 0, 3])
  }
}
