import CONNXSchema
import CProtobufC
import ZooCore

extension MessageDecoder {
  func valueInfos(
    _ list: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__ValueInfoProto>?>?, _ count: Int, _ place: String
  ) throws -> [ValueInfo] {
    try map(list, count, place) { message in
      var info = try ValueInfo(name: text(message.name), type: message.type.map { try type($0.pointee) })
      info.documentation = try text(message.doc_string)
      info.properties = try properties(message.metadata_props, message.n_metadata_props)
      info.unknownFields = unknownFields(message.base)
      return info
    }
  }

  func type(_ message: Onnx__TypeProto) throws -> ValueType {
    var type = ValueType(try form(message))
    type.denotation = try text(message.denotation)
    type.unknownFields = unknownFields(message.base)
    return type
  }

  private func form(_ message: Onnx__TypeProto) throws -> ValueType.Form {
    switch message.value_case {
    case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
      guard let tensor = message.tensor_type?.pointee else { return .missing }
      try refuseUnknownFields(tensor.base)
      return try .tensor(elementType: tensor.elem_type, shape: tensor.shape.map { try shape($0.pointee) })
    case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
      guard let tensor = message.sparse_tensor_type?.pointee else { return .missing }
      try refuseUnknownFields(tensor.base)
      return try .sparseTensor(elementType: tensor.elem_type, shape: tensor.shape.map { try shape($0.pointee) })
    case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
      guard let sequence = message.sequence_type?.pointee else { return .missing }
      try refuseUnknownFields(sequence.base)
      return try .sequence(inner(sequence.elem_type))
    case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
      guard let map = message.map_type?.pointee else { return .missing }
      try refuseUnknownFields(map.base)
      return try .map(keyType: map.key_type, value: inner(map.value_type))
    case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
      guard let optional = message.optional_type?.pointee else { return .missing }
      try refuseUnknownFields(optional.base)
      return try .optional(inner(optional.elem_type))
    case ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE:
      guard let opaque = message.opaque_type?.pointee else { return .missing }
      try refuseUnknownFields(opaque.base)
      return try .opaque(domain: text(opaque.domain), name: text(opaque.name))
    default: return .missing
    }
  }

  private func inner(_ message: UnsafeMutablePointer<Onnx__TypeProto>?) throws -> ValueType {
    try message.map { try type($0.pointee) } ?? ValueType(.missing)
  }

  private func shape(_ message: Onnx__TensorShapeProto) throws -> [ShapeDimension] {
    try refuseUnknownFields(message.base)
    return try map(message.dim, message.n_dim, "dimension") {
      try refuseUnknownFields($0.base)
      var dimension =
        switch $0.value_case {
        case ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE: ShapeDimension(.fixed($0.dim_value))
        case ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM: ShapeDimension(.symbol(try text($0.dim_param)))
        default: ShapeDimension(.unknown)
        }
      dimension.denotation = try text($0.denotation)
      return dimension
    }
  }
}
