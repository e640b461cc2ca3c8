import GGUFFormat
import WeightBlocks

extension NamedTensor {
  /// The tensor in GGUF's blocks of `type`, and what that changes; `nil` for one that stays as it is
  /// (`GGUFFormat.quantized`).
  func quantized(to type: GGUFType) throws -> (tensor: NamedTensor, cost: CastCost)? {
    guard let blocks = try GGUFFormat.quantized(tensor, as: type) else { return nil }
    var quantized = self
    quantized.tensor = blocks
    var cost = CastCost()
    for piece in try tensor.surveyed({ first, _, numbers in
      let size = MemoryLayout<Float>.size
      let memory = try TensorMemory(byteCount: numbers.count * size)
      try blocks.read(into: memory.mutableBytes, at: first * size)
      var cost = CastCost()
      for (exact, rounded) in zip(numbers, memory.mutableBytes.bindMemory(to: Float.self)) {
        cost.add(exact, became: Double(rounded))
      }
      return cost
    }) { cost.add(piece) }
    (cost.tensors, cost.values) = (1, tensor.shape.reduce(1, *))
    if cost.changedValues > 0 { cost.worstTensor = name }
    return (quantized, cost)
  }

  /// The name of the blocks that the tensor's numbers are in, such as Q4_K; `nil` for numbers one by one.
  package var blockType: String? {
    guard let type = GGUFFormat.type(of: tensor), type.elementType == nil else { return nil }
    return type.name
  }
}
