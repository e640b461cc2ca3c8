import CZooPlugin
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Concat.
  static func concat(_ host: ZooHost) -> any Operator { Concat() }
}

private struct Concat: Operator {
  let signature = Signature("Concat", since: 1)

  private func axis(_ node: Node) throws -> Int {
    let rank = try node.input(0).rank
    guard let axis = try node.attributes.int("axis") ?? (node.opset < 4 ? 1 : nil) else {
      throw OperatorError("attribute axis is missing")
    }
    return try normalized(axis: axis, rank: rank)
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let inputs = try (0..<node.ownInputCount).map { try node.input($0) }
    // Whole blocks follow each other as whole channels do.
    guard try axis(node) == 1, inputs.contains(where: { $0.layout == .nchw16c }),
      inputs.allSatisfy({ $0.type != .string && $0[dimension: 1] % 16 == 0 })
    else { return nil }
    return LayoutChoice(inputs: inputs.map { _ in .nchw16c }, outputs: [.nchw16c])
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let (axis, type) = (try axis(node), try node.input(0).type)
    let size = try type.elementByteCount
    let views = try (0..<node.ownInputCount).map { AxisView(try node.input($0).shape, axis: axis) }
    let whole = views.reduce(0) { $0 + $1.length * $1.inner * size }
    return ClosureKernel(layout: try node.input(0).layout) { call in
      guard whole > 0, let y = call.output(0).data else { return }
      var place = 0
      for (index, view) in views.enumerated() {
        let bytes = view.length * view.inner * size
        defer { place += bytes }
        guard bytes > 0, let x = call.input(index).data else { continue }
        let offset = place
        call.executor.parallelRanges(view.outer, grain: max(1, 65536 / bytes)) { range in
          for row in range { (y + row * whole + offset).copyMemory(from: x + row * bytes, byteCount: bytes) }
        }
      }
      guard type == .string else { return }
      let strings = y.assumingMemoryBound(to: zoo_string.self)
      for index in 0..<call.output(0).count {
        strings[index] = try call.string(strings[index])
      }
    }
  }
}
