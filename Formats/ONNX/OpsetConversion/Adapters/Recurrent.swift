import ZooCore

/// RNN, GRU and LSTM: the batch can come first from 14 on.
let recurrentAdapters: [Adapter] = [
  Adapter(
    "RNN", "GRU", "LSTM", at: 14,
    down: { node, bench in
      guard node.int("layout") ?? 0 != 0 else { return [node.without("layout")] }
      var writer = NodeWriter(node, bench)
      var new = node.without("layout")
      // X, initial_h and LSTM's initial_c.
      for index in [0, 5, 6] where !node.input(index).isEmpty {
        new.inputs[index] = writer.node("Transpose", [node.input(index)], [.list("perm", [1, 0, 2])])
      }
      let before = writer.nodes
      var behind = NodeWriter(new, bench)
      for (index, output) in node.outputs.enumerated() where !output.isEmpty {
        new.outputs[index] = bench.name(writer.name("sequence_first"))
        // Y is (length, directions, batch, size), states are (directions, batch, size).
        behind.node(
          "Transpose", [new.outputs[index]], [.list("perm", index == 0 ? [2, 0, 1, 3] : [1, 0, 2])], to: output)
      }
      return before + [new] + behind.nodes
    })
]
