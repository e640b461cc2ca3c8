import Testing
import ZooCore
import ZooRuntime

/// Shuffles, Gathers and parts of channels, in plain tensors and in blocks, against each operator by itself.
@Suite struct ChannelTests {
  private func convolution(_ builder: inout PatternBuilder, _ x: String, _ channels: Int, to count: Int) throws
    -> String
  {
    let weights = "w\(builder.sample.constants.count)"
    builder.sample.constants.append((weights, try builder.numbers.tensor([count, channels, 1, 1], scale: 0.3)))
    return builder.node("Conv", x, weights)
  }

  private func shuffle(
    _ builder: inout PatternBuilder, _ x: String, _ shape: [Int64], groups: Int64
  ) throws -> String {
    let split = try builder.reshape(x, [shape[0], groups, shape[1] / groups] + shape[2...])
    let turned = builder.transpose(split, [0, 2, 1] + (3..<Int64(shape.count + 1)))
    return try builder.reshape(turned, shape)
  }

  private func part(_ builder: inout PatternBuilder, _ x: String, _ start: Int64, _ end: Int64) throws -> String {
    builder.node(
      "Slice", x, try builder.integers([start]), try builder.integers([end]), try builder.integers([1]))
  }

  /// Units of ShuffleNet v2: half of the channels goes on as it is, the others are convolved.
  @Test(arguments: [24, 32, 10, 58], [1, 2]) func unitsOfShuffleNet(half: Int, batch: Int) throws {
    for isConvolved in [true, false] {
      var builder = PatternBuilder()
      let shape = [Int64(batch), Int64(2 * half), 5, 7]
      var x = try builder.input("x", shape.map(Int.init))
      if isConvolved { x = try convolution(&builder, x, 2 * half, to: 2 * half) }
      x = try shuffle(&builder, x, shape, groups: 2)
      for _ in 0..<3 {
        let kept = try part(&builder, x, 0, Int64(half))
        var changed = try part(&builder, x, Int64(half), Int64(2 * half))
        changed =
          isConvolved ? try convolution(&builder, changed, half, to: half) : builder.node("Neg", changed)
        let joined = builder.node("Concat", kept, changed, attributes: [Attribute("axis", .int(1))])
        x = try shuffle(&builder, joined, shape, groups: 2)
      }
      if isConvolved { x = try convolution(&builder, x, 2 * half, to: 3) }
      let left = try builder.check(builder.node("Neg", x), "\(half) of \(batch), convolved: \(isConvolved)")
      #expect(left.filter { $0 == "SelectChannels" }.count == 4, "\(left)")
      #expect(Set(left).isDisjoint(with: ["Transpose", "Slice", "Concat"]), "\(left)")
      // What is convolved stays in blocks.
      if isConvolved { #expect(left.filter { $0 == "Reorder" }.count <= 2, "\(left)") }
    }
  }

  @Test(arguments: [3, 4, 8] as [Int64]) func groupsAreShuffled(groups: Int64) throws {
    var builder = PatternBuilder()
    let x = try builder.input("x", [2, 48, 3, 4])
    let y = try shuffle(&builder, convolution(&builder, x, 48, to: 48), [2, 48, 3, 4], groups: groups)
    let left = try builder.check(try convolution(&builder, y, 48, to: 20), "\(groups) groups")
    #expect(!left.contains("Transpose") && left.contains("SelectChannels"), "\(left)")
  }

  @Test func channelsAreGathered() throws {
    var builder = PatternBuilder()
    let x = try builder.input("x", [1, 20, 6, 6])
    let chosen = try builder.integers([3, -1, 0, 7, 7, 8, 9, 10, 19, -20, 5, 6, 1, 2, 3, 4, 5, 6])
    let axis = [Attribute("axis", .int(1))]
    let y = builder.node("Gather", try convolution(&builder, x, 20, to: 20), chosen, attributes: axis)
    let parts = (
      builder.node(
        "Slice", y, try builder.integers([-5]), try builder.integers([-100]), try builder.integers([1]),
        try builder.integers([-3])),
      try part(&builder, y, 1, 4)
    )
    let joined = builder.node("Concat", parts.0, parts.1, y, attributes: axis)
    let left = try builder.check(try convolution(&builder, joined, 26, to: 9), "gathered")
    #expect(Set(left).isDisjoint(with: ["Gather", "Slice"]), "\(left)")
  }

  /// One-dimensional tensors have channels, too; matrices are none of this.
  @Test func otherRanks() throws {
    var builder = PatternBuilder()
    let x = try builder.input("x", [2, 6, 9])
    let y = try shuffle(&builder, x, [2, 6, 9], groups: 3)
    #expect(try builder.check(builder.node("Neg", y), "a sequence").contains("SelectChannels"))
    var matrix = PatternBuilder()
    let rows = matrix.node(
      "Gather", try matrix.input("x", [4, 6]), try matrix.integers([1, 0, 5]), attributes: [Attribute("axis", .int(1))])
    #expect(try matrix.check(rows, "a matrix") == ["Gather"])
  }

  /// A node that picks channels that are not there is refused as before.
  @Test func channelsThatAreNotThereAreRefused() throws {
    var builder = PatternBuilder()
    let x = try builder.input("x", [1, 4, 2, 2])
    let y = builder.node("Gather", x, try builder.integers([0, 4]), attributes: [Attribute("axis", .int(1))])
    builder.sample.outputs = [y]
    #expect(throws: ZooError.self) { try builder.sample.run(.generic) }
  }
}
