import Testing
import ZooCore
import ZooRuntime
import ZooSystem

/// Parts of tensors, and tensors seen in other shapes, which lie where they are, against each operator by itself.
@Suite struct PartTests {
  /// Random graphs that take tensors of rows apart, change them in place and put them together, with values that die at random.
  @Test(arguments: instructionSets) func partsOfRows(_ isa: CPU.ISA) throws {
    for seed in 1...60 {
      var graph = RandomParts(seed: seed)
      try graph.grow(to: 24)
      graph.builder.sample.outputs = graph.someValues()
      let wanted = try graph.builder.sample.runNodeByNode(isa)
      for (result, wanted) in zip(try graph.builder.sample.run(isa), wanted) {
        try expectClose(result, wanted, 1e-5, "seed \(seed)")
      }
    }
  }

  @Test func partsAreNotCopied() throws {
    var builder = PatternBuilder()
    let x = builder.node("Neg", try builder.input("x", [1, 6, 32]))
    builder.sample.constants.append(("one", try Tensor([2] as [Int64], shape: [])))
    let row = builder.node("Gather", x, "one", attributes: [Attribute("axis", .int(1))])
    let rows = builder.node("Slice", x, try builder.integers([1]), try builder.integers([2]), try builder.integers([1]))
    let flat = builder.node("Squeeze", rows, try builder.integers([1]))
    let y = builder.node("Add", builder.node("Exp", row), builder.node("Abs", flat))
    _ = try builder.check(y, "rows")
    let steps = try builder.sample.compiled(.generic).steps(for: [[1, 6, 32]])
    #expect(steps.filter { $0.summary == "part of its input" }.map(\.operatorType) == ["Gather", "Slice", "Squeeze"])
  }

  /// Of blocks of channels, whole ones, of one picture.
  @Test(arguments: [1, 2], [[16, 32], [32, 20], [20, 32]]) func partsOfChannels(batch: Int, sizes: [Int]) throws {
    var builder = PatternBuilder()
    let channels = sizes[0] + sizes[1]
    for (name, shape) in [("u", [channels, 8, 1, 1]), ("v", [8, channels, 1, 1])] {
      builder.sample.constants.append((name, try builder.numbers.tensor(shape, scale: 0.3)))
    }
    let x = builder.node("Conv", try builder.input("x", [batch, 8, 5, 7]), "u")
    let parts = builder.node(
      "Split", x, try builder.integers(sizes.map(Int64.init)), attributes: [Attribute("axis", .int(1))])
    builder.sample.nodes[builder.sample.nodes.count - 1].outputs.append("second")
    let first = builder.node("Sigmoid", parts)
    let joined = builder.node("Concat", first, builder.node("Tanh", "second"), attributes: [Attribute("axis", .int(1))])
    _ = try builder.check(builder.node("Conv", joined, "v"), "\(sizes) of \(batch)")
    let split = try builder.sample.compiled(.generic).steps(for: [[batch, 8, 5, 7]]).filter {
      $0.operatorType == "Split"
    }
    let isThere = batch == 1 && sizes[0] % 16 == 0
    #expect(split.map { $0.summary == "part of its input" } == [isThere])
  }

  /// A small part that is needed long does not keep what it is a part of.
  @Test func longParts() throws {
    var builder = PatternBuilder()
    let x = builder.node("Neg", try builder.input("x", [1, 64, 4096]))
    let part = builder.node("Slice", x, try builder.integers([3]), try builder.integers([4]), try builder.integers([1]))
    var y = builder.node("Transpose", x, attributes: [Attribute("perm", .ints([0, 2, 1]))])
    for _ in 0..<3 {
      y = builder.node("Transpose", builder.node("Exp", y), attributes: [Attribute("perm", .ints([0, 2, 1]))])
    }
    let sum = builder.node("ReduceMax", y, try builder.integers([1, 2]))
    let both = builder.node("Mul", part, sum)
    builder.sample.inputs[0].tensor = try builder.numbers.tensor([1, 64, 4096], scale: 0.01)
    _ = try builder.check(both, "a part that is needed long")
    let split = try builder.sample.compiled(.generic).steps(for: [[1, 64, 4096]]).filter { $0.operatorType == "Slice" }
    #expect(split.map(\.summary) != ["part of its input"])
  }
}

/// Values (1, rows, 16).
private struct RandomParts {
  var builder = PatternBuilder()
  private var values: [(name: String, rows: Int)] = []

  init(seed: Int) { builder.numbers = Numbers(seed) }

  mutating func grow(to count: Int) throws {
    values = [
      (try builder.input("x", [1, 9, 16], scale: 0.5), 9), (try builder.input("y", [1, 4, 16], scale: 0.5), 4),
    ]
    values.append((builder.node("Neg", "x"), 9))
    while values.count < count { try add() }
  }

  mutating func someValues() -> [String] {
    let last = values[values.count - 1].name
    let other = values[2 + builder.numbers.below(values.count - 3)].name
    return last == other ? [last] : [last, other]
  }

  private mutating func add() throws {
    let (value, rows) = values[max(0, values.count - 1 - builder.numbers.below(5))]
    let first = builder.numbers.below(rows)
    let end = first + 1 + builder.numbers.below(rows - first)
    switch builder.numbers.below(8) {
    case 0, 1: values.append((builder.node(["Tanh", "Abs", "Sigmoid"][builder.numbers.below(3)], value), rows))
    case 2:
      let part = builder.node(
        "Slice", value, try builder.integers([Int64(first)]), try builder.integers([Int64(end)]),
        try builder.integers([1]))
      values.append((part, end - first))
    case 3 where rows > 1:
      let size = 1 + builder.numbers.below(rows - 1)
      let sizes = try builder.integers([Int64(size), Int64(rows - size)])
      let part = builder.node("Split", value, sizes, attributes: [Attribute("axis", .int(1))])
      builder.sample.nodes[builder.sample.nodes.count - 1].outputs.append(part + "r")
      values += [(part, size), (part + "r", rows - size)]
    case 4:
      builder.sample.constants.append(("i\(values.count)", try Tensor([Int64(first)], shape: [])))
      let row = builder.node("Gather", value, "i\(values.count)", attributes: [Attribute("axis", .int(1))])
      values.append((builder.node("Unsqueeze", row, try builder.integers([1])), 1))
    case 5:
      let flat = try builder.reshape(value, [Int64(rows * 16)])
      let changed = builder.numbers.below(2) == 0 ? builder.node("Neg", flat) : flat
      values.append((try builder.reshape(changed, [1, Int64(rows), 16]), rows))
    case 6:
      let (other, count) = values[max(0, values.count - 1 - builder.numbers.below(6))]
      guard rows + count < 14 else { return }
      values.append((builder.node("Concat", value, other, attributes: [Attribute("axis", .int(1))]), rows + count))
    default:
      guard let other = values.last(where: { $0.rows == rows && $0.name != value || $0.rows == 1 }) else { return }
      values.append((builder.node(["Add", "Sub", "Max"][builder.numbers.below(3)], value, other.name), rows))
    }
  }
}
