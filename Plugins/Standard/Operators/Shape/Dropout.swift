import ZooPlugin

extension Catalogue {
  /// ONNX Dropout at inference: the input, and a mask that keeps everything.
  static func dropout(_ host: Host) -> any Operator { Dropout() }
}

private struct Dropout: Operator {
  let signature = Signature("Dropout", since: 1)

  func infer(_ node: Node) throws -> [OutputType] {
    let x = try node.input(0)
    // Training with a ratio of 0 drops nothing either.
    if let training = node.optionalInput(2), let flag = training.data,
      flag.assumingMemoryBound(to: UInt8.self).pointee != 0,
      try node.optionalInput(1)?.doubles()?.first ?? 0.5 != 0
    {
      throw OperatorError("dropout in training mode is not supported", kind: .unsupported)
    }
    return [OutputType(like: x), OutputType(node.opset < 10 ? x.type : .bool, x.shape)]
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let copy = try PassThrough("Dropout").makeKernel(node, on: executor)
    guard node.isOutputUsed(1) else { return copy }
    let x = try node.input(0)
    let count = x.count
    guard node.opset >= 10 || x.type == .float32 else { throw unsupported(x.type) }
    return ClosureKernel { call in
      try copy.run(call)
      guard let mask = call.output(1).data else { return }
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
