import ZooCore

/// Pooling: ceil_mode, dilations, indices.
let poolingAdapters: [Adapter] = [
  Adapter(
    "MaxPool", at: 8,
    down: { node, _ in
      guard node.output(1).isEmpty else { throw Refusal("its second output, the indices, is new in it") }
      return [node.without("storage_order").onlyFirstOutput]
    }),
  Adapter("MaxPool", "AveragePool", at: 10, down: withoutCeiling),
  Adapter("AveragePool", at: 19, down: withoutDilations),
  Adapter("LpPool", at: 18, down: withoutCeiling),
  Adapter("MaxPool", "AveragePool", at: 22, down: withoutWindowsInPadding),
]

extension Node {
  var onlyFirstOutput: Node {
    var node = self
    node.outputs = Array(node.outputs.prefix(1))
    return node
  }
}

@Sendable private func withoutDilations(_ node: Node, _ bench: Workbench) throws -> [Node] {
  guard (node.ints("dilations") ?? []).allSatisfy({ $0 == 1 }) else { throw Refusal("dilations are new in it") }
  return [node.without("dilations")]
}

/// ceil_mode does nothing where strides go into the extents without a remainder.
@Sendable private func withoutCeiling(_ node: Node, _ bench: Workbench) throws -> [Node] {
  if node.int("ceil_mode") ?? 0 != 0 {
    let isSame = node.text("auto_pad") ?? "NOTSET" != "NOTSET" && node.text("auto_pad") != "VALID"
    let shapes = [node, node.without("ceil_mode")].map { bench.inferred($0, opset: 22).first?.fixedShape }
    guard isSame || shapes[0] != nil && shapes[0] == shapes[1] else {
      throw Refusal("ceil_mode is new in it")
    }
  }
  return try withoutDilations(node.without("ceil_mode"), bench)
}

/// From 22 on, with ceil_mode, a last window that would begin in the padding is left out, which is what ceil_mode 0 gives.
@Sendable private func withoutWindowsInPadding(_ node: Node, _ bench: Workbench) throws -> [Node] {
  guard node.int("ceil_mode") ?? 0 != 0, node.text("auto_pad") ?? "NOTSET" == "NOTSET",
    let kernel = node.ints("kernel_shape"), kernel.allSatisfy({ (1..<1 << 31).contains($0) })
  else { return [node] }
  let strides = node.ints("strides") ?? kernel.map { _ in 1 }
  let dilations = node.ints("dilations") ?? kernel.map { _ in 1 }
  let pads = node.ints("pads") ?? (kernel + kernel).map { _ in 0 }
  guard strides.count == kernel.count, dilations.count == kernel.count, pads.count == 2 * kernel.count,
    (strides + dilations).allSatisfy({ (1..<1 << 31).contains($0) }), pads.allSatisfy({ (0..<1 << 31).contains($0) })
  else { throw Refusal("its attributes don't fit each other") }
  let extents = bench.shape(node.input(0)).map { Array($0.dropFirst(2)) }
  // For each axis: whether a window is left out, and whether one that reaches over the end stays.
  var isLeftOut = false
  var isKept = false
  for index in kernel.indices {
    let reach = dilations[index] * (kernel[index] - 1) + 1
    let right = pads[index + kernel.count]
    if right + strides[index] <= reach {
      isKept = true
      continue
    }
    guard let extent = extents?.dropFirst(index).first ?? nil, extent < 1 << 40 else {
      throw Refusal("ceil_mode says something else before, and the shape is not known")
    }
    let free = extent + pads[index] + right - reach
    guard free >= 0, free % strides[index] != 0 else { continue }
    if (free / strides[index] + 1) * strides[index] >= extent + pads[index] { isLeftOut = true } else { isKept = true }
  }
  guard isLeftOut else { return [node] }
  guard !isKept else { throw Refusal("ceil_mode says something else before") }
  return [node.without("ceil_mode")]
}
