import CONNXSchema
import ZooCore

/// A value of ONNX's test data.
public indirect enum ONNXValue: Sendable {
  case tensor(NamedTensor)
  case sequence([ONNXValue])
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
    case .optional:
      .sequence(try map(message.optional_values, message.n_optional_values, "element", optional))
    default: throw unsupported(message.elem_type)
    }
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
    ZooError(.unsupported, "elements of the kind \(kind) (maps, sparse tensors) can't be read")
  }
}
