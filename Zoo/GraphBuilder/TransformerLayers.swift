import ZooCore

/// The layers of transformers. Values are (N, length, width).
extension GraphBuilder {
  /// value · weightᵀ + bias, with `weight` (outputs, inputs) as PyTorch's `Linear` keeps it.
  ///
  /// The weight is written transposed: MatMul takes a value of any rank, which Gemm does not.
  package mutating func linear(
    _ value: Value, _ name: String, weight: StoredTensor, bias: StoredTensor?
  ) throws -> Value {
    let product = node("MatMul", "\(name).matmul", [value, constant(try weight.transposed(), "\(name).weight")])
    guard let bias else { return product }
    return node("Add", name, [product, constant(bias, "\(name).bias")])
  }

  /// A fully connected layer on values of any rank, with the parameters `name.weight` (outputs, inputs) and, if it has one,
  /// `name.bias` (outputs). Where those don't fit, which `Parameters.finish` tells, the value stays as it is.
  package mutating func projection(
    _ value: Value, _ name: String, inputs: Int, outputs: Int, hasBias: Bool = true, _ parameters: inout Parameters
  ) throws -> Value {
    let weight = try parameters.take("\(name).weight", [outputs, inputs], .weight)
    let bias = hasBias ? try parameters.take("\(name).bias", [outputs], .shift) : nil
    guard weight.shape == [outputs, inputs], weight.type == .float32 else { return value }
    return try linear(value, name, weight: weight, bias: bias)
  }

  /// The token at `place` of `value` (N, length, width): (N, width).
  package mutating func token(_ place: Int, of value: Value, _ name: String) throws -> Value {
    let index = constant(StoredTensor(try Tensor([Int64(place)], shape: [])), "\(name).index")
    return node("Gather", "\(name).token", [value, index], [Attribute("axis", .int(1))])
  }

  /// The constant table `name.weight` of embeddings (rows, width).
  package mutating func embeddingTable(
    _ name: String, rows: Int, width: Int, _ parameters: inout Parameters
  ) throws -> Value {
    constant(try parameters.take("\(name).weight", [rows, width], .weight), "\(name).weight")
  }

  /// Which keys each query sees: (N, 1, 1, S), true where `mask` (N, S) is not 0.
  package mutating func visibleKeys(_ mask: Value, _ name: String) throws -> Value {
    let visible = node("Cast", "\(name).visible", [mask], [Attribute("to", .int(Int64(ElementType.bool.rawValue)))])
    return node("Unsqueeze", "\(name).keys", [visible, try constant([1, 2], "\(name).axes")])
  }

  /// Normalization over the last axis, with the parameters `name.weight` and, if it has one, `name.bias` (width).
  package mutating func layerNormalization(
    _ value: Value, _ name: String, width: Int, epsilon: Float, hasBias: Bool = true, _ parameters: inout Parameters
  ) throws -> Value {
    layerNormalization(
      value, name, scale: try parameters.take("\(name).weight", [width], .scale),
      shift: hasBias ? try parameters.take("\(name).bias", [width], .shift) : nil, epsilon: epsilon)
  }

  /// Normalization over the last axis (Ba, Kiros and Hinton 2016).
  package mutating func layerNormalization(
    _ value: Value, _ name: String, scale: StoredTensor, shift: StoredTensor?, epsilon: Float = 1e-5
  ) -> Value {
    var inputs = [value, constant(scale, "\(name).weight")]
    if let shift { inputs.append(constant(shift, "\(name).bias")) }
    return node(
      "LayerNormalization", name, inputs, [Attribute("axis", .int(-1)), Attribute("epsilon", .float(epsilon))])
  }

  /// softmax(Q·Kᵀ / √size)·V by heads (Vaswani et al. 2017, section 3.2). Needs operator set 23.
  ///
  /// - Parameters:
  ///   - mask: Which keys may be seen: booleans that broadcast to (N, heads, queries, keys); or what is added to the
  ///     scaled products.
  ///   - isCausal: Whether no query sees keys behind its own.
  package mutating func attention(
    _ query: Value, _ key: Value, _ value: Value, _ name: String, mask: Value? = nil, heads: Int, isCausal: Bool = false
  ) -> Value {
    let inputs: [Value?] = mask == nil ? [query, key, value] : [query, key, value, mask]
    return node(
      "Attention", name, inputs,
      [
        Attribute("q_num_heads", .int(Int64(heads))), Attribute("kv_num_heads", .int(Int64(heads))),
        Attribute("is_causal", .int(isCausal ? 1 : 0)),
      ])
  }
}

extension StoredTensor {
  /// The matrix with rows and columns exchanged, whenever it is read.
  package func transposed() throws -> StoredTensor {
    guard shape.count == 2 else { throw ZooError(.defect, "a tensor of shape \(shape) is no matrix") }
    return try StoredTensor(type: type, shape: shape.reversed(), source: TransposedSource(stored: self))
  }
}

extension StoredTensor {
  /// A stretch of the outermost axis, read when it is wanted.
  package func rows(_ range: Range<Int>) throws -> StoredTensor {
    guard let extent = shape.first, range.lowerBound >= 0, range.upperBound <= extent else {
      throw ZooError(.defect, "a tensor of shape \(shape) has no rows \(range)")
    }
    let part = [range.count] + shape.dropFirst()
    return try StoredTensor(type: type, shape: part, source: RowSource(stored: self, first: range.lowerBound))
  }
}

private struct RowSource: TensorSource {
  let stored: StoredTensor
  let first: Int

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    try stored.read(into: bytes, at: first * shape.dropFirst().reduce(type.bitWidth / 8, *))
  }
}

private struct TransposedSource: TensorSource {
  let stored: StoredTensor

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    guard type == .float32 else { throw ZooError(.defect, "only float32 matrices are transposed, not \(type.name)") }
    let target = bytes.bindMemory(to: Float.self)
    let (rows, columns) = (shape[0], shape[1])
    try stored.load().withUnsafeBytes { bytes in
      let source = bytes.bindMemory(to: Float.self)
      // In squares, so that both sides stay in the cache.
      for top in stride(from: 0, to: rows, by: 32) {
        for left in stride(from: 0, to: columns, by: 32) {
          for row in top..<min(top + 32, rows) {
            for column in left..<min(left + 32, columns) {
              target[row * columns + column] = source[column * rows + row]
            }
          }
        }
      }
    }
  }
}
