import PluginSupport
import ZooPlugin

/// ai.onnx.ml OneHotEncoder: ones at the places of categories, along a new last axis. Numbers lose their fractions first.
struct OneHotEncoder: Operator {
  let signature = Signature("OneHotEncoder", domain: machineLearningDomain, since: 1)

  private func categories(_ node: Node) throws -> ClassLabels {
    let labels = try ClassLabels(
      ints: node.attributes.ints("cats_int64s"), strings: node.attributes.strings("cats_strings"))
    guard labels.count > 0 else { throw OperatorError("there are no categories") }
    return labels
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let labels = try categories(node)
    let keys: KeyTable
    switch labels {
    case .ints(let ints): keys = try KeyTable(.ints(ints.map { Int($0) }, .int64), lastCounts: true, host: node.host)
    case .strings(let texts): keys = try KeyTable(.texts(texts), lastCounts: true, host: node.host)
    }
    let allowsOthers = try node.attributes.int("zeros") ?? 1 != 0
    guard (labels.type == .string) == (try node.input(0).type == .string) else { throw unsupported(labels.type) }
    return ClosureKernel { call in
      let output = call.output(0)
      guard output.data != nil else { return }
      let results = output.pointer(as: Float.self)
      results.update(repeating: 0, count: output.count)
      try keys.forEach(call.input(0), wholeNumbers: true) { index, number in
        if let number {
          results[index * labels.count + number] = 1
        } else if !allowsOthers {
          throw OperatorError("element \(index) is none of the categories")
        }
      }
    }
  }
}
