import ZooCore

/// What `node` gives, where it makes float32 of a constant in another form: Cast of bfloat16, float16 or float64, and
/// DequantizeLinear of 8-bit integers. Nothing is read: the elements are converted whenever somebody reads them, piece by
/// piece where the constant can be read so.
///
/// - Parameter constant: The constant of a name, if it is one.
/// - Returns: `nil` for any other node, and for one that is wrong, which is left to its operator to say.
package func convertedConstant(
  _ node: Node, of constant: (String) -> StoredTensor?
) throws -> StoredTensor? {
  guard OperatorRegistry.canonical(node.domain).isEmpty, node.outputs.count == 1, !node.outputs[0].isEmpty,
    let input = node.inputs.first, let stored = constant(input)
  else { return nil }
  switch node.operatorType {
  case "Cast":
    guard node.inputs.count == 1, case .int(1) = node[attribute: "to"] else { return nil }
    return try stored.asFloat32()
  case "DequantizeLinear":
    guard let quantization = try quantization(of: node, type: stored.type, constant) else { return nil }
    return try stored.dequantized(quantization)
  default: return nil
  }
}

/// The constant scales and zero points of a DequantizeLinear with float32 outputs; `nil` for blocks and other types.
private func quantization(
  of node: Node, type: ElementType, _ constant: (String) -> StoredTensor?
) throws -> Quantization? {
  guard (2...3).contains(node.inputs.count), let scale = constant(node.inputs[1]), scale.type == .float32,
    scale.shape.count <= 1
  else { return nil }
  var axis = 1
  for attribute in node.attributes {
    guard case .int(let value) = attribute.value else { return nil }
    switch attribute.name {
    case "axis": axis = Int(clamping: value)
    case "block_size": if value != 0 { return nil }
    case "output_dtype": if value > 1 { return nil }
    default: return nil
    }
  }
  var zeroPoints: [Float] = []
  if node.inputs.count > 2, !node.inputs[2].isEmpty {
    guard let zero = constant(node.inputs[2]), zero.type == type, zero.shape == scale.shape else { return nil }
    zeroPoints =
      type == .int8
      ? try zero.load().elements(Int8.self).map(Float.init) : try zero.load().elements(UInt8.self).map(Float.init)
  }
  let rank = constant(node.inputs[0])?.shape.count ?? 0
  return Quantization(
    scales: try scale.load().elements(), zeroPoints: zeroPoints, axis: axis < 0 ? axis + rank : axis)
}
