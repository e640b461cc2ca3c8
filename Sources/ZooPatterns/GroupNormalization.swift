import ZooCompiler
import ZooCore

extension FusePatterns {
  /// One GroupNormalization of what exporters write for it before opset 18: channels of (N, C, …) side by side in groups,
  /// an InstanceNormalization of these without a scale, the shape of before, and each channel's scale and shift.
  func groupNormalization(_ sum: CompilerNode, _ graph: inout CompilerGraph) -> CompilerNode? {
    guard let (product, shift) = graph.operands(sum, { graph.making($0, "Mul") }),
      let (back, scale) = graph.operands(product, { graph.making($0, "Reshape") }),
      let normal = graph.making(back.input(0), "InstanceNormalization"), normal.epilogue.isEmpty,
      let groups = graph.making(normal.input(0), "Reshape"), let input = groups.input(0)
    else { return nil }
    guard graph.type(of: input) == .float32, let shape = graph.shape(of: input), shape.count > 2,
      let grouped = graph.shape(of: groups.outputs[0]), grouped.count > 2, grouped[0] == shape[0], grouped[1] > 0,
      shape[1] % grouped[1] == 0, graph.shape(of: back.outputs[0]) == shape, graph.shape(of: sum.outputs[0]) == shape,
      graph.holds(1, normal.input(1)), graph.holds(0, normal.input(2)),
      let scales = graph.vector(scale, of: shape), let shifts = graph.vector(shift, of: shape)
    else { return nil }
    return sum.replaced(
      by: "GroupNormalization", opset: 21, [input, scales, shifts],
      [
        Attribute("num_groups", .int(Int64(grouped[1]))),
        Attribute("epsilon", .float(Float(normal.float("epsilon") ?? 1e-5))),
      ])
  }
}

extension CompilerGraph {
  /// Whether all that `value` holds is `number`.
  fileprivate func holds(_ number: Float, _ value: ValueID?) -> Bool {
    guard let value, let constant = self[value].constant, constant.type == .float32, constant.byteCount <= 1 << 20,
      let numbers: [Float] = try? constant.load().elements()
    else { return false }
    return numbers.allSatisfy { $0 == number }
  }

  /// The constant `value` as a vector, if it has a number for each channel of (N, C, …).
  fileprivate mutating func vector(_ value: ValueID, of shape: [Int]) -> ValueID? {
    guard let constant = self[value].constant, constant.shape.count <= shape.count,
      Array(repeating: 1, count: shape.count - constant.shape.count) + constant.shape
        == shape.indices.map({ $0 == 1 ? shape[1] : 1 }),
      let vector = try? constant.reshaped([shape[1]])
    else { return nil }
    return addConstant(vector, name: "\(self[value].name)/vector")
  }
}
