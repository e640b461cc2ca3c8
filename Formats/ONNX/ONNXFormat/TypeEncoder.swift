import ZooCore

extension ModelEncoder {
  func valueInfo(_ info: ValueInfo, into message: inout MessageEncoder) {
    message.text(1, info.name)
    if let type = info.type { message.message(2) { self.type(type, into: &$0) } }
    message.text(3, info.documentation)
    message.properties(4, info.properties)
    message.unknownFields(info.unknownFields)
  }

  func type(_ type: ValueType, into message: inout MessageEncoder) {
    switch type.form {
    case .tensor(let elementType, let shape):
      message.message(1) { tensor(elementType, shape, into: &$0) }
    case .sequence(let element): message.message(4) { inner(1, element, into: &$0) }
    case .map(let keyType, let value):
      message.message(5) {
        $0.integer(1, Int64(keyType))
        inner(2, value, into: &$0)
      }
    case .opaque(let domain, let name):
      message.message(7) {
        $0.text(1, domain)
        $0.text(2, name)
      }
    case .sparseTensor(let elementType, let shape):
      message.message(8) { tensor(elementType, shape, into: &$0) }
    case .optional(let element): message.message(9) { inner(1, element, into: &$0) }
    case .missing: break
    }
    message.text(6, type.denotation)
    message.unknownFields(type.unknownFields)
  }

  private func inner(_ number: Int32, _ type: ValueType, into message: inout MessageEncoder) {
    if type != ValueType(.missing) { message.message(number) { self.type(type, into: &$0) } }
  }

  private func tensor(_ elementType: Int32, _ shape: [ShapeDimension]?, into message: inout MessageEncoder) {
    message.integer(1, Int64(elementType))
    guard let shape else { return }
    message.message(2) { message in
      for dimension in shape {
        message.message(1) { message in
          switch dimension.extent {
          case .fixed(let extent): message.requiredInteger(1, extent)
          case .symbol(let name): message.requiredText(2, name)
          case .unknown: break
          }
          message.text(3, dimension.denotation)
        }
      }
    }
  }
}
