import ZooCore

/// Cast and CastLike. `saturate` and `round_mode` count only for types of 8 bits, which came with them.
let castAdapters: [Adapter] = [
  Adapter("Cast", "CastLike", at: 19, down: { node, _ in [node.without("saturate")] }),
  Adapter("Cast", "CastLike", at: 24, down: { node, _ in [node.without("round_mode")] }),
  Adapter(
    "CastLike", at: 15,
    down: { node, bench in
      var writer = NodeWriter(node, bench)
      let type = try writer.type(node.input(1))
      writer.node("Cast", [node.input(0)], [.number("to", Int(type.rawValue))], to: node.output(0))
      return writer.nodes
    }),
]
