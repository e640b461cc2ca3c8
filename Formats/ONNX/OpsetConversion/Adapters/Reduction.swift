import ZooCore

/// Reductions besides their axes: truth values, and which of several equal elements counts.
let reductionAdapters: [Adapter] = [
  .newAttribute("select_last_index", of: "ArgMax", "ArgMin", at: 12),
  Adapter(
    "ReduceMax", "ReduceMin", at: 20,
    down: { node, bench in
      guard bench.elementType(node.input(0)) == .bool, !node.outputs.isEmpty else { return [node] }
      var writer = NodeWriter(node, bench)
      let number = writer.cast(node.input(0), from: .bool, to: .int32)
      var new = node
      new.inputs[0] = number
      let result = bench.name(writer.name("result"))
      new.outputs[0] = result
      let before = writer.nodes
      var behind = NodeWriter(new, bench)
      // What a reduction of nothing gives is the least of int32, which is false, too.
      behind.node("Greater", [result, try behind.scalar(0, .int32, "zero")], to: node.output(0))
      return before + [new] + behind.nodes
    }),
]
