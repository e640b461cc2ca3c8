import ZooCore

/// Constants and tensors made of a shape.
let constantAdapters: [Adapter] = [
  Adapter(
    "Constant", at: 12,
    down: { node, bench in
      guard node[attribute: "value"] == nil, node[attribute: "sparse_value"] == nil else { return [node] }
      let tensor: Tensor
      switch node.attributes.first(where: { $0.name.hasPrefix("value_") })?.value {
      case .float(let value)?: tensor = try Tensor([value], shape: [])
      case .floats(let values)?: tensor = try Tensor(values, shape: [values.count])
      case .int(let value)?: tensor = try Tensor([value], shape: [])
      case .ints(let values)?: tensor = try Tensor(values, shape: [values.count])
      case .string(let value)?: tensor = try Tensor(strings: [value], shape: [])
      case .strings(let values)?: tensor = try Tensor(strings: values, shape: [values.count])
      default: throw Refusal("its value is of a kind that is not known")
      }
      var new = node
      new.attributes = [Attribute("value", .tensor(NamedTensor(name: "", tensor: StoredTensor(tensor))))]
      return [new]
    }),
  Adapter(
    "Constant", at: 11,
    down: { node, _ in
      guard node[attribute: "sparse_value"] == nil else { throw Refusal("sparse values are new in it") }
      return [node]
    }),
  Adapter(
    "Constant", at: 9,
    down: { node, bench in
      // Only floats could be written as nodes; an initializer has any type.
      guard case .tensor(let value)? = node[attribute: "value"],
        ![.float32, .float64, .float16].contains(value.tensor.type)
      else { return [node] }
      var writer = NodeWriter(node, bench)
      writer.node("Identity", [try bench.constant(try value.tensor.load(), writer.name("value"))], to: node.output(0))
      return writer.nodes
    }),
  Adapter(
    "ConstantOfShape", at: 9,
    down: { node, bench in
      var value = StoredTensor(try Tensor([Float(0)], shape: [1]))
      if case .tensor(let given)? = node[attribute: "value"] { value = given.tensor }
      var writer = NodeWriter(node, bench)
      let scalar = try bench.constant(try value.load().reshaped([1]), writer.name("value"))
      writer.node("Expand", [scalar, node.input(0)], to: node.output(0))
      return writer.nodes
    }),
  Adapter(
    "Range", at: 27,
    down: { node, bench in
      let type = bench.elementType(node.input(0))
      guard type != .float16, type != .bfloat16 else { throw Refusal("\(type?.name ?? "") is new in it") }
      return [node.without("stash_type")]
    }),
]
