import ZooCore

extension OperatorDeclaration {
  /// ai.onnx.ml LabelEncoder: each element replaced by the value that goes with it; the first version translates between
  /// texts and their places in a list.
  static let labelEncoder = OperatorDeclaration(
    "LabelEncoder", domain: machineLearning, .elementwise,
    types: { node in
      guard node.opset >= 2 else { return [.tensor(try node.elementType(0) == .string ? .int64 : .string)] }
      let (keys, values) = (try node.labels("keys"), try node.labels("values"))
      if let type = try node.facts(0).elementType {
        try node.require(type == keys.type, "the input is \(type.name), but the keys are \(keys.type.name)")
      }
      try node.require(keys.count == values.count, "there are \(keys.count) keys for \(values.count) values")
      return [.tensor(values.type)]
    }
  ) { node in [try node.shape(0)] }
}

extension Inference {
  /// The one list among the attributes `name`_floats, `name`_int64s and so on.
  fileprivate func labels(_ name: String) throws -> (type: ElementType, count: Int) {
    var lists: [(type: ElementType, count: Int)] = []
    if let list = try floats("\(name)_floats"), !list.isEmpty { lists.append((.float32, list.count)) }
    if let list = try ints("\(name)_int64s"), !list.isEmpty { lists.append((.int64, list.count)) }
    if let list = try texts("\(name)_strings"), !list.isEmpty { lists.append((.string, list.count)) }
    if let list = try tensor("\(name)_tensor") {
      try require(list.shape.count == 1, "attribute \(name)_tensor has the shape \(list.shape), not one dimension")
      lists.append((list.type, list.shape[0]))
    }
    guard lists.count == 1 else { throw invalid("there are \(lists.count) lists of \(name) in place of one") }
    return lists[0]
  }
}
