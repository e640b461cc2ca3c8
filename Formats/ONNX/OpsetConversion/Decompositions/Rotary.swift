import ZooCore

/// RotaryEmbedding by its definition (Su et al. 2021).
let rotaryDecompositions: [Adapter] = [Adapter("RotaryEmbedding", at: 23, down: rotaryEmbedding)]

@Sendable private func rotaryEmbedding(_ node: Node, _ bench: Workbench) throws -> [Node] {
  var writer = NodeWriter(node, bench)
  let isFlat = try writer.rank(node.input(0)) == 3
  guard let last = bench.shape(node.input(0))?.last ?? nil else { throw Refusal("the size of a head is not known") }
  let size: Int
  var x: String
  // (batch, length, heads, size)
  if isFlat {
    guard let heads = node.int("num_heads"), heads > 0 else { throw Refusal("it has no num_heads") }
    size = last / heads
    x = writer.node("Reshape", [node.input(0), try writer.integers([0, 0, heads, size], "heads")])
  } else {
    size = last
    x = writer.node("Transpose", [node.input(0)], [.list("perm", [0, 2, 1, 3])])
  }
  func slice(_ value: String, _ start: Int, _ end: Int, step: Int = 1) throws -> String {
    writer.node(
      "Slice",
      [
        value, try writer.integers([start], "start"), try writer.integers([end], "end"),
        try writer.integers([3], "axis"), try writer.integers([step], "step"),
      ])
  }
  let turned = node.int("rotary_embedding_dim").flatMap { $0 == 0 ? nil : $0 } ?? size
  guard (2...size).contains(turned), turned % 2 == 0 else { throw Refusal("rotary_embedding_dim \(turned)") }
  let rest = turned < size ? try slice(x, turned, size) : nil
  if rest != nil { x = try slice(x, 0, turned) }

  func cache(_ index: Int) throws -> String {
    var value = node.input(index)
    if !node.input(3).isEmpty { value = writer.node("Gather", [value, node.input(3)], [.number("axis", 0)]) }
    return writer.node("Unsqueeze", [value, try writer.integers([2])])
  }
  let cosine = try cache(1)
  let sine = try cache(2)
  let isInterleaved = node.int("interleaved") ?? 0 != 0
  let half = turned / 2
  let first = isInterleaved ? try slice(x, 0, turned, step: 2) : try slice(x, 0, half)
  let second = isInterleaved ? try slice(x, 1, turned, step: 2) : try slice(x, half, turned)
  let real = writer.node(
    "Sub", [writer.node("Mul", [cosine, first]), writer.node("Mul", [sine, second])])
  let imaginary = writer.node(
    "Add", [writer.node("Mul", [sine, first]), writer.node("Mul", [cosine, second])])
  var result: String
  if isInterleaved {
    let behind = try writer.integers([4])
    let pairs = writer.node(
      "Concat", [writer.node("Unsqueeze", [real, behind]), writer.node("Unsqueeze", [imaginary, behind])],
      [.number("axis", 4)])
    result = writer.node("Reshape", [pairs, try writer.integers([0, 0, 0, turned], "joined")])
  } else {
    result = writer.node("Concat", [real, imaginary], [.number("axis", 3)])
  }
  if let rest { result = writer.node("Concat", [result, rest], [.number("axis", 3)]) }
  if isFlat {
    writer.node("Reshape", [result, try writer.integers([0, 0, last], "flat")], to: node.output(0))
  } else {
    writer.node("Transpose", [result], [.list("perm", [0, 2, 1, 3])], to: node.output(0))
  }
  return writer.nodes
}
