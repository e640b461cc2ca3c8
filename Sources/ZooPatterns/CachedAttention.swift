import ZooCompiler
import ZooCore

extension FusePatterns {
  /// One CachedAttention of an Attention whose keys and values are made of float16, or of int8 in blocks: it widens what it
  /// looks at.
  func cachedAttention(_ node: CompilerNode, _ graph: CompilerGraph) -> CompilerNode? {
    guard node.inputs.count == 7, (3...5).allSatisfy({ node.inputs[$0] == nil }),
      node.outputs.dropFirst().allSatisfy({ $0 == nil }), graph.type(of: node.inputs[0]) == .float32,
      let keys = graph.narrow(node.inputs[1], of: node), let values = graph.narrow(node.inputs[2], of: node),
      graph.type(of: keys.value) == graph.type(of: values.value)
    else { return nil }
    var inputs = node.inputs
    (inputs[1], inputs[2]) = (keys.value, values.value)
    return node.replaced(
      by: "CachedAttention", domain: internalDomain, opset: 1, inputs + [keys.scales, values.scales], node.attributes)
  }
}

extension CompilerGraph {
  /// What `value` is widened from.
  fileprivate func narrow(_ value: ValueID?, of node: CompilerNode) -> (value: ValueID, scales: ValueID?)? {
    if let cast = making(value, "Cast"), let source = cast.input(0) {
      return type(of: source) == .float16 ? (source, nil) : nil
    }
    guard let dequantized = making(value, "DequantizeLinear"), dequantized.input(2) == nil,
      let source = dequantized.input(0), let scales = dequantized.input(1), type(of: source) == .int8,
      type(of: scales) == .float32, let whole = shape(of: source), let width = whole.last,
      let axis = dequantized.int("axis"),
      axis == -1 || axis == whole.count - 1, let block = dequantized.int("block_size"), block > 0, width % block == 0,
      shape(of: scales) == whole.dropLast() + [width / block]
    else { return nil }
    // No block is of two heads.
    let heads = whole.count == 3 ? node.int("kv_num_heads") ?? 1 : 1
    guard heads > 0, width % heads == 0, width / heads % block == 0 else { return nil }
    return (source, scales)
  }
}
