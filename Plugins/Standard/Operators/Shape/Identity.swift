import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Identity.
  static func identity(_ host: ZooHost) -> any Operator { PassThrough("Identity") }
}

/// Gives its input, in whatever layout it comes.
struct PassThrough: Operator {
  let signature: Signature

  init(_ name: String) { signature = Signature(name, since: 1) }

  private var base: any Operator { viewOperator(signature.name) { _ in { try $0[0].shape } } }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    if x.layout == .plain { return try base.makeKernel(node, on: executor) }
    let count = x.storedCount * (try x.elementByteCount)
    return ClosureKernel(inPlace: [0], layout: x.layout) { call in
      guard let source = call.input(0).data, let target = call.output(0).data, source != target else { return }
      target.copyMemory(from: source, byteCount: count)
    }
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let layout = try node.input(0).layout
    return LayoutChoice(inputs: [layout], outputs: [layout])
  }
}
