import ZooCore
import ZooOperators

/// What operator sets before 7 said in another way. Models are only read with them.
let oldFormAdapters: [Adapter] = [
  Adapter(
    "Abs", "Add", "BatchNormalization", "Ceil", "Clip", "Div", "Dropout", "Elu", "Exp", "Floor", "HardSigmoid",
    "InstanceNormalization", "LeakyRelu", "Log", "Max", "Mean", "Min", "Mul", "Neg", "PRelu", "Reciprocal", "Relu",
    "Sigmoid", "Sqrt", "Sub", "Sum", "Tanh", at: 6, up: { node, _ in [node.without("consumed_inputs")] }),
  Adapter(
    "Selu", at: 6,
    up: { node, _ in
      // The first version has rounded defaults.
      [
        node.without("consumed_inputs").setting(Attribute("alpha", .float(node.float("alpha") ?? 1.6732)))
          .setting(Attribute("gamma", .float(node.float("gamma") ?? 1.0507)))
      ]
    }),
  Adapter(
    "Cast", at: 6,
    up: { node, _ in
      guard let name = node.text("to"), let type = castTypes[name] else {
        throw Refusal("the type \(node.text("to") ?? "") is not known")
      }
      return [node.setting(.number("to", Int(type.rawValue)))]
    }),
  Adapter(
    "Concat", at: 4, up: { node, _ in [node.setting(.number("axis", node.int("axis") ?? 1))] }),
  Adapter(
    "Reshape", at: 5,
    up: { node, bench in
      guard let shape = node.ints("shape") else { throw Refusal("it has no shape") }
      var new = node.without("shape", "consumed_inputs")
      new.inputs = [node.input(0), try NodeWriter(node, bench).integers(shape, "shape")]
      return [new]
    }),
  Adapter(
    "Pad", at: 2,
    up: { node, _ in
      guard let pads = node.ints("paddings") else { throw Refusal("it has no paddings") }
      return [node.without("paddings").setting(.list("pads", pads))]
    }),
  Adapter(
    "Split", at: 2,
    up: { node, bench in
      var new = node
      if !node.input(1).isEmpty {
        guard let sizes = try bench.integers(node.input(1)) else { throw Refusal("split is no constant") }
        new.set(.list("split", sizes))
        new.inputs = [node.input(0)]
      }
      return [new]
    }),
  Adapter(
    "Tile", at: 6,
    up: { node, bench in
      guard let count = try bench.integers(node.input(1))?.first, let axis = try bench.integers(node.input(2))?.first
      else { throw Refusal("tiles and axis are no constants") }
      let writer = NodeWriter(node, bench)
      var repeats = [Int](repeating: 1, count: try writer.rank(node.input(0)))
      guard repeats.indices.contains(axis) else { throw Refusal("the axis \(axis) is out of range") }
      repeats[axis] = count
      var new = node
      new.inputs = [node.input(0), try writer.integers(repeats, "repeats")]
      return [new]
    }),
  Adapter(
    "GlobalLpPool", "LpPool", at: 2,
    up: { node, _ in
      guard let p = node.float("p") else { return [node] }
      guard let whole = Int(exactly: p) else { throw Refusal("p \(p) is no whole number") }
      return [node.setting(.number("p", whole))]
    }),
  Adapter("RNN", "LSTM", at: 7, up: { node, _ in [node.without("output_sequence")] }),
  Adapter("GRU", at: 7, up: { node, _ in [node.without("output_sequence")] }),
  Adapter(
    "BatchNormalization", "Dropout", at: 7,
    up: { node, _ in
      guard node.int("is_test") ?? 0 != 0 else {
        throw Refusal("is_test is 0: it trains, which is said by other means from then on")
      }
      return [node.without("is_test")]
    }),
  Adapter("Gemm", at: 7, up: { node, _ in [node.without("broadcast")] }),
  Adapter(
    "Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater", "Less", at: 7, up: broadcastingByAxis),
  Adapter(
    "PRelu", at: 7,
    up: { node, bench in
      // One slope a channel was aligned with axis 1.
      guard let slope = bench.shape(node.input(1)) else { throw Refusal("the shape of \(node.input(1)) is not known") }
      guard slope.count == 1, slope[0] != 1 else { return [node] }
      var writer = NodeWriter(node, bench)
      let rank = try writer.rank(node.input(0))
      guard rank > 2 else { return [node] }
      var new = node
      new.inputs[1] = writer.node(
        "Unsqueeze", [node.input(1)], [.list("axes", Array(1..<(rank - 1)))])
      return writer.nodes + [new]
    }),
  Adapter(
    "Upsample", at: 7,
    up: { node, _ in
      guard let height = node.float("height_scale"), let width = node.float("width_scale") else {
        throw Refusal("it has no scales")
      }
      return [node.without("height_scale", "width_scale").setting(Attribute("scales", .floats([1, 1, height, width])))]
    }),
]

/// The second operand's dimensions were aligned with the first one's from `axis` on.
@Sendable private func broadcastingByAxis(_ node: Node, _ bench: Workbench) throws -> [Node] {
  let new = node.without("broadcast", "axis")
  guard node.int("broadcast") ?? 0 != 0, let axis = node.int("axis") else { return [new] }
  var writer = NodeWriter(node, bench)
  let rank = try writer.rank(node.input(0))
  let own = try writer.rank(node.input(1))
  let place = axis < 0 ? axis + rank : axis
  guard (0...rank).contains(place), rank - place >= own else { throw Refusal("the axis \(axis) is out of range") }
  let behind = rank - place - own
  guard behind > 0 else { return [new] }
  var aligned = new
  aligned.inputs[1] = writer.node("Unsqueeze", [node.input(1)], [.list("axes", Array(own..<(own + behind)))])
  return writer.nodes + [aligned]
}
