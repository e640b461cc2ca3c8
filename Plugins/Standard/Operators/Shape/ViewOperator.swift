import PluginSupport
import ZooPlugin

/// An operator whose result has its first input's elements in the same order. Where the host lets the output take the
/// input's memory, it does nothing.
func viewOperator(
  _ name: String, since: Int64 = 1,
  shape: @escaping @Sendable (Node) throws -> (@Sendable (Inputs) throws -> [Int])
) -> any Operator {
  ShapedOperator(name, since: since) { node in
    let shape = try shape(node)
    return ShapedOperator.Form(
      shapes: { inputs in
        let (x, result) = (try inputs[0], try shape(inputs))
        guard try elementCount(result) == x.count else {
          throw OperatorError("a tensor of shape \(x.shape) can't take the shape \(result)")
        }
        return [result]
      },
      compute: { inputs, outputs in
        let x = try inputs[0]
        guard let source = x.data, let target = outputs.data(0), source != target else { return }
        target.copyMemory(
          from: source,
          byteCount: x.type.bitWidth < 8 && x.type != .string
            ? (x.count * x.type.bitWidth + 7) / 8 : x.count * (try x.elementByteCount))
      },
      inPlace: [0])
  }
}
