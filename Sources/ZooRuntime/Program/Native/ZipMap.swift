import ZooCompiler
import ZooCore

/// ai.onnx.ml ZipMap: each row of a matrix as a map from the classes to its numbers.
func zipMap(_ node: CompilerNode) throws -> SequenceOperation {
  let keys: Tensor
  if case .ints(let labels)? = node[attribute: "classlabels_int64s"] {
    keys = try Tensor(labels, shape: [labels.count])
  } else if case .strings(let labels)? = node[attribute: "classlabels_strings"] {
    keys = try Tensor(strings: labels, shape: [labels.count])
  } else {
    throw ZooError(.badData, "classlabels_int64s and classlabels_strings are both missing", at: node.label)
  }
  return SequenceOperation { inputs in
    let matrix = try inputs.tensor(0)
    guard matrix.type == .float32, let width = matrix.shape.last, width == keys.count, matrix.shape.count <= 2 else {
      throw ZooError(.badData, "\(keys.count) labels don't go with an input of shape \(matrix.shape)")
    }
    let rows = try matrix.shape.count == 2 ? matrix : matrix.reshaped([1, width])
    let maps = try (0..<rows.shape[0]).map { row in
      Value.map(keys: keys, values: try piece(rows, axis: 0, row..<row + 1).droppingAxis(0))
    }
    return [.sequence(maps)]
  }
}
