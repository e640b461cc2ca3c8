import CONNXSchema
import ZooCore

/// A value of ONNX's test data.
package indirect enum ONNXValue: Sendable {
  case tensor(NamedTensor)
  case sequence([ONNXValue])
  /// Keys, whole numbers as their digits, and the value of each.
  case map(keys: [String], values: [ONNXValue])
  /// `nil` is an optional without a value.
  case optional(ONNXValue?)
}

extension MessageDecoder {
  /// The kinds of an element (SequenceProto.DataType, OptionalProto.DataType).
  private enum Kind: Int32 {
    case none = 0
    case tensor = 1
    case sparseTensor = 2
    case sequence = 3
    case map = 4
    case optional = 5
  }

  func sequence(_ message: Onnx__SequenceProto) throws -> ONNXValue {
    switch Kind(rawValue: message.elem_type) {
    case .none?: .sequence([])
    case .tensor:
      .sequence(try map(message.tensor_values, message.n_tensor_values, "element") { .tensor(try tensor($0)) })
    case .sequence:
      .sequence(try map(message.sequence_values, message.n_sequence_values, "element", sequence))
    case .map: .sequence(try map(message.map_values, message.n_map_values, "element", keyed))
    case .optional:
      .sequence(try map(message.optional_values, message.n_optional_values, "element", optional))
    default: throw unsupported(message.elem_type)
    }
  }

  private func keyed(_ message: Onnx__MapProto) throws -> ONNXValue {
    let numbers = UnsafeBufferPointer(start: message.keys, count: message.n_keys).map(String.init)
    let keys = try numbers + texts(message.string_keys, message.n_string_keys)
    guard case .sequence(let values)? = try message.values.map({ try sequence($0.pointee) }) ?? .sequence([]),
      keys.count == values.count, Set(keys).count == keys.count
    else { throw ZooError(.badData, "a map of \(keys.count) keys has another number of values, or a key twice") }
    return .map(keys: keys, values: values)
  }

  func optional(_ message: Onnx__OptionalProto) throws -> ONNXValue {
    switch Kind(rawValue: message.elem_type) {
    case .none?: .optional(nil)
    case .tensor: .optional(try message.tensor_value.map { .tensor(try tensor($0.pointee)) })
    case .sequence: .optional(try message.sequence_value.map { try sequence($0.pointee) })
    case .optional: .optional(try message.optional_value.map { try optional($0.pointee) })
    default: throw unsupported(message.elem_type)
    }
  }

  private func unsupported(_ kind: Int32) -> ZooError {
    ZooError(.unsupported, "elements of the kind \(kind) (sparse tensors, maps in optional values) can't be read")
  }
}
