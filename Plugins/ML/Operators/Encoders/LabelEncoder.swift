import PluginSupport
import ZooPlugin

/// ai.onnx.ml LabelEncoder: each element replaced by the value that goes with it; the first version translates between
/// texts and their places in a list.
struct LabelEncoder: Operator {
  let signature = Signature("LabelEncoder", domain: machineLearningDomain, since: 1)

  /// Keys and values.
  private func lists(_ node: Node) throws -> (keys: LabelList, values: LabelList) {
    guard node.opset < 2 else {
      return (try LabelList(node.attributes, "keys"), try LabelList(node.attributes, "values"))
    }
    let texts = LabelList.texts((try node.attributes.strings("classes_strings") ?? []).map { Array($0.utf8) })
    let places = LabelList.ints(Array(0..<texts.count), .int64)
    return try node.input(0).type == .string ? (texts, places) : (places, texts)
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let (keys, values) = try lists(node)
    guard keys.count == values.count else {
      throw OperatorError("there are \(keys.count) keys for \(values.count) values")
    }
    return Mapping(
      // Of a key that occurs twice the specification takes the last since version 4; before, ONNX Runtime tells.
      keys: try KeyTable(keys, lastCounts: node.opset != 2 && node.opset != 3, host: node.host), values: values,
      standard: try LabelList(standard: node.attributes, values.type)
    ).kernel()
  }
}
