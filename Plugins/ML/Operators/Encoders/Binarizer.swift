import PluginSupport
import ZooPlugin

/// ai.onnx.ml Binarizer: 1 where an element is above the threshold, 0 elsewhere.
struct Binarizer: Operator {
  let signature = Signature("Binarizer", domain: machineLearningDomain, since: 1)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let threshold = try node.attributes.float("threshold") ?? 0
    return ClosureKernel(inPlace: [0]) { call in
      let (input, output) = (call.input(0), call.output(0))
      guard output.data != nil else { return }
      func write<Element: Numeric & BitwiseCopyable>(_: Element.Type, _ isAbove: (Element) -> Bool) {
        let (x, y) = (input.pointer(as: Element.self), output.pointer(as: Element.self))
        for index in 0..<input.count { y[index] = isAbove(x[index]) ? 1 : 0 }
      }
      switch input.type {
      case .float32: write(Float.self) { $0 > threshold }
      case .float64: write(Double.self) { $0 > Double(threshold) }
      case .int64: write(Int64.self) { Double($0) > Double(threshold) }
      case .int32: write(Int32.self) { Double($0) > Double(threshold) }
      default: throw unsupported(input.type)
      }
    }
  }
}
