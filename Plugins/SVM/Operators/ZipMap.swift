import PluginSupport
import ZooPlugin

/// ai.onnx.ml ZipMap, which names the columns of a matrix. Values here are tensors, so the matrix stays one: its columns
/// are in the order of the operator's labels.
struct ZipMap: Operator {
  let signature = Signature("ZipMap", domain: machineLearningDomain, since: 1)

  func infer(_ node: Node) throws -> [OutputType] {
    let x = try node.input(0)
    let labels = try ClassLabels(
      ints: node.attributes.ints("classlabels_int64s"), strings: node.attributes.strings("classlabels_strings"))
    guard x.type == .float32, (1...2).contains(x.rank), x.shape.last == labels.count else {
      throw OperatorError("\(labels.count) labels don't go with an input of shape \(x.shape)")
    }
    return [OutputType(.float32, x.shape)]
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let count = try node.input(0).count * MemoryLayout<Float>.size
    return ClosureKernel(inPlace: [0]) { call in
      guard let source = call.input(0).data, let target = call.output(0).data, source != target else { return }
      target.copyMemory(from: source, byteCount: count)
    }
  }
}
