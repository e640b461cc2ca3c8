import KernelSupport
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX MatMulInteger: exact products of 8-bit integers, as int32.
  static func matMulInteger(_ host: ZooHost) -> any Operator { MatMulInteger(host: host) }
}

private struct MatMulInteger: Operator {
  let signature = Signature("MatMulInteger", since: 10)
  let host: ZooHost

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    try kernel(node, packed: nil, executor)
  }

  private func kernel(_ node: Node, packed: PackedBytes?, _ executor: Executor) throws -> any Kernel {
    let places = IntegerProduct.Places(a: 0, aZero: 2, b: 1, bZero: 3)
    let product = try IntegerProduct(node, places, packed: packed, host: host, executor: executor)
    return IntegerKernel(
      "integer product", packed: product.packed, input: places.b, workspaceByteCount: try product.workspaceByteCount,
      remake: kernel
    ) { call in
      guard let sums = call.output(0).data?.assumingMemoryBound(to: Int32.self) else { return }
      try product.run(call, workspaceOffset: 0, into: sums)
    }
  }
}
