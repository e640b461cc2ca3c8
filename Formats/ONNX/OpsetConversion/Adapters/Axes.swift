import ZooCore

/// Squeeze, Unsqueeze and the reductions: axes were an attribute and became an input.
let axesAdapters: [Adapter] = [
  Adapter("Squeeze", "Unsqueeze", at: 13, up: axesToInput, down: { try axesToAttribute($0, $1) }),
  Adapter("ReduceSum", at: 13, up: axesToInput, down: reductionDown),
  Adapter(
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
    "ReduceSumSquare", at: 18, up: axesToInput, down: reductionDown),
]

@Sendable private func axesToInput(_ node: Node, _ bench: Workbench) throws -> [Node] {
  guard let axes = node.ints("axes") else { return [node] }
  var new = node.without("axes")
  // An empty list was no list.
  guard !axes.isEmpty else { return [new] }
  new.inputs = [node.input(0), try NodeWriter(node, bench).integers(axes)]
  return [new]
}

@Sendable private func axesToAttribute(_ node: Node, _ bench: Workbench) throws -> [Node] {
  var new = node.without("noop_with_empty_axes")
  new.inputs = [node.input(0)]
  guard !node.input(1).isEmpty else { return [new] }
  guard let axes = try bench.integers(node.input(1)) else { throw Refusal("its axes are no constant") }
  guard !axes.isEmpty || node.operatorType == "Squeeze" || node.operatorType == "Unsqueeze" else { return [new] }
  guard !axes.isEmpty else { return [node.renamed("Identity").with(inputs: [node.input(0)])] }
  new.set(.list("axes", axes))
  return [new]
}

@Sendable private func reductionDown(_ node: Node, _ bench: Workbench) throws -> [Node] {
  let isNothing = node.input(1).isEmpty ? true : try bench.integers(node.input(1)).map(\.isEmpty)
  guard node.int("noop_with_empty_axes") ?? 0 != 0, isNothing != false else { return try axesToAttribute(node, bench) }
  guard isNothing == true else { throw Refusal("its axes are no constant") }
  // A reduction over no axes: only what is done to each element is left.
  let x = node.input(0)
  var writer = NodeWriter(node, bench)
  switch node.operatorType {
  case "ReduceL1", "ReduceL2": writer.node("Abs", [x], to: node.output(0))
  case "ReduceLogSum": writer.node("Log", [x], to: node.output(0))
  case "ReduceSumSquare": writer.node("Mul", [x, x], to: node.output(0))
  default: writer.node("Identity", [x], to: node.output(0))
  }
  return writer.nodes
}

extension Node {
  func with(inputs: [String]) -> Node {
    var node = self
    node.inputs = inputs
    node.attributes = []
    return node
  }
}
