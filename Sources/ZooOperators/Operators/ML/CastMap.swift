import ZooCore

extension OperatorDeclaration {
  /// ai.onnx.ml CastMap: the values of a map by their keys, as a matrix of one row.
  static let castMap = OperatorDeclaration(
    "CastMap", domain: machineLearning,
    types: { node in
      let name = try node.text("cast_to") ?? "TO_FLOAT"
      let types: [String: ElementType] = ["TO_FLOAT": .float32, "TO_STRING": .string, "TO_INT64": .int64]
      guard let type = types[name] else { throw node.invalid("cast_to \(name) is unknown") }
      return [.tensor(type)]
    }
  ) { node in
    let form = try node.text("map_form") ?? "DENSE"
    switch form {
    case "DENSE": return [[1, .unknown()]]
    case "SPARSE":
      let count = try node.int("max_map", default: 1)
      try node.require(count > 0, "max_map is \(count)")
      return [[1, Dim(count)]]
    default: throw node.invalid("map_form \(form) is unknown")
    }
  }
}
