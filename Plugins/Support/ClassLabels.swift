import CZooPlugin
import ZooPlugin

/// ONNX's domain for classical machine learning.
package let machineLearningDomain = "ai.onnx.ml"

/// The names of classes: numbers or texts. What a classifier gives as its first output.
package enum ClassLabels: Sendable {
  case ints([Int64])
  case strings([[UInt8]])

  package init(_ node: Node, ints: String = "classlabels_ints") throws {
    try self.init(
      ints: node.attributes.ints(ints), strings: node.attributes.strings("classlabels_strings"))
  }

  /// - Throws: `OperatorError` where there are both.
  package init(ints: [Int]?, strings: [String]?) throws {
    let (ints, strings) = (ints ?? [], strings ?? [])
    guard ints.isEmpty || strings.isEmpty else {
      throw OperatorError("classes have names both as numbers and as texts")
    }
    self = strings.isEmpty ? .ints(ints.map(Int64.init)) : .strings(strings.map { Array($0.utf8) })
  }

  package var count: Int {
    switch self {
    case .ints(let labels): labels.count
    case .strings(let labels): labels.count
    }
  }

  package var type: ElementType {
    switch self {
    case .ints: .int64
    case .strings: .string
    }
  }

  /// Writes the labels of `classes` to output 0. A class without a name is its number.
  package func write(_ classes: Scratch<Int>, to call: Call) throws {
    let output = call.output(0)
    switch self {
    case .ints(let labels):
      guard let data = output.data?.assumingMemoryBound(to: Int64.self) else { return }
      for (row, number) in classes.enumerated() {
        data[row] = number < labels.count ? labels[number] : Int64(number)
      }
    case .strings(let labels):
      guard let data = output.data?.assumingMemoryBound(to: zoo_string.self) else { return }
      for (row, number) in classes.enumerated() {
        data[row] = try call.string(number < labels.count ? labels[number] : Array("\(number)".utf8))
      }
    }
  }
}
