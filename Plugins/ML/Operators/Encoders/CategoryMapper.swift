import PluginSupport
import ZooPlugin

/// ai.onnx.ml CategoryMapper: texts to their numbers, and numbers to their texts.
struct CategoryMapper: Operator {
  let signature = Signature("CategoryMapper", domain: machineLearningDomain, since: 1)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let numbers = LabelList.ints(try node.attributes.ints("cats_int64s") ?? [], .int64)
    let texts = LabelList.texts((try node.attributes.strings("cats_strings") ?? []).map { Array($0.utf8) })
    guard numbers.count == texts.count else {
      throw OperatorError("there are \(numbers.count) numbers for \(texts.count) texts")
    }
    let (keys, values) = try node.input(0).type == .string ? (texts, numbers) : (numbers, texts)
    return Mapping(
      keys: try KeyTable(keys, lastCounts: true, host: node.host), values: values,
      standard: try LabelList(standard: node.attributes, values.type)
    ).kernel()
  }
}
