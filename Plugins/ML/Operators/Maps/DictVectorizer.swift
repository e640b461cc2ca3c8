import CZooPlugin
import PluginSupport
import ZooPlugin

/// ai.onnx.ml DictVectorizer: a map's values in the order of a vocabulary, as a matrix of one row; 0 or an empty text for
/// words that the map does not have.
struct DictVectorizer: Operator {
  let signature = Signature("DictVectorizer", domain: machineLearningDomain, since: 1)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let words: LabelList
    if let texts = try node.attributes.strings("string_vocabulary") {
      words = .texts(texts.map { Array($0.utf8) })
    } else if let numbers = try node.attributes.ints("int64_vocabulary") {
      words = .ints(numbers, .int64)
    } else {
      throw OperatorError("int64_vocabulary and string_vocabulary are both missing")
    }
    let places = try KeyTable(words, lastCounts: true, host: node.host)
    return ClosureKernel { [width = words.count, type = words.type] call in
      try call.withMap { keys, values in
        guard keys.type == type else {
          throw OperatorError("the keys of the map are \(keys.type.name), not \(type.name)")
        }
        let output = try call.allocateOutput(0, shape: [1, width])
        func fill<Element>(_ nothing: Element, _ copy: (Element) throws -> Element = { $0 }) throws {
          let row = output.assumingMemoryBound(to: Element.self)
          row.update(repeating: nothing, count: width)
          let elements = values.elements(as: Element.self)
          try places.forEach(keys) { index, place in if let place { row[place] = try copy(elements[index]) } }
        }
        switch values.type {
        case .float32: try fill(Float(0))
        case .float64: try fill(Double(0))
        case .int64: try fill(Int64(0))
        case .string: try fill(zoo_string()) { try call.string($0) }
        default: throw OperatorError("the values of the map are \(values.type.name)")
        }
      }
    }
  }
}
