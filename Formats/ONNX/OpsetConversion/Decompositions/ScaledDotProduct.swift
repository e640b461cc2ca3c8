import ZooCore

/// Attention by its definition (ONNX's Attention, version 23).
let attentionDecompositions: [Adapter] = [
  Adapter(
    "Attention", at: 23,
    down: { node, bench in
      var attention = try ScaledDotProduct(node, bench)
      return try attention.nodes()
    })
]

private struct ScaledDotProduct {
  private let node: Node
  private let bench: Workbench
  private var writer: NodeWriter
  private let type: ElementType
  private let isFlat: Bool

  init(_ node: Node, _ bench: Workbench) throws {
    self.node = node
    self.bench = bench
    writer = NodeWriter(node, bench)
    type = try writer.type(node.input(0))
    isFlat = try writer.rank(node.input(0)) == 3
  }

  mutating func nodes() throws -> [Node] {
    let heads = try headCount(0, "q_num_heads")
    let ownHeads = try headCount(1, "kv_num_heads")
    let query = try withHeads(0, heads)
    var key = try withPast(try withHeads(1, ownHeads), 4, to: node.output(1))
    var value = try withPast(try withHeads(2, ownHeads), 5, to: node.output(2))
    if ownHeads != heads {
      guard ownHeads > 0, heads % ownHeads == 0 else { throw Refusal("\(ownHeads) heads don't go into \(heads)") }
      let repeats = try writer.integers((0..<heads).map { $0 / (heads / ownHeads) }, "heads")
      key = writer.node("Gather", [key, repeats], [.number("axis", 1)])
      value = writer.node("Gather", [value, repeats], [.number("axis", 1)])
    }

    var scores = try scaledProduct(query, key)
    pass(scores, ifMode: 0)
    if let cap = node.float("softcap"), cap != 0 {
      let bound = try writer.scalar(Double(cap), type, "softcap")
      scores = writer.node("Mul", [writer.node("Tanh", [writer.node("Div", [scores, bound])]), bound])
    }
    pass(scores, ifMode: 1)
    if node.int("is_causal") ?? 0 != 0 { scores = writer.node("Add", [scores, try causalBias(query, key)]) }
    let hasMask = !node.input(3).isEmpty
    if hasMask { scores = writer.node("Add", [scores, try bias(key)]) }
    pass(scores, ifMode: 2)
    let weights = try weights(scores, mayBeEmpty: hasMask)
    pass(weights, ifMode: 3)

    let valueType = try writer.type(node.input(2))
    let result = writer.node(
      "MatMul", [writer.cast(weights, from: type, to: valueType), value], to: isFlat ? nil : node.output(0))
    if isFlat {
      let turned = writer.node("Transpose", [result], [.list("perm", [0, 2, 1, 3])])
      writer.node("Reshape", [turned, try writer.integers([0, 0, -1], "flat")], to: node.output(0))
    }
    return writer.nodes
  }

  private func headCount(_ index: Int, _ attribute: String) throws -> Int {
    if isFlat {
      guard let count = node.int(attribute), (1...1 << 16).contains(count) else {
        throw Refusal("it has no \(attribute)")
      }
      return count
    }
    guard let count = bench.shape(node.input(index))?.dropFirst().first ?? nil, count <= 1 << 16 else {
      throw Refusal("the number of heads is not known")
    }
    return count
  }

  /// (batch, heads, length, size) of an input.
  private mutating func withHeads(_ index: Int, _ heads: Int) throws -> String {
    guard isFlat else { return node.input(index) }
    let split = writer.node("Reshape", [node.input(index), try writer.integers([0, 0, heads, -1], "heads")])
    return writer.node("Transpose", [split], [.list("perm", [0, 2, 1, 3])])
  }

  /// What came before and what is new, which is an output, too.
  private mutating func withPast(_ value: String, _ index: Int, to output: String) throws -> String {
    let past = node.input(index)
    if past.isEmpty {
      if !output.isEmpty { writer.node("Identity", [value], to: output) }
      return value
    }
    return writer.node("Concat", [past, value], [.number("axis", 2)], to: output.isEmpty ? nil : output)
  }

