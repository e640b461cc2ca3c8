import ZooCompiler
import ZooCore

/// ai.onnx.ml DictVectorizer: a map's values in the order of a vocabulary, as a matrix of one row; 0 or an empty text for
/// words that the map does not have.
func dictVectorizer(_ node: CompilerNode) throws -> SequenceOperation {
  if case .strings(let words)? = node[attribute: "string_vocabulary"] {
    let places = Dictionary(zip(words, words.indices)) { $1 }
    return vectorizer(width: words.count) { keys in
      guard keys.type == .string else {
        throw ZooError(.badData, "the keys of the map are \(keys.type.name), not texts")
      }
      return (keys.strings ?? []).map { places[$0] }
    }
  }
  guard case .ints(let numbers)? = node[attribute: "int64_vocabulary"] else {
    throw ZooError(.badData, "int64_vocabulary and string_vocabulary are both missing", at: node.label)
  }
  let byNumber = Dictionary(zip(numbers, numbers.indices)) { $1 }
  return vectorizer(width: numbers.count) { keys in
    guard keys.type == .int64 else { throw ZooError(.badData, "the keys of the map are \(keys.type.name), not int64") }
    return try keys.elements(Int64.self).map { byNumber[$0] }
  }
}

/// - Parameter places: Where the value of each key belongs; nowhere for keys that are not in the vocabulary.
private func vectorizer(
  width: Int, _ places: @escaping @Sendable (Tensor) throws -> [Int?]
) -> SequenceOperation {
  SequenceOperation { inputs in
    guard case .map(let keys, let values) = try inputs.value(0) else {
      throw ZooError(.badData, "input 0 is not a map")
    }
    let places = try places(keys)
    func row<Element: TensorElement>(_: Element.Type, _ nothing: Element) throws -> Tensor {
      var row = [Element](repeating: nothing, count: width)
      for (place, value) in zip(places, try values.elements(Element.self)) { if let place { row[place] = value } }
      return try Tensor(row, shape: [1, width])
    }
    switch values.type {
    case .float32: return [.tensor(try row(Float.self, 0))]
    case .float64: return [.tensor(try row(Double.self, 0))]
    case .int64: return [.tensor(try row(Int64.self, 0))]
    case .string:
      var row = [[UInt8]](repeating: [], count: width)
      for (place, value) in zip(places, values.strings ?? []) { if let place { row[place] = value } }
      return [.tensor(try Tensor(strings: row, shape: [1, width]))]
    default: throw ZooError(.badData, "the values of the map are \(values.type.name)")
    }
  }
}
