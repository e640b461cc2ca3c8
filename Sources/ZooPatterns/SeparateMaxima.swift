import ZooCompiler
import ZooCore

extension FusePatterns {
  /// A MaxPool whose windows overlap much, as one for each axis: the greatest of what is greatest along the axes before.
  func separateMaxima(_ node: CompilerNode, _ graph: inout CompilerGraph) -> [CompilerNode]? {
    guard let input = node.input(0), let result = node.outputs[0], node.outputs.dropFirst().allSatisfy({ $0 == nil }),
      let kernel = node.ints("kernel_shape"), var shape = graph.shape(of: input), let output = graph.shape(of: result),
      shape.count == kernel.count + 2, output.count == shape.count,
      [.float32, .int8, .uint8].contains(graph.type(of: input))
    else { return nil }
    let count = kernel.count
    let strides = node.ints("strides") ?? Array(repeating: 1, count: count)
    let pads = node.ints("pads") ?? Array(repeating: 0, count: 2 * count)
    let dilations = node.ints("dilations")
    guard strides.count == count, pads.count == 2 * count, dilations?.count ?? count == count,
      let axes = Self.separated(kernel, strides)
    else { return nil }
    var (nodes, value): ([CompilerNode], ValueID) = ([], input)
    for axis in axes {
      // The first takes the axes with it along which windows are one element.
      let own = (0..<count).map { $0 == axis || axis == axes[0] && kernel[$0] == 1 }
      func ints(_ name: String, _ numbers: [Int], else rest: Int) -> Attribute {
        Attribute(name, .ints(numbers.indices.map { Int64(own[$0 % count] ? numbers[$0] : rest) }))
      }
      for index in own.indices where own[index] { shape[index + 2] = output[index + 2] }
      var attributes = [ints("kernel_shape", kernel, else: 1), ints("strides", strides, else: 1)]
      if node.ints("pads") != nil { attributes.append(ints("pads", pads, else: 0)) }
      if let dilations { attributes.append(ints("dilations", dilations, else: 1)) }
      attributes += node.attributes.filter { ["auto_pad", "ceil_mode"].contains($0.name) }
      let made = axis == axes.last ? result : graph.addValue(like: result, shape: shape, name: "maxima")
      nodes.append(
        CompilerNode(
          "MaxPool", opset: node.opset, name: node.name, inputs: [value], outputs: [made], attributes: attributes))
      value = made
    }
    return nodes
  }

  /// The axes of windows that take half the comparisons or less if they are gone through one by one; `nil` where they take more.
  private static func separated(_ kernel: [Int], _ strides: [Int]) -> [Int]? {
    let axes = kernel.indices.filter { kernel[$0] > 1 }
    guard axes.count > 1, (kernel + strides).allSatisfy({ (1...1 << 16).contains($0) }) else { return nil }
    let together = kernel.reduce(1.0) { $0 * Double($1) }
    var (apart, scale) = (0.0, 1.0)
    for axis in axes.reversed() {
      apart += scale * Double(kernel[axis])
      scale *= Double(strides[axis])
    }
    return together >= 2 * apart ? axes : nil
  }
}
