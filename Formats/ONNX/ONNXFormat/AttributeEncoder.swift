import ZooCore

extension ModelEncoder {
  func attributes(_ number: Int32, _ attributes: [Attribute], into message: inout MessageEncoder) throws {
    for attribute in attributes {
      try message.message(number) { message in
        let kind = kind(of: attribute.value)
        // What has been in another format is dense by now.
        message.text(1, attribute.name == "sparse_value" && kind != 11 ? "value" : attribute.name)
        try value(attribute.value, into: &message)
        message.text(13, attribute.documentation)
        message.integer(20, Int64(kind))
        message.text(21, attribute.referenceName)
        message.unknownFields(attribute.unknownFields)
      }
    }
  }

  /// A single value is written even where it is protobuf's default: readers look for the field.
  private func value(_ value: Attribute.Value, into message: inout MessageEncoder) throws {
    switch value {
    case .float(let value): message.float(2, value)
    case .int(let value): message.requiredInteger(3, value)
    case .string(let value): message.data(4, value)
    case .tensor(let value):
      if let sparse = value.sparse {
        try message.message(22) { try tensor(sparse, isInitializer: false, into: &$0) }
      } else {
        try message.message(5) { try tensor(value, isInitializer: false, into: &$0) }
      }
    case .graph(let value): try message.message(6) { try graph(value, into: &$0) }
    case .floats(let values): for value in values { message.float(7, value) }
    case .ints(let values): for value in values { message.requiredInteger(8, value) }
    case .strings(let values): for value in values { message.data(9, value) }
    case .tensors(let values):
      for value in values {
        if let sparse = value.sparse {
          try message.message(23) { try tensor(sparse, isInitializer: false, into: &$0) }
        } else {
          try message.message(10) { try tensor(value, isInitializer: false, into: &$0) }
        }
      }
    case .graphs(let values): for value in values { try message.message(11) { try graph(value, into: &$0) } }
    case .type(let value): message.message(14) { type(value, into: &$0) }
    case .types(let values): for value in values { message.message(15) { type(value, into: &$0) } }
    case .opaque: break
    }
  }

  /// AttributeProto.AttributeType's number: tensors that were sparse in their file are written so.
  private func kind(of value: Attribute.Value) -> Int32 {
    switch value {
    case .tensor(let tensor) where tensor.sparse != nil: 11
    case .tensors(let tensors) where tensors.contains { $0.sparse != nil }: 12
    default: value.kind
    }
  }

  func tensor(_ sparse: SparseTensor, isInitializer: Bool, into message: inout MessageEncoder) throws {
    try message.message(1) { try tensor(sparse.values, isInitializer: isInitializer, into: &$0) }
    try message.message(2) { try tensor(sparse.places, isInitializer: isInitializer, into: &$0) }
    for extent in sparse.shape { message.requiredInteger(3, Int64(extent)) }
  }

  func tensor(_ named: NamedTensor, isInitializer: Bool, into message: inout MessageEncoder) throws {
    let tensor = named.tensor
    for extent in tensor.shape { message.requiredInteger(1, Int64(extent)) }
    message.requiredInteger(2, Int64(tensor.type.rawValue))
    if tensor.type == .string {
      for string in try tensor.load().strings ?? [] { message.data(6, string) }
    }
    message.text(8, named.name)
    let offset = try placement?.place(tensor, isInitializer: isInitializer)
    // Without elements there is nothing to say.
    if offset == nil, tensor.byteCount > 0 { message.elements(9, tensor) }
    message.text(12, named.documentation)
    if let offset, let placement {
      message.properties(
        13,
        [
          Property(key: "location", value: placement.fileName), Property(key: "offset", value: String(offset)),
          Property(key: "length", value: String(tensor.byteCount)),
        ])
      message.requiredInteger(14, 1)
    }
    message.properties(16, named.properties)
    message.unknownFields(named.unknownFields)
  }
}

extension NamedTensor {
  /// The tensor as its ONNX file has it, if that is sparse.
  var sparse: SparseTensor? { tensor.origin as? SparseTensor }
}
