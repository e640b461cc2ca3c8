import ZooCore

/// Attention: windows and lengths came later than the operator.
let attentionAdapters: [Adapter] = [
  Adapter(
    "Attention", at: 25,
    down: { node, _ in
      for name in ["left_window_size", "right_window_size"] where node.int(name) ?? -1 != -1 {
        throw Refusal("\(name) is new in it")
      }
      return [node.without("left_window_size", "right_window_size")]
    }),
  Adapter(
    "Attention", at: 24,
    down: { node, _ in
      guard node.input(6).isEmpty else { throw Refusal("nonpad_kv_seqlen is new in it") }
      var new = node
      new.inputs = Array(node.inputs.prefix(6))
      new.trimInputs()
      return [new]
    }),
]
