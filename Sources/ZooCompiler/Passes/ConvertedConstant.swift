import WeightBlocks
import ZooCore
import ZooNumbers
import ZooOperators

/// What `node` gives, where it makes float32 of a constant in another form: Cast of bfloat16, float16 or float64,
/// DequantizeLinear, and DequantizeBlocks, also transposed. Nothing is read: the elements are converted whenever somebody reads
/// them, piece by piece where the constant can be read so.
///
/// - Parameter inputs: The node's inputs that are constants.
/// - Returns: `nil` for any other node, and for one that is wrong, which is left to its operator to say.
package func convertedConstant(_ node: Node, of inputs: [StoredTensor?]) throws -> StoredTensor? {
  guard let stored = inputs.first ?? nil else { return nil }
  if node.domain == weightsDomain, node.operatorType == "DequantizeBlocks",
    case .int(let type) = node[attribute: "type"]
  {
    return try UInt32(exactly: type).flatMap(GGUFType.init).flatMap { try stored.dequantized(fromBlocksOf: $0) }
  }
  guard node.domain.isEmpty || node.domain == "ai.onnx" else { return nil }
  switch node.operatorType {
  case "Transpose":
    // A matrix whose columns are in blocks.
    guard stored.shape.count == 2 else { return nil }
    if case .ints(let order)? = node[attribute: "perm"], order != [1, 0] { return nil }
    return try stored.transposedBlocks()
  case "Cast":
    guard inputs.count == 1, case .int(1) = node[attribute: "to"] else { return nil }
    return try stored.asFloat32()
  case "DequantizeLinear":
    guard let quantization = try quantization(of: node, stored, inputs) else { return nil }
    return try stored.dequantized(quantization)
  default: return nil
  }
}

/// The constant scales and zero points of a DequantizeLinear whose output is float32; `nil` for other types, and for
/// scales that don't fit the shape.
private func quantization(
  of node: Node, _ stored: StoredTensor, _ inputs: [StoredTensor?]
) throws -> Quantization? {
  guard (2...3).contains(inputs.count), let scale = inputs[1], scale.type == .float32 else { return nil }
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
  if inputs.count > 2, node.inputs.count < 3 || !node.inputs[2].isEmpty {
    guard let zero = inputs[2], zero.type == stored.type, zero.shape == scale.shape else { return nil }
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
