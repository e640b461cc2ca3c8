import ZooCore

/// What `node` gives, where it makes float32 of a constant in another form: Cast of bfloat16, float16 or float64, and
/// DequantizeLinear. Nothing is read: the elements are converted whenever somebody reads them, piece by
/// piece where the constant can be read so.
///
/// - Returns: `nil` for any other node, and for one that is wrong, which is left to its operator to say.
func convertedConstant(_ node: CompilerNode, in graph: CompilerGraph) throws -> StoredTensor? {
  guard node.domain.isEmpty, let input = node.inputs.first ?? nil, let stored = graph[input].constant,
    !graph[input].holdsForShapes
  else { return nil }
  switch node.operatorType {
  case "Cast":
    guard node.inputs.count == 1, node.int("to") == 1 else { return nil }
    return try stored.asFloat32()
  case "DequantizeLinear":
    guard let quantization = try quantization(of: node, stored, graph) else { return nil }
    return try stored.dequantized(quantization)
  default: return nil
  }
}

/// The constant scales and zero points of a DequantizeLinear whose output is float32; `nil` for other types, and for
/// scales that don't fit the shape.
private func quantization(
  of node: CompilerNode, _ stored: StoredTensor, _ graph: CompilerGraph
) throws -> Quantization? {
  func constant(_ index: Int) -> StoredTensor? {
    guard index < node.inputs.count, let value = node.inputs[index], !graph[value].holdsForShapes else { return nil }
    return graph[value].constant
  }
  guard (2...3).contains(node.inputs.count), let scale = constant(1), scale.type == .float32 else { return nil }
  var (axis, blockSize) = (1, 0)
  for attribute in node.attributes {
    guard case .int(let value) = attribute.value else { return nil }
    switch attribute.name {
    case "axis": axis = Int(clamping: value)
    case "block_size": blockSize = Int(clamping: value)
    case "output_dtype": if value > 1 { return nil }
    default: return nil
    }
  }
  axis = axis < 0 ? axis + stored.shape.count : axis
  guard areScales(scale.shape, of: stored.shape, axis: axis, blockSize: blockSize) else { return nil }
  var zeroPoints: [Float] = []
  if node.inputs.count > 2 {
    guard let zero = constant(2), zero.type == stored.type, zero.shape == scale.shape else { return nil }
    // The zero points as numbers: they are stored as the elements are.
    guard let numbers = try zero.dequantized(Quantization(scales: [1])) else { return nil }
    zeroPoints = try numbers.load().elements()
  }
  return Quantization(scales: try scale.load().elements(), zeroPoints: zeroPoints, axis: axis, blockSize: blockSize)
}

/// Whether scales of the shape `scales` serve a tensor: one for all, one a place along `axis`, or one a block.
private func areScales(_ scales: [Int], of shape: [Int], axis: Int, blockSize: Int) -> Bool {
  if scales.isEmpty || scales == [1] { return true }
  guard shape.indices.contains(axis), blockSize >= 0 else { return false }
  if blockSize == 0 { return scales == [shape[axis]] }
  var blocks = shape
  blocks[axis] = shape[axis] == 0 ? 0 : (shape[axis] - 1) / blockSize + 1
  return scales == blocks
}
