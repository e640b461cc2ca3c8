import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Split along one axis. Blocked tensors that are split along their channels stay blocked.
  static func split(_ host: ZooHost) -> any Operator { Split() }
}

private struct Split: Operator {
  let signature = Signature("Split", since: 1)

  private let plain = ShapedOperator("Split", since: 1) { node in
    let settings = try SplitSettings(node)
    return ShapedOperator.Form(
      shapes: { inputs in
        let x = try inputs[0]
        let axis = try settings.axis(of: x)
        return try settings.parts(inputs).map { part in
          var shape = x.shape
          shape[axis] = part
          return shape
        }
      },
      compute: { inputs, outputs in
        let x = try inputs[0]
        guard let source = x.data else { return }
        let strides = rowMajorStrides(x.shape)
        let (stride, size) = (strides[try settings.axis(of: x)], try x.elementByteCount)
        var place = 0
        for (index, part) in try settings.parts(inputs).enumerated() {
          if outputs.isWritable(index), let target = outputs.data(index) {
            copyStrided(
              source + place * stride * size, to: target, shape: outputs.shape(index), strides: strides,
              elementByteCount: size, executor: outputs.executor)
          }
          place += part
        }
      })
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let (x, settings) = (try node.input(0), try SplitSettings(node))
    guard x.hasChannelsToPick, try settings.axis(of: x) == 1, (try? settings.parts(Inputs(node))) != nil else {
      return nil
    }
    let others = Array(repeating: Layout.plain, count: node.inputCount - 1)
    return LayoutChoice(
      inputs: [.nchw16c] + others, outputs: Array(repeating: .nchw16c, count: node.outputCount))
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    guard x.layout == .nchw16c else { return try plain.makeKernel(node, on: executor) }
    var first = 0
    let parts = try SplitSettings(node).parts(Inputs(node)).map { part in
      defer { first += part }
      return ChannelPicks((first..<first + part).map { (input: 0, number: $0) }, of: [x])
    }
    let isBytes = try x.elementByteCount == 1
    return ClosureKernel(layouts: Array(repeating: .nchw16c, count: node.outputCount)) { call in
      for (output, part) in parts.enumerated() where output < call.outputCount {
        part.run(call, output: output, isBytes: isBytes)
      }
    }
  }
}

/// What a node's attributes and inputs say.
private struct SplitSettings {
  private let axis, count: Int
  /// Lengths of the parts, before opset 13.
  private let fixed: [Int]?
  /// Whether an input has them.
  private let isGiven: Bool

  init(_ node: Node) throws {
    axis = try node.attributes.int("axis") ?? 0
    fixed = node.opset < 13 ? try node.attributes.ints("split") : nil
    count = try node.attributes.int("num_outputs") ?? node.outputCount
    isGiven = node.opset >= 13 || node.opset < 2
  }

  func axis(of x: TensorView) throws -> Int { try normalized(axis: axis, rank: x.rank) }

  func parts(_ inputs: Inputs) throws -> [Int] {
    let x = try inputs[0]
    let extent = x.shape[try axis(of: x)]
    if let sizes = try fixed ?? (isGiven && inputs.optional(1) != nil ? inputs.ints(1) : nil) {
      guard sizes.allSatisfy({ $0 >= 0 && $0 <= extent }), sizes.reduce(0, { $0.saturatingPlus($1) }) == extent
      else {
        throw OperatorError("the parts \(sizes) do not make up the \(extent) along axis \(axis) of \(x.shape)")
      }
      return sizes
    }
    guard count > 0, count <= 1 << 16 else { throw OperatorError("a split into \(count) parts") }
    let size = extent / count + (extent % count == 0 ? 0 : 1)
    return (0..<count).map { max(0, min(size, extent - size.saturatingTimes($0))) }
  }
}
