import WeightBlocks
import ZooCore

/// The domain of operators on weights in forms that ONNX does not have.
package let weightsDomain = "zoo.weights"

extension OperatorCatalogue {
  static let weights: [OperatorDeclaration] = [.dequantizeBlocks]
}

extension OperatorDeclaration {
  /// zoo.weights DequantizeBlocks: what bytes in GGUF's blocks stand for, along the last axis, as float32.
  static let dequantizeBlocks = OperatorDeclaration(
    "DequantizeBlocks", domain: weightsDomain, types: TypeSignature("uint8 -> float32").rule
  ) { node in
    let type = try node.blockType()
    var shape = try node.shape(0)
    try node.require(!shape.isEmpty, "a scalar holds no blocks")
    let last = shape.count - 1
    guard let bytes = shape[last].number else { return [shape.dropLast() + [.unknown()]] }
    try node.require(bytes % type.blockBytes == 0, "\(bytes) bytes are no whole blocks of \(type.name)")
    shape[last] = Dim(bytes / type.blockBytes * type.blockCount)
    return [shape]
  }
}

extension Inference {
  /// The type of blocks that the attribute `type` names, by ggml's number.
  func blockType() throws -> GGUFType {
    let number = try requiredInt("type")
    guard let type = UInt32(exactly: number).flatMap(GGUFType.init), type.elementType == nil, type.isReadable else {
      throw ZooError(.unsupported, "there are no blocks of ggml's type \(number)")
    }
    return type
  }
}
