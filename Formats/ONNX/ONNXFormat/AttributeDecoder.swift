import CONNXSchema
import ZooCore

extension MessageDecoder {
  func attributes(
    _ list: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__AttributeProto>?>?, _ count: Int
  ) throws -> [Attribute] {
    try map(list, count, "attribute") { message in
      let name = try text(message.name)
      return try located("\"\(name)\"") {
        var attribute = Attribute(name, try value(message))
        attribute.documentation = try text(message.doc_string)
        attribute.referenceName = try text(message.ref_attr_name)
        attribute.unknownFields = unknownFields(message.base)
        return attribute
      }
    }
  }

  private func value(_ message: Onnx__AttributeProto) throws -> Attribute.Value {
    let present = presentKinds(message)
    var kind = Int32(truncatingIfNeeded: message.type.rawValue)
    // The first version of the format did not have the field `type`.
    if kind == 0, let only = present.first { kind = only }
    let isReference = message.ref_attr_name.len > 0
    guard present.isEmpty || present == [kind] && !isReference else {
      throw ZooError(.badData, "the attribute's type is \(kind), but it holds values of the types \(present)")
    }
    if isReference { return .opaque(kind: kind) }
    switch kind {
    case 1: return .float(message.f)
    case 2: return .int(message.i)
    case 3: return .string(bytes(message.s))
    case 4:
      guard let inner = message.t else { throw missing("tensor") }
      return .tensor(try tensor(inner.pointee))
    case 5:
      guard let inner = message.g else { throw missing("graph") }
      return .graph(try located("graph") { try graph(inner.pointee) })
    case 6: return .floats(Array(UnsafeBufferPointer(start: message.floats, count: message.n_floats)))
    case 7: return .ints(Array(UnsafeBufferPointer(start: message.ints, count: message.n_ints)))
    case 8:
      // Forests have millions of a few different ones.
      var known: Set<[UInt8]> = []
      return .strings(
        UnsafeBufferPointer(start: message.strings, count: message.n_strings).map {
          known.insert(bytes($0)).memberAfterInsert
        })
    case 9: return .tensors(try map(message.tensors, message.n_tensors, "tensor", tensor))
    case 10: return .graphs(try map(message.graphs, message.n_graphs, "graph", graph))
    case 11:
      guard let inner = message.sparse_tensor else { throw missing("sparse tensor") }
      return .tensor(try sparseTensor(inner.pointee))
    case 12:
      return .tensors(try map(message.sparse_tensors, message.n_sparse_tensors, "sparse tensor", sparseTensor))
    case 13:
      guard let inner = message.tp else { throw missing("type") }
      return .type(try type(inner.pointee))
    case 14: return .types(try map(message.type_protos, message.n_type_protos, "type", type))
    default: return .opaque(kind: kind)
    }
  }

  /// The kinds of value that the message holds, which should be one at most.
  private func presentKinds(_ message: Onnx__AttributeProto) -> [Int32] {
    let present: [(kind: Int32, holds: Bool)] = [
      (1, message.has_f != 0), (2, message.has_i != 0), (3, message.has_s != 0), (4, message.t != nil),
      (5, message.g != nil), (6, message.n_floats > 0), (7, message.n_ints > 0), (8, message.n_strings > 0),
      (9, message.n_tensors > 0), (10, message.n_graphs > 0), (11, message.sparse_tensor != nil),
      (12, message.n_sparse_tensors > 0),
      (13, message.tp != nil), (14, message.n_type_protos > 0),
    ]
    return present.filter(\.holds).map(\.kind)
  }

  private func missing(_ what: String) -> ZooError {
    ZooError(.badData, "the attribute has no \(what), although its type says so")
  }
}
