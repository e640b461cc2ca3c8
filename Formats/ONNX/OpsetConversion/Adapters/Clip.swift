import ZooCore

/// Clip: its bounds were attributes and became inputs.
let clipAdapters: [Adapter] = [
  Adapter(
    "Clip", at: 11,
    up: { node, bench in
      let writer = NodeWriter(node, bench)
      var new = node.without("min", "max")
      for (index, name) in ["min", "max"].enumerated() {
        guard let bound = node.float(name) else { continue }
        while new.inputs.count <= index { new.inputs.append("") }
        new.inputs.append(try writer.scalar(Double(bound), try writer.type(node.input(0)), name))
      }
      return [new]
    },
    down: { node, bench in
      var new = node
      new.inputs = [node.input(0)]
      let bounds = try [1, 2].map { try bench.numbers(node.input($0))?.first }
      if (1...2).allSatisfy({ node.input($0).isEmpty || bounds[$0 - 1] != nil }) {
        for (name, bound) in zip(["min", "max"], bounds) {
          if let bound { new.set(Attribute(name, .float(Float(bound)))) }
        }
        return [new]
      }
      // Bounds that are computed; Min and Max broadcast them.
      var writer = NodeWriter(node, bench)
      let hasMaximum = !node.input(2).isEmpty
      var value = node.input(0)
      if !node.input(1).isEmpty {
        value = writer.node("Max", [value, node.input(1)], to: hasMaximum ? nil : node.output(0))
      }
      if hasMaximum { writer.node("Min", [value, node.input(2)], to: node.output(0)) }
      return writer.nodes
    })
]
