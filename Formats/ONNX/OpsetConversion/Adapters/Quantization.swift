import ZooCore

/// QuantizeLinear and DequantizeLinear: scales along an axis, blocks, types of outputs.
let quantizationAdapters: [Adapter] = [
  Adapter("QuantizeLinear", "DequantizeLinear", at: 13, down: withoutAxis),
  Adapter("QuantizeLinear", at: 19, down: { node, _ in [node.without("saturate")] }),
  Adapter("QuantizeLinear", at: 21, down: { try withoutOutputType(try withoutBlocks($0), $1) }),
  Adapter("DequantizeLinear", at: 21, down: { node, _ in [try withoutBlocks(node)] }),
  .newAttribute("precision", of: "QuantizeLinear", at: 23),
  Adapter(
    "DequantizeLinear", at: 23,
    down: { node, bench in
      let new = node.without("output_dtype")
      guard let type = node.int("output_dtype"), type != 0 else { return [new] }
      guard bench.elementType(node.input(1)).map({ Int($0.rawValue) == type }) == true else {
        throw Refusal("an output of another type than the scale's is new in it")
      }
      return [new]
    }),
]

private func withoutBlocks(_ node: Node) throws -> Node {
  guard node.int("block_size") ?? 0 == 0 else { throw Refusal("blocks are new in it") }
  return node.without("block_size")
}

/// The zero point says which type the output has.
private func withoutOutputType(_ node: Node, _ bench: Workbench) throws -> [Node] {
  let new = node.without("output_dtype")
  guard let number = node.int("output_dtype"), number != 0, node.input(2).isEmpty,
    number != Int(ElementType.uint8.rawValue)
  else { return [new] }
  guard let type = ElementType(rawValue: Int32(truncatingIfNeeded: number)),
    let shape = bench.fullShape(node.input(1))
  else { throw Refusal("output_dtype is new in it, and the scale's shape is not known") }
  var typed = new
  typed.inputs = [node.input(0), node.input(1)]
  typed.inputs.append(try bench.filled(0, type, shape: shape, NodeWriter(node, bench).name("zero_point")))
  return [typed]
}

/// A scale for each index of an axis came with 13.
@Sendable private func withoutAxis(_ node: Node, _ bench: Workbench) throws -> [Node] {
  let new = node.without("axis")
  guard let scale = bench.shape(node.input(1)) else { throw Refusal("the scale's shape is not known") }
  if scale.isEmpty { return [new] }
  var writer = NodeWriter(node, bench)
  if scale == [1] {
    var single = new
    for index in 1..<node.inputs.count where !node.input(index).isEmpty {
      single.inputs[index] = writer.node("Reshape", [node.input(index), try writer.integers([], "scalar")])
    }
    return writer.nodes + [single]
  }
  guard node.operatorType == "DequantizeLinear", scale.count == 1 else {
    throw Refusal("a scale for each index of an axis is new in it")
  }
  let rank = try writer.rank(node.input(0))
  let axis = node.int("axis") ?? 1
  let place = axis < 0 ? axis + rank : axis
  guard (0..<rank).contains(place) else { throw Refusal("the axis \(axis) is out of range") }
  func aligned(_ value: String) throws -> String {
    var extents = [Int](repeating: 1, count: rank)
    extents[place] = -1
    return writer.node("Reshape", [value, try writer.integers(extents, "shape")])
  }
  // Differences of 8-bit numbers are exact in float32; those of 32 bits have no zero point.
  var value = writer.cast(node.input(0), from: try writer.type(node.input(0)), to: .float32)
  if !node.input(2).isEmpty {
    let zero = try aligned(node.input(2))
    let number = writer.cast(zero, from: try writer.type(node.input(2)), to: .float32)
    value = writer.node("Sub", [value, number])
  }
  writer.node("Mul", [value, try aligned(node.input(1))], to: node.output(0))
  return writer.nodes
}
