import CONNXSchema
import Files
import ZooCore

extension MessageDecoder {
  /// A TensorProto of a skeleton, as a tensor that still lies in the file.
  ///
  /// - Throws: `ZooError` (`badData`) where the shape, the type and the elements do not agree.
  func tensor(_ message: Onnx__TensorProto) throws -> NamedTensor {
    let name = try text(message.name)
    return try located(name.isEmpty ? "tensor" : "tensor \"\(name)\"") {
      guard let type = ElementType(rawValue: message.data_type) else {
        throw ZooError(.badData, "the data type \(message.data_type) is not known")
      }
      let shape = try extents(message.dims, message.n_dims)
      let tensor = try StoredTensor(type: type, shape: shape, source: source(of: message, type: type, shape: shape))
      return try NamedTensor(
        name: name, tensor: tensor, documentation: text(message.doc_string),
        properties: properties(message.metadata_props, message.n_metadata_props),
        unknownFields: unknownFields(message.base))
    }
  }

  func extents(_ list: UnsafePointer<Int64>?, _ count: Int) throws -> [Int] {
    try UnsafeBufferPointer(start: list, count: count).map { extent in
      guard let extent = Int(exactly: extent) else { throw ZooError(.badData, "the extent \(extent) is too large") }
      return extent
    }
  }

  private func source(of message: Onnx__TensorProto, type: ElementType, shape: [Int]) throws -> any TensorSource {
    guard let place = TensorReference(message.raw_data)?.range else {
      throw ZooError(.defect, "a tensor has lost its place in the file")
    }
    let byteCount = try Tensor.byteCount(type: type, shape: shape)
    let payload = try TensorPayload(in: file.bytes, message: place)
    if message.data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL {
      guard payload.field == nil else {
        throw ZooError(.badData, "the tensor is external, but \(payload.field?.name ?? "") holds elements, too")
      }
      guard type != .string else { throw ZooError(.badData, "strings can't be external") }
      guard let external else { throw ZooError(.badData, "external data makes no sense here") }
      return try external.tensor(properties(message.external_data, message.n_external_data), byteCount: byteCount)
    }
    if payload.field == .raw {
      guard type != .string else { throw ZooError(.badData, "strings can't be raw data") }
      guard payload.count == byteCount else {
        throw ZooError(
          .badData, "a \(type.name) tensor of shape \(shape) takes \(byteCount) bytes, not \(payload.count)")
      }
      return MappedTensor(file: file, range: payload.raw)
    }
    let list = TensorPayload.Field(holding: type)
    let needed = try ListedTensor.entryCount(
      type: type, byteCount: byteCount, elementCount: Tensor.elementCount(of: shape))
    guard payload.field == list || payload.field == nil else {
      throw ZooError(.badData, "\(payload.field?.name ?? "") can't hold \(type.name)")
    }
    guard payload.count == needed else {
      throw ZooError(
        .badData,
        "a \(type.name) tensor of shape \(shape) takes \(needed) entries of \(list.name), not \(payload.count)")
    }
    return ListedTensor(file: file, message: place)
  }
}
