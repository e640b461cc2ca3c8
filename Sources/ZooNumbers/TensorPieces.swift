import ZooCore

/// The part of `tensor` from `range` of an axis.
///
/// - Throws: `ZooError` (`unsupported`) for elements of less than a byte that don't begin with one.
package func piece(_ tensor: Tensor, axis: Int, _ range: Range<Int>) throws -> Tensor {
  var shape = tensor.shape
  shape[axis] = range.count
  let (outer, inner) = try parts(tensor.shape, axis: axis, tensor.type)
  if let strings = tensor.strings {
    let width = inner * tensor.shape[axis]
    var chosen: [[UInt8]] = []
    for row in 0..<outer {
      let start = row * width + range.lowerBound * inner
      chosen += strings[start..<start + range.count * inner]
    }
    return try Tensor(strings: chosen, shape: shape)
  }
  let bytes = tensor.type.byteCount(of: inner) ?? 0
  return try Tensor(type: tensor.type, shape: shape) { target in
    copyPlaces(range, of: tensor, to: target, rows: outer, byteCount: bytes)
  }
}

/// - Parameter byteCount: Of one place of one row.
private func copyPlaces(
  _ range: Range<Int>, of tensor: Tensor, to target: UnsafeMutableRawBufferPointer, rows: Int, byteCount: Int
) {
  guard rows > 0, let place = target.baseAddress else { return }
  tensor.withUnsafeBytes { source in
    let (width, size) = (source.count / rows, byteCount * range.count)
    for row in 0..<rows {
      let start = row * width + range.lowerBound * byteCount
      UnsafeMutableRawBufferPointer(start: place + row * size, count: size)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + size]))
    }
  }
}

/// The places of a tensor along an axis, one at a time, without that axis.
package final class Places {
  private let tensor: Tensor
  private let axis: Int
  private let (rows, byteCount): (Int, Int)
  /// The place that was asked for last. All but strings share one memory, in which the next place takes its turn.
  package private(set) var current: Value

  /// Begins with no place.
  ///
  /// - Throws: as `piece`.
  package init(of tensor: Tensor, axis: Int) throws {
    var shape = tensor.shape
    shape.remove(at: axis)
    (self.tensor, self.axis) = (tensor, axis)
    let (outer, inner) = try parts(tensor.shape, axis: axis, tensor.type)
    (rows, byteCount) = (outer, tensor.type.byteCount(of: inner) ?? 0)
    current = .tensor(
      tensor.type == .string
        ? try Tensor(strings: [], shape: [0]) : try Tensor(type: tensor.type, shape: shape) { _ in })
  }

  /// - Returns: Whether `current` is another value, and not the same with other elements.
  package func move(to place: Int) throws -> Bool {
    guard let memory = current.memory else {
      current = .tensor(try piece(tensor, axis: axis, place..<place + 1).droppingAxis(axis))
      return true
    }
    copyPlaces(place..<place + 1, of: tensor, to: memory.mutableBytes, rows: rows, byteCount: byteCount)
    return false
  }
}

/// Tensors behind one another along an axis.
///
/// - Throws: `ZooError` (`badData`) where they don't fit together.
package func joined(_ tensors: [Tensor], axis: Int) throws -> Tensor {
  guard let first = tensors.first else { throw ZooError(.badData, "a sequence without elements can't be joined") }
  var shape = first.shape
  shape[axis] = 0
  for tensor in tensors {
    guard tensor.type == first.type, tensor.shape.count == shape.count,
      shape.indices.allSatisfy({ $0 == axis || tensor.shape[$0] == shape[$0] })
    else { throw misfit(tensor, first, axis) }
    shape[axis] += tensor.shape[axis]
  }
  return try sideBySide(tensors, first.type, shape, rows: parts(shape, axis: axis, first.type).outer)
}

/// Tensors of one shape along an axis that is new.
///
/// - Throws: as `joined`.
package func stacked(_ tensors: [Tensor], axis: Int) throws -> Tensor {
  guard let first = tensors.first else { throw ZooError(.badData, "a sequence without elements can't be joined") }
  for tensor in tensors where tensor.type != first.type || tensor.shape != first.shape {
    throw misfit(tensor, first, axis)
  }
  var shape = first.shape
  shape.insert(tensors.count, at: axis)
  return try sideBySide(tensors, first.type, shape, rows: parts(shape, axis: axis, first.type).outer)
}

private func misfit(_ tensor: Tensor, _ first: Tensor, _ axis: Int) -> ZooError {
  ZooError(
    .badData,
    "\(tensor.type.name) of shape \(tensor.shape) can't join \(first.type.name) of shape \(first.shape) along axis \(axis)"
  )
}

/// Row after row, those of all tensors.
private func sideBySide(_ tensors: [Tensor], _ type: ElementType, _ shape: [Int], rows: Int) throws -> Tensor {
  if type == .string {
    let strings = (0..<rows).flatMap { row in
      tensors.flatMap { tensor in
        let width = tensor.count / rows
        return (tensor.strings ?? [])[row * width..<(row + 1) * width]
      }
    }
    return try Tensor(strings: strings, shape: shape)
  }
  return try Tensor(type: type, shape: shape) { target in
    var place = 0
    for row in 0..<rows {
      for tensor in tensors {
        tensor.withUnsafeBytes { source in
          let width = source.count / rows
          UnsafeMutableRawBufferPointer(rebasing: target[place..<place + width])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[row * width..<(row + 1) * width]))
          place += width
        }
      }
    }
  }
}

extension Tensor {
  /// The tensor without an axis of one place.
  package func droppingAxis(_ axis: Int) throws -> Tensor {
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
