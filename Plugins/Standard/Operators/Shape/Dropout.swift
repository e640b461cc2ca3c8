import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Dropout at inference: the input, and a mask that keeps everything.
  static func dropout(_ host: Host) -> any Operator { Dropout() }
}

private struct Dropout: Operator {
  let signature = Signature("Dropout", since: 1)

  func infer(_ node: Node) throws -> [OutputType] {
    let x = try node.input(0)
    try refuseTraining(node.optionalInput(2), ratio: node.optionalInput(1))
    return [OutputType(like: x), OutputType(node.opset < 10 ? x.type : .bool, x.shape)]
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let copy = try PassThrough("Dropout").makeKernel(node, on: executor)
    let mayTrain = node.optionalInput(2).map { !$0.isConstant } ?? false
    guard node.isOutputUsed(1) || mayTrain else { return copy }
    let x = try node.input(0)
    let count = x.count
    guard node.opset >= 10 || x.type == .float32 else { throw unsupported(x.type) }
    return ClosureKernel(layout: x.layout) { call in
      try refuseTraining(call.optionalInput(2), ratio: call.optionalInput(1))
      try copy.run(call)
      guard call.outputCount > 1, let mask = call.output(1).data else { return }
      if call.output(1).type == .bool {
        mask.initializeMemory(as: UInt8.self, repeating: 1, count: count)
      } else {
        mask.initializeMemory(as: Float.self, repeating: 1, count: count)
      }
    }
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    node.isOutputUsed(1) ? nil : try PassThrough("Dropout").layouts(for: node)
  }
}

/// Training with a ratio of 0 drops nothing either.
private func refuseTraining(_ training: TensorView?, ratio: TensorView?) throws {
  guard let training, let flag = training.data, flag.assumingMemoryBound(to: Bool.self).pointee,
    try ratio?.doubles()?.first ?? 0.5 != 0
  else { return }
  throw OperatorError("dropout in training mode is not supported", kind: .unsupported)
}
