import CONNXSchema
import ZooCore

/// A tensor of which the file holds only some elements, by place (SparseTensorProto). It is in memory as a dense one,
/// once, however many nodes have it.
struct SparseTensor: TensorSource {
  /// What is not zero, under the tensor's name, and where.
  let values, places: NamedTensor
  private let dense: Tensor

  var shape: [Int] { dense.shape }

  var readsInPieces: Bool { true }

  func load(type: ElementType, shape: [Int]) -> Tensor { dense }

  func lend(type: ElementType, shape: [Int]) -> TensorMemory? { dense.memory }

  /// - Throws: `ZooError` (`badData`) for places that don't fit the shape, `unsupported` for elements of other widths
  ///   than whole bytes.
  init(values: NamedTensor, places: NamedTensor, shape: [Int]) throws {
    (self.values, self.places) = (values, places)
    let type = values.tensor.type
    guard type.bitWidth > 0, type.bitWidth % 8 == 0 else {
      throw ZooError(.unsupported, "sparse tensors of \(type.name) are not read")
    }
    let elements = try Self.elements(of: places.tensor, count: values.tensor.shape, in: shape)
    let (width, stored) = (type.bitWidth / 8, try values.tensor.load())
    dense = try Tensor(type: type, shape: shape) { bytes in
      _ = bytes.initializeMemory(as: UInt8.self, repeating: 0)
      stored.withUnsafeBytes { source in
        for (number, element) in elements.enumerated() {
          UnsafeMutableRawBufferPointer(rebasing: bytes[(element * width)...]).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: source[number * width..<(number + 1) * width]))
        }
      }
    }
  }

  /// The numbers of the elements at `places`: one number each, or one an axis.
  private static func elements(of places: StoredTensor, count values: [Int], in shape: [Int]) throws -> [Int] {
    let mismatch = ZooError(
      .badData, "places of shape \(places.shape) don't fit values of shape \(values) in a tensor of shape \(shape)")
    guard values.count == 1, places.shape == values || places.shape == values + [shape.count] else { throw mismatch }
    let numbers = try integers(places.load())
    let extents = places.shape.count == 1 ? [try Tensor.elementCount(of: shape)] : shape
    return try (0..<values[0]).map { row in
      try extents.enumerated().reduce(0) { element, axis in
        let place = numbers[row * extents.count + axis.offset]
        guard place >= 0, place < axis.element else {
          throw ZooError(.badData, "an element lies at \(place), which the shape \(shape) does not have")
        }
        return element * axis.element + Int(place)
      }
    }
  }

  /// ONNX asks for int64; ONNX Runtime takes narrower ones, too.
  private static func integers(_ tensor: Tensor) throws -> [Int64] {
    switch tensor.type {
    case .int64: try tensor.elements()
    case .int32: try tensor.elements(Int32.self).map(Int64.init)
    case .int16: try tensor.elements(Int16.self).map(Int64.init)
    case .int8: try tensor.elements(Int8.self).map(Int64.init)
    default: throw ZooError(.badData, "the places of a sparse tensor are \(tensor.type.name), not int64")
    }
  }
}

/// How much memory the sparse tensors of one file may take: in proportion to what it holds of them, and some more, so that
/// small ones may be as empty as they like.
final class SparseAllowance {
  /// At four bytes an element and eight a place, one in 192.
  private static let factor = 64
  private var rest = 1 << 26

  /// - Throws: `ZooError` (`badData`) where it is used up.
  func take(_ byteCount: Int, for stored: Int) throws {
    let entitled = stored.multipliedReportingOverflow(by: Self.factor)
    guard !entitled.overflow, byteCount > entitled.partialValue else { return }
    guard byteCount - entitled.partialValue <= rest else {
      throw ZooError(
        .badData, "the sparse tensor takes \(byteCount) bytes, out of proportion to the \(stored) in the file",
        advice: "store it as a dense one, if it is meant so")
    }
    rest -= byteCount - entitled.partialValue
  }
}

extension MessageDecoder {
  /// A SparseTensorProto, named as its values are, as a dense tensor.
  func sparseTensor(_ message: Onnx__SparseTensorProto) throws -> NamedTensor {
    try refuseUnknownFields(message.base)
    guard let values = message.values, let indices = message.indices else {
      throw ZooError(.badData, "a sparse tensor lacks its values or its indices")
    }
    let (stored, places) = try (tensor(values.pointee), tensor(indices.pointee))
    return try located("tensor \"\(stored.name)\"") {
      let shape = try extents(message.dims, message.n_dims)
      try sparse.take(
        Tensor.byteCount(type: stored.tensor.type, shape: shape),
        for: stored.tensor.byteCount + places.tensor.byteCount)
      let source = try SparseTensor(values: stored, places: places, shape: shape)
      return NamedTensor(
        name: stored.name, tensor: try StoredTensor(type: stored.tensor.type, shape: shape, source: source))
    }
  }
}
