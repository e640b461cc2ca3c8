import ZooCompiler
import ZooCore

extension FusePatterns {
  /// A convolution that pads by itself what a Pad has widened with zeros, also behind a Transpose; or one whose windows are too
  /// large for that, of what a Pad widens.
  func paddedConvolution(_ node: CompilerNode, _ graph: inout CompilerGraph) -> [CompilerNode]? {
    guard let input = node.input(0), let shape = graph.shape(of: input), shape.count > 2,
      graph.type(of: input) == .float32, let window = ConvolutionWindow(node, graph, axes: shape.count - 2)
    else { return nil }
    return padding(behind: input, window, node, &graph) ?? padding(before: input, shape, window, node, &graph)
  }

  private func padding(
    behind input: ValueID, _ window: ConvolutionWindow, _ node: CompilerNode, _ graph: inout CompilerGraph
  ) -> [CompilerNode]? {
    guard graph.onlyReader(of: input) != nil, window.taps <= Self.mostPaddedTaps else { return nil }
    let turned = graph.making(input, "Transpose")
    guard let widened = turned == nil ? input : turned?.input(0), graph.onlyReader(of: widened) != nil,
      let pad = graph.making(widened, "Pad"), let source = pad.input(0), let shape = graph.shape(of: source),
      var pads = graph.zeros(of: pad, rank: shape.count)
    else { return nil }
    var order = Array(shape.indices)
    if let turned {
      order = turned.ints("perm") ?? order.reversed()
      guard order.sorted() == Array(shape.indices) else { return nil }
      pads = order.map { pads[$0] }
    }
    let sums = zip(pads[2...], window.pads).map { ($0.before + $1.before, $0.after + $1.after) }
    guard pads[..<2].allSatisfy({ $0.before == 0 && $0.after == 0 }), window.suits(sums), node.epilogue.isEmpty else {
      return nil
    }
    var (convolution, nodes) = (window.convolution(node, padded: sums), [CompilerNode]())
    convolution.inputs[0] = source
    if let turned {
      let made = graph.addValue(like: source, shape: order.map { shape[$0] }, name: "turned")
      nodes.append(
        CompilerNode(
          "Transpose", opset: turned.opset, name: turned.name, inputs: [source], outputs: [made],
          attributes: turned.attributes))
      convolution.inputs[0] = made
    }
    return nodes + [convolution]
  }

  /// Blocked kernels have a bit for each tap, which says whether it is inside.
  private static let mostPaddedTaps = 64

  private func padding(
    before input: ValueID, _ shape: [Int], _ window: ConvolutionWindow, _ node: CompilerNode,
    _ graph: inout CompilerGraph
  ) -> [CompilerNode]? {
    guard window.taps > Self.mostPaddedTaps, window.hasPads, window.suits(window.pads), node.int("group") ?? 1 == 1,
      shape[1] >= 16, graph[input].constant == nil
    else { return nil }
    let extents = shape[..<2] + zip(shape[2...], window.pads).map { $0 + $1.before + $1.after }
    let pads = [0, 0] + window.pads.map(\.before) + [0, 0] + window.pads.map(\.after)
    guard let numbers = try? Tensor(pads.map(Int64.init), shape: [pads.count]) else { return nil }
    let made = graph.addValue(like: input, shape: Array(extents), name: "padded")
    let constant = graph.addConstant(StoredTensor(numbers), name: "\(node.name)/pads")
    var convolution = window.convolution(node, padded: window.pads.map { _ in (0, 0) })
    convolution.inputs[0] = made
    return [
      CompilerNode("Pad", opset: 13, name: "\(node.name)/pad", inputs: [input, constant], outputs: [made]), convolution,
    ]
  }
}

/// The windows of a Conv whose padding is numbers.
private struct ConvolutionWindow {
  typealias Pads = (before: Int, after: Int)

  let pads: [Pads]
  /// How far a window reaches along each axis.
  let spans: [Int]
  let taps: Int

  var hasPads: Bool { pads.contains { $0.before > 0 || $0.after > 0 } }

  init?(_ node: CompilerNode, _ graph: CompilerGraph, axes: Int) {
    guard let kernel = graph.shape(of: node.input(1)), kernel.count == axes + 2,
      kernel.allSatisfy({ (1...1 << 24).contains($0) }), let ends = node.pads(axes: axes)
    else { return nil }
    let dilations = node.ints("dilations") ?? Array(repeating: 1, count: axes)
    guard ends.count == 2 * axes, dilations.count == axes, ends.allSatisfy({ (0...1 << 24).contains($0) }),
      dilations.allSatisfy({ (1...1 << 24).contains($0) })
    else { return nil }
    pads = (0..<axes).map { (ends[$0], ends[$0 + axes]) }
    spans = (0..<axes).map { (kernel[$0 + 2] - 1) * dilations[$0] + 1 }
    taps = kernel[2...].reduce(1) { $0.multipliedReportingOverflow(by: $1).overflow ? .max : $0 * $1 }
  }

  /// Whether every window reaches what is inside, as kernels like it.
  func suits(_ pads: [Pads]) -> Bool {
    zip(pads, spans).allSatisfy { pads, span in
      [pads.before, pads.after].allSatisfy { (0..<span).contains($0) && $0 <= 1 << 16 }
    }
  }

  func convolution(_ node: CompilerNode, padded pads: [Pads]) -> CompilerNode {
    var result = node
    result.attributes.removeAll { ["auto_pad", "pads"].contains($0.name) }
    result.attributes.append(Attribute("pads", .ints((pads.map(\.before) + pads.map(\.after)).map(Int64.init))))
    return result
  }
}

extension CompilerNode {
  /// The padding of a Conv; `nil` where it follows from its shapes.
  fileprivate func pads(axes: Int) -> [Int]? {
    let none = Array(repeating: 0, count: 2 * axes)
    switch text("auto_pad") ?? "" {
    case "", "NOTSET": return ints("pads") ?? none
    case "VALID": return none
    default: return nil
    }
  }
}

extension CompilerGraph {
  /// By axis: the zeros that a Pad puts before and behind; `nil` where it does something else.
  fileprivate func zeros(of pad: CompilerNode, rank: Int) -> [(before: Int, after: Int)]? {
    if let mode = pad.text("mode"), mode != "constant" { return nil }
    let isOld = pad.opset < 11
    guard let ends = isOld ? pad.ints("pads") ?? pad.ints("paddings") : integers(pad.input(1)),
      isOld ? pad.float("value") ?? 0 == 0 : pad.input(2) == nil || scalar(pad.input(2)) == 0,
      let named = isOld || pad.input(3) == nil ? Array(0..<rank) : integers(pad.input(3)), ends.count == 2 * named.count
    else { return nil }
    var result = [(before: Int, after: Int)](repeating: (0, 0), count: rank)
    for (index, axis) in named.enumerated() {
      let place = axis < 0 ? axis + rank : axis
      let (before, after) = (ends[index], ends[index + named.count])
      guard result.indices.contains(place), (0...1 << 24).contains(before), (0...1 << 24).contains(after) else {
        return nil
      }
      result[place] = (before, after)
    }
    return result
  }
}
