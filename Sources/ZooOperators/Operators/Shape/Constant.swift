import ZooCore

extension OperatorDeclaration {
  /// ONNX Constant: the value of whichever attribute it has.
  static let constant = OperatorDeclaration("Constant", facts: { node in [ValueFacts(try node.constantValue())] })
}

extension Inference {
  fileprivate func constantValue() throws -> StoredTensor {
    if let value = try tensor("value") ?? tensor("sparse_value") { return value }
    if let value = try float("value_float") { return StoredTensor(try Tensor([value], shape: [])) }
    if let value = try int("value_int") { return StoredTensor(try Tensor([Int64(value)], shape: [])) }
    if let values = try floats("value_floats") { return StoredTensor(try Tensor(values, shape: [values.count])) }
    if let values = try ints("value_ints") {
      return StoredTensor(try Tensor(values.map { Int64($0) }, shape: [values.count]))
    }
    if case .string(let bytes)? = node[attribute: "value_string"] {
      return StoredTensor(try Tensor(strings: [bytes], shape: []))
    }
    if case .strings(let strings)? = node[attribute: "value_strings"] {
      return StoredTensor(try Tensor(strings: strings, shape: [strings.count]))
    }
    throw invalid("the constant has no value")
  }
}
