import ZooCore

/// The part of `tensor` from `range` of an axis.
///
/// - Throws: `ZooError` (`unsupported`) for elements of less than a byte that don't begin with one.
func piece(_ tensor: Tensor, axis: Int, _ range: Range<Int>) throws -> Tensor {
  var shape = tensor.shape
  shape[axis] = range.count
  let (outer, inner) = try parts(tensor.shape, axis: axis, tensor.type)
  if let strings = tensor.strings {
    let width = inner * tensor.shape[axis]
    let chosen = (0..<outer).flatMap {
      strings[$0 * width + range.lowerBound * inner..<$0 * width + range.upperBound * inner]
    }
    return try Tensor(strings: chosen, shape: shape)
  }
  let bytes = tensor.type.byteCount(of: inner) ?? 0
  let width = bytes * tensor.shape[axis]
  return try Tensor(type: tensor.type, shape: shape) { target in
    tensor.withUnsafeBytes { source in
      for row in 0..<outer {
        let start = row * width + range.lowerBound * bytes
        UnsafeMutableRawBufferPointer(rebasing: target[row * bytes * range.count..<(row + 1) * bytes * range.count])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + bytes * range.count]))
      }
    }
  }
}

/// Tensors behind one another along an axis.
///
/// - Throws: `ZooError` (`badData`) where they don't fit together.
func joined(_ tensors: [Tensor], axis: Int) throws -> Tensor {
  guard let first = tensors.first else { throw ZooError(.badData, "a sequence without elements can't be joined") }
  var shape = first.shape
  shape[axis] = 0
  for tensor in tensors {
    guard tensor.type == first.type, tensor.shape.count == shape.count,
      shape.indices.allSatisfy({ $0 == axis || tensor.shape[$0] == shape[$0] })
    else {
      throw ZooError(
        .badData,
        "\(tensor.type.name) of shape \(tensor.shape) can't join \(first.type.name) of shape \(first.shape) along axis \(axis)"
      )
    }
    shape[axis] += tensor.shape[axis]
  }
  let (outer, inner) = try parts(shape, axis: axis, first.type)
  if first.type == .string {
    let strings = (0..<outer).flatMap { row in
      tensors.flatMap { tensor in
        let width = inner * tensor.shape[axis]
        return (tensor.strings ?? [])[row * width..<(row + 1) * width]
      }
    }
    return try Tensor(strings: strings, shape: shape)
  }
  let bytes = first.type.byteCount(of: inner) ?? 0
  return try Tensor(type: first.type, shape: shape) { target in
    var place = 0
    let row = bytes * shape[axis]
    for tensor in tensors {
      let width = bytes * tensor.shape[axis]
      tensor.withUnsafeBytes { source in
        for index in 0..<outer where width > 0 {
          UnsafeMutableRawBufferPointer(rebasing: target[index * row + place..<index * row + place + width])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[index * width..<(index + 1) * width]))
        }
      }
      place += width
    }
  }
}

/// Tensors of one shape along an axis that is new.
func stacked(_ tensors: [Tensor], axis: Int) throws -> Tensor {
  try joined(
    tensors.map { tensor in
      var shape = tensor.shape
      shape.insert(1, at: axis)
      return try tensor.reshaped(shape)
    }, axis: axis)
}

extension Tensor {
  /// The tensor without an axis of one place.
  func droppingAxis(_ axis: Int) throws -> Tensor {
    var shape = shape
    shape.remove(at: axis)
    return try reshaped(shape)
  }
}

/// Elements before and behind an axis.
private func parts(_ shape: [Int], axis: Int, _ type: ElementType) throws -> (outer: Int, inner: Int) {
  let inner = shape[(axis + 1)...].reduce(1, *)
  guard type == .string || type.bitWidth * inner % 8 == 0 else {
    throw ZooError(.unsupported, "pieces of \(type.name) that don't begin with a byte")
  }
  return (shape[..<axis].reduce(1, *), inner)
}
