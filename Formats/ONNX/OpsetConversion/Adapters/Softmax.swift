import ZooCore

/// Softmax, LogSoftmax and Hardmax: up to 12 over all dimensions from `axis` on, as if they were one; from 13 on along
/// `axis` alone.
let softmaxAdapters: [Adapter] = [
  Adapter(
    "Softmax", "LogSoftmax", "Hardmax", at: 13,
    up: { node, bench in
      let axis = node.int("axis") ?? 1
      if let rank = bench.rank(node.input(0)), (axis < 0 ? axis + rank : axis) == rank - 1 {
        return [node.setting(.number("axis", axis < 0 ? axis : -1))]
      }
      if axis == -1 { return [node.setting(.number("axis", -1))] }
      var writer = NodeWriter(node, bench)
      let flat = writer.node("Flatten", [node.input(0)], [.number("axis", axis)])
      let result = writer.node(node.operatorType, [flat], [.number("axis", -1)])
      let shape = writer.node("Shape", [node.input(0)])
      writer.node("Reshape", [result, shape], to: node.output(0))
      return writer.nodes
    },
    down: { node, bench in
      let axis = node.int("axis") ?? -1
      guard axis != -1 else { return [node.setting(.number("axis", -1))] }
      var writer = NodeWriter(node, bench)
      let rank = try writer.rank(node.input(0))
      let place = axis < 0 ? axis + rank : axis
      guard (0..<rank).contains(place) else { throw Refusal("the axis \(axis) is out of range") }
      guard place < rank - 1 else { return [node.setting(.number("axis", place))] }
      var order = Array(0..<rank)
      order.swapAt(place, rank - 1)
      let turned = writer.node("Transpose", [node.input(0)], [.list("perm", order)])
      let result = writer.node(node.operatorType, [turned], [.number("axis", rank - 1)])
      writer.node("Transpose", [result], [.list("perm", order)], to: node.output(0))
      return writer.nodes
    })
]
