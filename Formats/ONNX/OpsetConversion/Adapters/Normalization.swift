import ZooCore

/// BatchNormalization: statistics for each position, training.
let normalizationAdapters: [Adapter] = [
  Adapter(
    "BatchNormalization", at: 9,
    up: { node, bench in
      guard node.int("spatial") ?? 1 == 0 else { return [node.without("spatial")] }
      guard node.outputs.dropFirst().allSatisfy(\.isEmpty) else { throw Refusal("it trains") }
      // Each position has statistics of its own; they broadcast over the batch.
      var writer = NodeWriter(node, bench)
      let type = try writer.type(node.input(0))
      let difference = writer.node("Sub", [node.input(0), node.input(3)])
      let epsilon = try writer.scalar(Double(node.float("epsilon") ?? 1e-5), type, "epsilon")
      let deviation = writer.node("Sqrt", [writer.node("Add", [node.input(4), epsilon])])
      let scaled = writer.node("Mul", [writer.node("Div", [difference, deviation]), node.input(1)])
      writer.node("Add", [scaled, node.input(2)], to: node.output(0))
      return writer.nodes
    }),
  Adapter(
    "BatchNormalization", at: 14,
    up: { node, _ in
      guard node.outputs.dropFirst().allSatisfy(\.isEmpty) else {
        throw Refusal("it trains, which gives other outputs from then on")
      }
      return [node.onlyFirstOutput]
    },
    down: { node, _ in
      guard node.int("training_mode") ?? 0 == 0 else { throw Refusal("it trains, which gives other outputs before") }
      return [node.without("training_mode")]
    }),
]
