import ZooCore

/// The types of a node's outputs, as far as its inputs and attributes tell (without shapes).
func inferredForms(_ node: Node, _ schema: OperatorSchema, _ bench: Workbench) -> [ValueType.Form?] {
  func tensor(_ type: ElementType?) -> ValueType.Form? {
    type.map { .tensor(elementType: $0.rawValue, shape: nil) }
  }
  func stated(_ attribute: String) -> ValueType.Form? {
    node.int(attribute).flatMap { $0 == 0 ? nil : .tensor(elementType: Int32(truncatingIfNeeded: $0), shape: nil) }
  }
  let first = bench[node.input(0)]?.form
  switch node.operatorType {
  case "Cast", "BitCast": return [node.text("to").map { tensor(namedTypes[$0]) } ?? stated("to")]
  case "Constant", "ConstantOfShape":
    if case .tensor(let value)? = node[attribute: "value"] { return [tensor(value.tensor.type)] }
    if node.operatorType == "ConstantOfShape" { return [tensor(.float32)] }
    for (name, type) in [
      ("value_float", ElementType.float32), ("value_floats", .float32), ("value_int", .int64), ("value_ints", .int64),
      ("value_string", .string), ("value_strings", .string),
    ] where node[attribute: name] != nil { return [tensor(type)] }
    return [nil]
  case "EyeLike", "RandomNormalLike", "RandomUniformLike", "Bernoulli": return [stated("dtype") ?? first]
  case "RandomNormal", "RandomUniform": return [stated("dtype") ?? tensor(.float32)]
  case "Multinomial": return [stated("dtype") ?? tensor(.int32)]
  case "BlackmanWindow", "HammingWindow", "HannWindow", "MelWeightMatrix":
    return [stated("output_datatype") ?? tensor(.float32)]
  case "QuantizeLinear":
    return [bench[node.input(2)]?.form ?? stated("output_dtype") ?? tensor(.uint8)]
  case "DequantizeLinear":
    return [stated("output_dtype") ?? (schema.version < 19 ? tensor(.float32) : bench[node.input(1)]?.form)]
  case "LayerNormalization":
    let stash = stated("stash_type") ?? tensor(.float32)
    return [first, stash, stash]
  case "SequenceAt":
    if case .sequence(let element)? = first { return [element.form] }
    return [nil]
  case "ConcatFromSequence":
    if case .sequence(let element)? = first { return [element.form] }
    return [nil]
  case "SequenceConstruct", "SplitToSequence": return [first.map { .sequence(ValueType($0)) }]
  case "SequenceInsert", "SequenceErase", "SequenceMap": return [node.operatorType == "SequenceMap" ? nil : first]
  case "SequenceEmpty":
    return [(stated("dtype") ?? tensor(.float32)).map { .sequence(ValueType($0)) }]
  case "Optional": return [first.map { .optional(ValueType($0)) }]
  case "OptionalGetElement":
    if case .optional(let element)? = first { return [element.form] }
    return [first]
  case "If", "Loop", "Scan": return []
  default: break
  }
  var bound: [String: ValueType.Form] = [:]
  for (index, name) in node.inputs.enumerated() {
    guard let form = bench[name]?.form, let parameter = OperatorSchema.parameter(index, of: schema.inputs),
      !parameter.variable.isEmpty, parameter.kind != .repeatedOfAnyTypes, bound[parameter.variable] == nil
    else { continue }
    bound[parameter.variable] = form
  }
  return node.outputs.indices.map { index in
    guard let parameter = OperatorSchema.parameter(index, of: schema.outputs) else { return nil }
    return bound[parameter.variable] ?? parameter.types.only
  }
}

/// The names that Cast gave types in its first version.
let namedTypes = Dictionary(
  uniqueKeysWithValues: [
    ("FLOAT", ElementType.float32), ("UINT8", .uint8), ("INT8", .int8), ("UINT16", .uint16), ("INT16", .int16),
    ("INT32", .int32), ("INT64", .int64), ("STRING", .string), ("BOOL", .bool), ("FLOAT16", .float16),
    ("DOUBLE", .float64), ("UINT32", .uint32), ("UINT64", .uint64),
  ])