  private mutating func scaledProduct(_ query: String, _ key: String) throws -> String {
    let turned = writer.node("Transpose", [key], [.list("perm", [0, 1, 3, 2])])
    // As the definition says, both factors are scaled, so that products stay in range.
    func root(_ scale: Double) throws -> String { try writer.scalar(scale.squareRoot(), type, "scale") }
    let scale: String
    if let given = node.float("scale") {
      guard given >= 0 else { throw Refusal("the scale \(given) is negative") }
      scale = try root(Double(given))
    } else if let size = headSize {
      scale = try root(1 / Double(size).squareRoot())
    } else {
      let size = writer.node("Cast", [try extent(query, 3)], [.number("to", Int(type.rawValue))])
      scale = writer.node("Sqrt", [writer.node("Reciprocal", [writer.node("Sqrt", [size])])])
    }
    return writer.node("MatMul", [writer.node("Mul", [query, scale]), writer.node("Mul", [turned, scale])])
  }

  private var headSize: Int? {
    guard let last = bench.shape(node.input(0))?.last ?? nil else { return nil }
    return isFlat ? node.int("q_num_heads").map { last / max($0, 1) } : last
  }

  /// An extent as a vector of one element.
  private mutating func extent(_ value: String, _ index: Int) throws -> String {
    writer.node("Gather", [writer.node("Shape", [value]), try writer.integers([index], "index")], [.number("axis", 0)])
  }

  /// Minus infinity where a key comes behind the query; keys that came before count from the past's length on.
  private mutating func causalBias(_ query: String, _ key: String) throws -> String {
    let zero = try scalar(0)
    let one = try scalar(1)
    let nothing = try writer.integers([0])
    func line(_ length: String, _ axis: Int) throws -> String {
      let scalar = writer.node("Squeeze", [length, nothing])
      let range = writer.node("Range", [zero, scalar, one])
      return writer.node("Unsqueeze", [range, try writer.integers([axis])])
    }
    var rows = try line(try extent(query, 2), 1)
    if !node.input(4).isEmpty { rows = writer.node("Add", [rows, try extent(node.input(4), 2)]) }
    let columns = try line(try extent(key, 2), 0)
    return try masked(writer.node("Not", [writer.node("Greater", [columns, rows])]))
  }

  private func scalar(_ value: Int64) throws -> String {
    try bench.constant(try Tensor([value], shape: []), writer.name("number"))
  }

  /// Zero where `allowed`, elsewhere minus infinity.
  private mutating func masked(_ allowed: String) throws -> String {
    writer.node(
      "Where", [allowed, try writer.scalar(0, type, "zero"), try writer.scalar(-.infinity, type, "never")])
  }

  private mutating func bias(_ key: String) throws -> String {
    let mask = node.input(3)
    // A mask shorter than the keys would have to be filled up.
    if let length = bench.shape(mask)?.last ?? nil, length != 1 {
      let own = isFlat ? bench.shape(node.input(1))?[1] : bench.shape(node.input(1))?[2]
      let past = node.input(4).isEmpty ? 0 : bench.shape(node.input(4))?[2]
      if let own, let past, own + past != length { throw Refusal("its mask is shorter than the keys") }
    }
    let maskType = try writer.type(mask)
    return maskType == .bool ? try masked(mask) : writer.cast(mask, from: maskType, to: type)
  }

  /// Softmax; rows of which all is masked give zeros.
  private mutating func weights(_ scores: String, mayBeEmpty: Bool) throws -> String {
    var precision = type
    if let number = node.int("softmax_precision") {
      guard let stated = ElementType(rawValue: Int32(truncatingIfNeeded: number)) else {
        throw Refusal("the type \(number) is not known")
      }
      precision = stated
    }
    let exact = writer.cast(scores, from: type, to: precision)
    let weights = writer.cast(writer.node("Softmax", [exact], [.number("axis", -1)]), from: precision, to: type)
    guard mayBeEmpty else { return weights }
    let greatest = writer.node("ReduceMax", [scores, try writer.integers([-1])])
    let isEmpty = writer.node("IsInf", [greatest], [.number("detect_positive", 0)])
    return writer.node("Where", [isEmpty, try writer.scalar(0, type, "zero"), weights])
  }

  /// The fourth output is what comes out of one of four stages.
  private mutating func pass(_ value: String, ifMode mode: Int) {
    guard !node.output(3).isEmpty, node.int("qk_matmul_output_mode") ?? 0 == mode else { return }
    writer.node("Identity", [value], to: node.output(3))
  }
}
