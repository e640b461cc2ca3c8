extension Graph {
  /// By name: the columns of each value that is what ONNX's ZipMap makes of a matrix: a sequence of maps, each
  /// from the classes to a row's numbers. Here it stays the matrix, and these are the keys, in its order.
  public func columnNames() -> [String: [String]] {
    var columns: [String: [String]] = [:]
    for node in nodes {
      guard let output = node.outputs.first else { continue }
      if node.operatorType == "Identity", node.domain.isEmpty {
        columns[output] = node.inputs.first.flatMap { columns[$0] }
      } else if node.operatorType == "ZipMap", node.domain == "ai.onnx.ml" {
        columns[output] = node.classLabels
      }
    }
    return columns
  }
}

extension Node {
  /// The classes of ONNX's ZipMap.
  fileprivate var classLabels: [String]? {
    if case .ints(let labels)? = self[attribute: "classlabels_int64s"] { return labels.map(String.init) }
    guard case .strings(let labels)? = self[attribute: "classlabels_strings"] else { return nil }
    return labels.map { String(decoding: $0, as: UTF8.self) }
  }
}
