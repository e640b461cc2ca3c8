import ZooCore

/// The first output of a node as a constant, where that is plain: what exporters compute axes and shapes with.
func inferredConstant(_ node: Node, _ bench: Workbench) throws -> StoredTensor? {
  func integers(_ values: [Int], shape: [Int]? = nil) throws -> StoredTensor {
    StoredTensor(try Tensor(values.map(Int64.init), shape: shape ?? [values.count]))
  }
  switch node.operatorType {
  case "Constant":
    if let value = node.constantTensor { return value }
    if let value = node.int("value_int") { return try integers([value], shape: []) }
    if let values = node.ints("value_ints") { return try integers(values) }
    if let value = node.float("value_float") { return StoredTensor(try Tensor([value], shape: [])) }
    if case .floats(let values)? = node[attribute: "value_floats"] {
      return StoredTensor(try Tensor(values, shape: [values.count]))
    }
    return nil
  case "Identity": return bench[node.input(0)]?.constant
  case "Cast":
    guard let tensor = bench[node.input(0)]?.constant, let to = node.int("to") else { return nil }
    if to == Int(tensor.type.rawValue) { return tensor }
    guard to == Int(ElementType.int64.rawValue), let values = try bench.integers(node.input(0)) else { return nil }
    return try integers(values, shape: tensor.shape)
  case "Shape":
    guard let shape = bench.shape(node.input(0)) else { return nil }
    let part = shape[shapeRange(node, rank: shape.count)]
    let known = part.compactMap(\.self)
    return known.count == part.count ? try integers(known) : nil
  case "Gather":
    guard let data = bench[node.input(0)]?.constant, data.type == .int64, data.shape.count == 1,
      let values = try bench.integers(node.input(0)), let indices = try bench.integers(node.input(1)),
      let shape = bench[node.input(1)]?.constant?.shape
    else { return nil }
    let places = indices.map { $0 < 0 ? $0 + values.count : $0 }
    guard places.allSatisfy(values.indices.contains) else { return nil }
    return try integers(places.map { values[$0] }, shape: shape)
  case "Unsqueeze", "Squeeze":
    guard let tensor = bench[node.input(0)]?.constant, tensor.type == .int64, tensor.shape.reduce(1, *) == 1,
      let shape = try inferredShapes(node, bench).first ?? nil, let values = try bench.integers(node.input(0))
    else { return nil }
    return try integers(values, shape: shape.compactMap(\.self))
  case "Concat":
    let parts = try node.inputs.map { name in
      bench[name]?.constant?.type == .int64 && bench.rank(name) == 1 ? try bench.integers(name) : nil
    }
    let known = parts.compactMap(\.self)
    guard known.count == parts.count, known.reduce(0, { $0 + $1.count }) <= 64 else { return nil }
    return try integers(known.flatMap(\.self))
  default: return nil
  }
}
