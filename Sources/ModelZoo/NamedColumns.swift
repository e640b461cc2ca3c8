extension Graph {
  /// The names of the columns of the output `name`, if it is what ONNX's ZipMap makes of a matrix: a sequence of maps, each
  /// from the classes to a row's numbers. Here it stays the matrix, and these are the keys, in its order.
  public func columnNames(of name: String) -> [String]? {
    guard let node = nodes.first(where: { $0.outputs.contains(name) }) else { return nil }
    if node.operatorType == "Identity", node.domain.isEmpty { return node.inputs.first.flatMap(columnNames) }
    guard node.operatorType == "ZipMap", node.domain == "ai.onnx.ml" else { return nil }
    if case .ints(let labels)? = node[attribute: "classlabels_int64s"] { return labels.map(String.init) }
    guard case .strings(let labels)? = node[attribute: "classlabels_strings"] else { return nil }
    return labels.map { String(decoding: $0, as: UTF8.self) }
  }
}
