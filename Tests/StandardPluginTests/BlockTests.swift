import Testing
import ZooCore
import ZooRuntime

/// What lies between convolutions stays in their blocks of channels, against each operator by itself.
@Suite struct BlockTests {
  private func convolution(
    _ builder: inout PatternBuilder, _ x: String, _ channels: Int, to count: Int, side: Int = 3
  ) throws -> String {
    let weights = "w\(builder.sample.constants.count)"
    builder.sample.constants.append((weights, try builder.numbers.tensor([count, channels, side, side], scale: 0.2)))
    return builder.node("Conv", x, weights)
  }

  private func vector(_ builder: inout PatternBuilder, _ count: Int) throws -> String {
    let name = "p\(builder.sample.constants.count)"
    builder.sample.constants.append((name, try builder.numbers.tensor([count])))
    return name
  }

  @Test(arguments: ["reflect", "edge", "wrap", "constant"], [16, 20]) func pads(mode: String, channels: Int) throws {
    for pads: [Int64] in [
      [0, 0, 1, 1, 0, 0, 1, 1], [0, 0, 4, 0, 0, 0, 3, 2], [0, 0, -1, 2, 0, 0, 1, -2], [0, 0, 9, 11, 0, 0, 8, 7],
    ] {
      var builder = PatternBuilder()
      let x = try convolution(&builder, builder.input("x", [2, 16, 9, 8]), 16, to: channels)
      let padded = builder.node(
        "Pad", x, try builder.integers(pads), attributes: [.text("mode", mode)])
      let y = try convolution(&builder, padded, channels, to: 16)
      let left = try builder.check(y, "\(mode) \(pads)")
      #expect(left.filter { $0 == "Reorder" }.count <= 2, "\(left)")
    }
  }

  @Test(arguments: [(20, 4), (20, 12), (20, 30), (16, 8)]) func padsOfChannelsOfZeros(channels: Int, more: Int) throws {
    for pads in [[0, 0, 0, 0, 0, Int64(more), 0, 0], [0, 0, 1, 0, 0, Int64(more), 0, 2]] {
      var builder = PatternBuilder()
      let x = try convolution(&builder, builder.input("x", [2, 16, 6, 5]), 16, to: channels)
      let padded = builder.node("Relu", builder.node("Pad", x, try builder.integers(pads)))
      let y = try convolution(&builder, padded, channels + more, to: 16)
      let left = try builder.check(y, "\(pads)")
      #expect(left.filter { $0 == "Reorder" }.count <= 2, "\(left)")
    }
  }

  /// What fills the lanes up must stay zero.
  @Test func padsOfNumbersAndOfChannels() throws {
    for pads: [Int64] in [[0, 0, 1, 1, 0, 0, 1, 1], [0, 1, 0, 0, 0, 3, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0]] {
      var builder = PatternBuilder()
      let x = try convolution(&builder, builder.input("x", [1, 16, 6, 6]), 16, to: 20)
      let padded = builder.node("Pad", x, try builder.integers(pads), try builder.number(1.5))
      let y = try convolution(&builder, padded, 20 + Int(pads[1] + pads[5]), to: 16)
      _ = try builder.check(y, "\(pads)")
    }
  }

