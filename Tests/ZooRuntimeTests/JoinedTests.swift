import Testing
import ZooCore
import ZooRuntime
import ZooSystem

/// What a Concat reads is made where it puts it.
@Suite struct JoinedTests {
  @Test func partsLieInTheWhole() throws {
    // a and b become c, c and d become e.
    let lifetimes = [(256, 0, 2), (128, 1, 2), (384, 2, 4), (64, 3, 4), (448, 4, 5)].map {
      Lifetime(byteCount: $0.0, first: $0.1, last: $0.2)
    }
    var joined = JoinedLifetimes(lifetimes)
    joined.join(0, to: 2, at: 0)
    joined.join(1, to: 2, at: 256)
    joined.join(2, to: 4, at: 0)
    joined.join(3, to: 4, at: 384)
    let arena = try joined.placed()
    #expect(arena.offsets.map { $0 - arena.offsets[4] } == [0, 256, 0, 384, 0])
    #expect(arena.byteCount < placeInArena(lifetimes).byteCount)
  }

  @Test func whatDoesNotFitLiesApart() throws {
    let lifetimes = [(256, 0, 2), (256, 1, 2), (512, 2, 3)].map {
      Lifetime(byteCount: $0.0, first: $0.1, last: $0.2)
    }
    var joined = JoinedLifetimes(lifetimes)
    joined.join(0, to: 2, at: 32)
    joined.join(1, to: 2, at: 320)
    joined.join(2, to: 0, at: 0)
    #expect(try joined.placed() == placeInArena(lifetimes))
  }

  /// Layers that read all that came before, with more than one Concat of the same values.
  @Test(arguments: [1, 2], [16, 5]) func denseLayers(batch: Int, channels: Int) throws {
    let (positions, layers) = (16, 4)
    var nodes = [Node("Neg", inputs: ["x"], outputs: ["p0"])]
    for layer in 1...layers {
      let parts = (0..<layer).map { "p\($0)" }
      nodes.append(Node("Concat", inputs: parts, outputs: ["c\(layer)"], attributes: [Attribute("axis", .int(1))]))
      nodes.append(
        Node(
          "ReduceSum", inputs: ["c\(layer)", "axes"], outputs: ["p\(layer)"],
          attributes: [Attribute("keepdims", .int(1))]))
    }
    nodes.append(Node("Abs", inputs: ["c\(layers)"], outputs: ["y"]))
    let definition = model(
      nodes,
      inputs: [tensorInput("x", [ShapeDimension(.fixed(Int64(batch))), ShapeDimension(.fixed(Int64(channels))), 16])],
      outputs: ["y", "p2"], constants: ["axes": try Tensor([Int64(1)], shape: [1])])
    let x = (0..<batch * channels * positions).map { Float($0 % 23) / 4 - 2 }
    let found = try CompiledModel(definition, registry: shippedRegistry())
      .run(["x": try Tensor(x, shape: [batch, channels, positions])])
    var wanted: [Float] = []
    for image in 0..<batch {
      var rows = (0..<channels).map { row in
        (0..<positions).map { -x[(image * channels + row) * positions + $0] }
      }
      for _ in 1..<layers { rows.append((0..<positions).map { place in rows.reduce(0) { $0 + $1[place] } }) }
      wanted += rows.joined().map(abs)
    }
    #expect(try found["y"]?.elements(Float.self) == wanted)
    #expect(found["p2"]?.shape == [batch, 1, positions])
  }
}
