import ZooCore

extension OperatorDeclaration {
  /// com.microsoft RotaryEmbedding: ONNX's, whose positions may also be one, from which those of a text go on.
  static let microsoftRotaryEmbedding = microsoft("RotaryEmbedding", "T int64 T T -> T") { node in
    let shape = try node.shape(0)
    try node.require(shape.count == 3 || shape.count == 4, "a tensor of shape \(shape) is not of rank 3 or 4")
    // A number of heads is needed only where a part of each head is turned.
    if shape.count == 3, try node.int("num_heads", default: 0) != 0 {
      _ = try node.headCount("num_heads", dividing: shape[2])
    }
    return [shape]
  }.asFunction { f in
    let shape = try f.node.fixedShape(0)
    for (name, standard) in [("is_packed_batching", 0), ("scale", 1)] as [(String, Float)]
    where f.node.node[attribute: name].map({ $0.number != standard }) ?? false {
      throw ZooError(.unsupported, "attribute \(name) is set")
    }
    let turned = try f.node.fixedShape(2).last ?? 0
    var heads = try f.node.int("num_heads", default: 0)
    if heads == 0, shape.count == 3 { heads = turned == 0 ? 0 : shape[2] / (2 * turned) }
    let positions = try f.rotaryPositions(batch: shape[0], length: shape[shape.count - 2])
    return [
      f(
        "RotaryEmbedding", try f.input(0), try f.input(2), try f.input(3), positions,
        keeping: ["interleaved", "rotary_embedding_dim"],
        attributes: ["num_heads": shape.count == 3 ? .int(Int64(heads)) : nil])
    ]
  }
}

extension FunctionBody {
  /// Positions (batch, length), those of input 1 or, where that is only the first one, from it on.
  fileprivate mutating func rotaryPositions(batch: Int, length: Int) throws -> Value {
    guard try node.fixedShape(1).count != 2 else { return try input(1) }
    let places = self("Add", try self.places(length), try input(1))
    return self("Expand", places, try integers([batch, length]))
  }
}

extension Attribute.Value {
  fileprivate var number: Float? {
    switch self {
    case .int(let number): Float(number)
    case .float(let number): number
    default: nil
    }
  }
}