  @Test(arguments: [16, 20, 3], [1, 2]) func instancesAreNormalized(channels: Int, batch: Int) throws {
    for side in [5, 40] {
      var builder = PatternBuilder()
      let x = try convolution(&builder, builder.input("x", [batch, 16, side, side], scale: 3), 16, to: channels)
      let normalized = builder.node(
        "InstanceNormalization", x, try vector(&builder, channels), try vector(&builder, channels))
      let y = try convolution(&builder, builder.node("Relu", normalized), channels, to: 16, side: 1)
      let left = try builder.check(y, "\(channels) channels of \(batch), \(side)")
      if channels >= 16 { #expect(left.filter { $0 == "Reorder" }.count <= 2, "\(left)") }
    }
  }

  /// Channels that are not whole blocks, and positions.
  @Test(arguments: [
    ([5], [37], [1], [1]), ([40], [3], [-3], [1]), ([16], [48], [1], [1]), ([1, 2], [8, 7], [2, 1], [2, 3]),
  ])
  func cuts(starts: [Int64], ends: [Int64], steps: [Int64], axes: [Int64]) throws {
    var builder = PatternBuilder()
    let x = try convolution(&builder, builder.input("x", [2, 16, 9, 8]), 16, to: 48)
    let cut = builder.node(
      "Slice", x, try builder.integers(starts), try builder.integers(ends), try builder.integers(axes),
      try builder.integers(steps))
    let channels =
      axes[0] == 1 ? Int((ends[0] - starts[0]) / steps[0]) + ((ends[0] - starts[0]) % steps[0] == 0 ? 0 : 1) : 48
    let left = try builder.check(try convolution(&builder, cut, channels, to: 16, side: 1), "\(starts) \(ends)")
    #expect(left.filter { $0 == "Reorder" }.count <= 2, "\(left)")
  }

  /// Parts go their ways, and come together with others in front of them.
  @Test(arguments: [[24, 24], [10, 38], [16, 32], [3, 40, 5]]) func partsOfChannels(sizes: [Int64]) throws {
    var builder = PatternBuilder()
    let x = try convolution(&builder, builder.input("x", [2, 16, 9, 8]), 16, to: 48)
    let parts = sizes.indices.map { "part\($0)" }
    builder.sample.nodes.append(
      Node("Split", inputs: [x, try builder.integers(sizes)], outputs: parts, attributes: [Attribute("axis", .int(1))]))
    var joined = try zip(parts, sizes).map { part, size in
      try convolution(&builder, builder.node("Relu", part), Int(size), to: Int(size), side: 1)
    }
    joined.insert(x, at: 1)
    builder.sample.nodes.append(
      Node("Concat", inputs: joined, outputs: ["joined"], attributes: [Attribute("axis", .int(1))]))
    let left = try builder.check(try convolution(&builder, "joined", 96, to: 16, side: 1), "\(sizes)")
    // Convolutions of few channels read plain ones.
    let most = sizes.contains { $0 < 8 } ? 6 : 2
    #expect(left.filter { $0 == "Reorder" }.count <= most, "\(left)")
  }

  /// Groups that fill blocks, that share them and that reach across them, as exporters write them.
  @Test(arguments: [(32, 2), (32, 8), (48, 2), (40, 4), (20, 20), (24, 1)]) func groupsAreNormalized(
    channels: Int, groups: Int
  ) throws {
    for (batch, side) in [(1, 5), (2, 40)] {
      var builder = PatternBuilder()
      let x = try convolution(&builder, builder.input("x", [batch, 16, side, side], scale: 3), 16, to: channels)
      let y = try groupNormalization(&builder, x, channels, groups: groups)
      let left = try builder.check(
        try convolution(&builder, y, channels, to: 16, side: 1), "\(groups) of \(channels), \(side)")
      #expect(left.filter { $0 == "Reorder" }.count <= 2 && left.contains("GroupNormalization"), "\(left)")
    }
  }

  private func groupNormalization(
    _ builder: inout PatternBuilder, _ x: String, _ channels: Int, groups: Int, scale: Float = 1
  ) throws -> String {
    let count = builder.sample.constants.count
    builder.sample.constants += [
      ("ones\(count)", try Tensor(Array(repeating: scale, count: groups), shape: [groups])),
      ("zeros\(count)", try Tensor(Array(repeating: Float(0), count: groups), shape: [groups])),
      ("scale\(count)", try builder.numbers.tensor([channels, 1, 1])),
      ("shift\(count)", try builder.numbers.tensor([channels, 1, 1])),
    ]
    let normal = builder.node(
      "InstanceNormalization", try builder.reshape(x, [0, Int64(groups), -1]), "ones\(count)", "zeros\(count)",
      attributes: [Attribute("epsilon", .float(1e-3))])
    let back = builder.node("Reshape", normal, builder.node("Shape", x))
    return builder.node("Add", builder.node("Mul", back, "scale\(count)"), "shift\(count)")
  }

  @Test func groupsWithScalesOfTheirOwnStayAsTheyAre() throws {
    var builder = PatternBuilder()
    let y = try groupNormalization(&builder, builder.input("x", [2, 8, 6, 5]), 8, groups: 2, scale: 2)
    #expect(try !builder.check(y, "scaled groups").contains("GroupNormalization"))
  }

  /// What is enlarged at the end is brought into its order before, and what others read in blocks is not.
  @Test(arguments: ["linear", "nearest"], [false, true]) func whatGrowsIsReorderedFirst(
    mode: String, isRead: Bool
  ) throws {
    var builder = PatternBuilder()
    let channels = isRead ? 32 : 21
    let x = try convolution(&builder, builder.input("x", [1, 16, 7, 6]), 16, to: channels)
    builder.sample.constants.append(("scales", try Tensor([1, 1, 4, 3] as [Float], shape: [4])))
    let large = builder.node("Resize", x, "", "scales", attributes: [.text("mode", mode)])
    let wave = builder.node("Sigmoid", large)
    let y = isRead ? try convolution(&builder, wave, channels, to: 16) : wave
    let left = try builder.check(y, "\(mode), \(isRead)")
    if !isRead { #expect(left.suffix(3) == ["Reorder", "Resize", "Sigmoid"], "\(left)") }
    #expect(left.filter { $0 == "Reorder" }.count == 2, "\(left)")
  }

  /// Convolutions and products of tokens in turns.
  @Test(arguments: [32, 40, 16]) func channelsLast(channels: Int) throws {
    var builder = PatternBuilder()
    let x = try convolution(&builder, builder.input("x", [2, 16, 8, 9]), 16, to: channels)
    let tokens = builder.transpose(try builder.reshape(x, [0, 0, -1]), [0, 2, 1])
    builder.sample.constants.append(("m", try builder.numbers.tensor([channels, channels], scale: 0.3)))
    let product = builder.node("Relu", builder.node("MatMul", tokens, "m"))
    let image = try builder.reshape(builder.transpose(product, [0, 2, 1]), [0, 0, 6, 7])
    let next = try convolution(&builder, image, channels, to: channels)
    let left = try builder.check(builder.transpose(builder.node("Relu", next), [0, 2, 3, 1]), "\(channels)")
    #expect(!left.contains("Transpose"), "\(left)")
    #expect(left.filter { $0 == "Reorder" }.count == 4, "\(left)")
  }

  /// Of two transpositions behind each other one is left.
  @Test(arguments: [true, false]) func channelsLastAndFirstAgain(isSplit: Bool) throws {
    var builder = PatternBuilder()
    let x = try convolution(&builder, builder.input("x", [2, 16, 6, 7]), 16, to: 32)
    let tokens = builder.transpose(try builder.reshape(x, [0, 0, -1]), [0, 2, 1])
    let y =
      isSplit
      ? builder.transpose(try builder.reshape(tokens, [0, 0, 4, 8]), [0, 2, 3, 1])
      : builder.transpose(tokens, [0, 2, 1])
    _ = try builder.check(y, "\(isSplit)")
  }

  /// Volumes without slices, of which padding makes some.
  @Test func emptyVolumes() throws {
    var builder = PatternBuilder()
    builder.sample.constants.append(("w", try builder.numbers.tensor([32, 32, 1, 3, 3])))
    let x = builder.node("Relu", try builder.input("x", [1, 32, 0, 34, 34]))
    _ = try builder.check(
      builder.node("Conv", x, "w", attributes: [Attribute("pads", .ints([1, 0, 0, 1, 0, 0]))]), "no slices")
  }

  /// Layers of a kernel that see all, some or no slices.
  @Test(arguments: [(3, 1), (3, 0), (1, 0), (2, 2)]) func volumes(layers: Int, pad: Int64) throws {
    var builder = PatternBuilder()
    let x = try builder.input("x", [2, 16, 4, 17, 18])
    builder.sample.constants.append(("w", try builder.numbers.tensor([32, 16, layers, 3, 3], scale: 0.1)))
    let y = builder.node("Conv", x, "w", attributes: [Attribute("pads", .ints([pad, 1, 1, pad, 1, 1]))])
    _ = try builder.check(builder.node("Relu", y), "\(layers) layers")
  }

  /// Last layers: lanes are input channels.
  @Test(arguments: [1, 2, 3, 4, 7, 8]) func fewOutputs(outputs: Int) throws {
    for (channels, side, size) in [(32, 3, 20), (20, 1, 9), (64, 1, 11), (16, 9, 30), (40, 5, 17)] {
      var builder = PatternBuilder()
      let x = try convolution(&builder, builder.input("x", [2, 16, size, size + 1]), 16, to: channels, side: 1)
      let few = try convolution(&builder, x, channels, to: outputs, side: side)
      let left = try builder.check(builder.node("Sigmoid", few), "\(channels) to \(outputs), \(side)×\(side)")
      #expect(left.filter { $0 == "Conv" }.count == 2, "\(left)")
    }
  }
}
