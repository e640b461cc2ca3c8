import ZooCore

/// Normalizations by their definitions.
let normalizationDecompositions: [Adapter] = [
  Adapter("LayerNormalization", at: 17, down: layerNormalization),
  Adapter("RMSNormalization", at: 23, down: rootMeanSquare),
  // Scale and bias for each group up to 20, for each channel from 21 on.
  Adapter("GroupNormalization", at: 21, up: groupsUp, down: channelsDown),
  Adapter("GroupNormalization", at: 18, down: groupsDown),
  Adapter("MeanVarianceNormalization", at: 9, down: meanVariance),
  // The checker of onnx does not know the default from 13 on.
  Adapter(
    "MeanVarianceNormalization", at: 13,
    up: { node, _ in [node.setting(.list("axes", node.ints("axes") ?? [0, 2, 3]))] }),
]

extension NodeWriter {
  /// A mean which keeps its dimensions.
  ///
  /// - Parameter version: Where the node stands: axes are an input from 18 on.
  fileprivate mutating func mean(_ value: String, _ axes: [Int], version: Int64, to output: String? = nil) throws
    -> String
  {
    version < 18
      ? node("ReduceMean", [value], [.list("axes", axes)], to: output)
      : node("ReduceMean", [value, try integers(axes)], to: output)
  }

  /// The axes from the attribute `axis` on.
  fileprivate func normalizedAxes() throws -> [Int] {
    let axis = origin.int("axis") ?? -1
    let end = axis < 0 ? 0 : try rank(origin.input(0))
    guard axis >= -64, axis <= end else { throw Refusal("the axis \(axis) is out of range") }
    return Array(axis..<end)
  }

  /// The type that the attribute `stash_type` names for what is computed.
  fileprivate func stashType() throws -> ElementType {
    guard let type = ElementType(rawValue: Int32(truncatingIfNeeded: origin.int("stash_type") ?? 1)) else {
      throw Refusal("stash_type is not known")
    }
    return type
  }
}

@Sendable private func layerNormalization(_ node: Node, _ bench: Workbench) throws -> [Node] {
  var writer = NodeWriter(node, bench)
  let type = try writer.type(node.input(0))
  let stash = try writer.stashType()
  let axes = try writer.normalizedAxes()
  let x = writer.cast(node.input(0), from: type, to: stash)
  func named(_ index: Int) -> String? { node.output(index).isEmpty ? nil : node.output(index) }
  let mean = try writer.mean(x, axes, version: 16, to: named(1))
  let difference = writer.node("Sub", [x, mean])
  let variance = try writer.mean(writer.node("Mul", [difference, difference]), axes, version: 16)
  let epsilon = try writer.scalar(Double(node.float("epsilon") ?? 1e-5), stash, "epsilon")
  let deviation = writer.node("Sqrt", [writer.node("Add", [variance, epsilon])])
  var normal: String
  if let inverse = named(2) {
    writer.node("Reciprocal", [deviation], to: inverse)
    normal = writer.node("Mul", [difference, inverse])
  } else {
    normal = writer.node("Div", [difference, deviation])
  }
  normal = writer.cast(normal, from: stash, to: type)
  let hasBias = !node.input(2).isEmpty
  let scaled = writer.node("Mul", [normal, node.input(1)], to: hasBias ? nil : node.output(0))
  if hasBias { writer.node("Add", [scaled, node.input(2)], to: node.output(0)) }
  return writer.nodes
}

@Sendable private func rootMeanSquare(_ node: Node, _ bench: Workbench) throws -> [Node] {
  var writer = NodeWriter(node, bench)
  let type = try writer.type(node.input(0))
  let stash = try writer.stashType()
  let axes = try writer.normalizedAxes()
  let x = writer.cast(node.input(0), from: type, to: stash)
  let mean = try writer.mean(writer.node("Mul", [x, x]), axes, version: 22)
  let epsilon = try writer.scalar(Double(node.float("epsilon") ?? 1e-5), stash, "epsilon")
  let root = writer.node("Sqrt", [writer.node("Add", [mean, epsilon])])
  let scaleType = try writer.type(node.input(1))
  let normal = writer.cast(writer.node("Div", [x, root]), from: stash, to: scaleType)
  writer.node("Mul", [normal, node.input(1)], to: node.output(0))
  return writer.nodes
}

@Sendable private func groupsUp(_ node: Node, _ bench: Workbench) throws -> [Node] {
  try groupNormalization(node, bench, version: 21, isForChannels: false)
}

@Sendable private func groupsDown(_ node: Node, _ bench: Workbench) throws -> [Node] {
  try groupNormalization(node, bench, version: 17, isForChannels: false)
}

@Sendable private func channelsDown(_ node: Node, _ bench: Workbench) throws -> [Node] {
  try groupNormalization(node, bench, version: 20, isForChannels: true)
}

/// Group normalization (Wu and He 2018) over a view with all of a group in one dimension.
private func groupNormalization(_ node: Node, _ bench: Workbench, version: Int64, isForChannels: Bool) throws -> [Node]
{
  guard let groups = node.int("num_groups") else { throw Refusal("it has no num_groups") }
  var writer = NodeWriter(node, bench)
  let type = try writer.type(node.input(0))
  let stash = isForChannels ? try writer.stashType() : type
  let shape = writer.node("Shape", [node.input(0)])
  let x = writer.cast(node.input(0), from: type, to: stash)
  let view = writer.node("Reshape", [x, try writer.integers([0, groups, -1], "groups")])
  let difference = writer.node("Sub", [view, try writer.mean(view, [2], version: version)])
  let variance = try writer.mean(writer.node("Mul", [difference, difference]), [2], version: version)
  let epsilon = try writer.scalar(Double(node.float("epsilon") ?? 1e-5), stash, "epsilon")
  let deviation = writer.node("Sqrt", [writer.node("Add", [variance, epsilon])])
  var normal = writer.cast(writer.node("Div", [difference, deviation]), from: stash, to: type)
  if isForChannels {
    normal = writer.node("Reshape", [normal, shape])
    normal = writer.node("Reshape", [normal, try writer.integers([0, 0, -1], "channels")])
  }
  let column = try writer.integers([1, -1, 1], "column")
  let scale = writer.node("Reshape", [node.input(1), column])
  let bias = writer.node("Reshape", [node.input(2), column])
  let scaled = writer.node("Add", [writer.node("Mul", [normal, scale]), bias])
  writer.node("Reshape", [scaled, shape], to: node.output(0))
  return writer.nodes
}

@Sendable private func meanVariance(_ node: Node, _ bench: Workbench) throws -> [Node] {
  var writer = NodeWriter(node, bench)
  let x = node.input(0)
  let type = try writer.type(x)
  let axes = node.ints("axes") ?? [0, 2, 3]
  let mean = try writer.mean(x, axes, version: 8)
  let squares = try writer.mean(writer.node("Mul", [x, x]), axes, version: 8)
  let variance = writer.node("Sub", [squares, writer.node("Mul", [mean, mean])])
  let deviation = writer.node("Sqrt", [variance])
  let divisor = writer.node("Add", [deviation, try writer.scalar(1e-9, type, "epsilon")])
  writer.node("Div", [writer.node("Sub", [x, mean]), divisor], to: node.output(0))
  return writer.nodes
}
