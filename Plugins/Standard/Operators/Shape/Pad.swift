import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Pad: constant, reflect, edge and wrap; negative pads crop. Blocked tensors of which only positions are padded stay
  /// blocked, and those that get channels of zeros behind their own: what fills up the last block is zeros, too.
  static func pad(_ host: ZooHost) -> any Operator { Pad() }
}

private struct Pad: Operator {
  let signature = Signature("Pad", since: 1)

  private let plain = ShapedOperator("Pad") { node in
    let settings = try PadSettings(node)
    return ShapedOperator.Form(
      shapes: { inputs in
        let pads = try settings.pads(inputs)
        return [zip(try inputs[0].shape, zip(pads.before, pads.after)).map { $0 + $1.0 + $1.1 }]
      },
      compute: { inputs, outputs in
        guard outputs.isWritable(0), let target = outputs.data(0) else { return }
        let x = try inputs[0]
        let copy = PaddedCopy(
          from: x.shape, to: outputs.shape(0), before: try settings.pads(inputs).before, mode: settings.mode,
          fill: try settings.fill(inputs))
        copy.run(x.data, target, outputs.executor)
      })
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let (x, settings, inputs) = (try node.input(0), try PadSettings(node), Inputs(node))
    guard x.layout == .nchw16c, let pads = try? settings.pads(inputs), settings.keepsZero(inputs), pads.before[0] == 0,
      pads.after[0] == 0, pads.before[1] == 0, pads.after[1] == 0 || pads.after[1] > 0 && settings.mode == .constant
    else { return nil }
    let others = Array(repeating: Layout.plain, count: node.inputCount - 1)
    return LayoutChoice(inputs: [.nchw16c] + others, outputs: [.nchw16c])
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    guard x.layout == .nchw16c else { return try plain.makeKernel(node, on: executor) }
    let settings = try PadSettings(node)
    let (before, after) = try settings.pads(Inputs(node))
    func inBlocks(_ shape: [Int]) -> [Int] { [shape[0], (shape[1] + 15) / 16] + shape[2...] }
    let copy = PaddedCopy(
      from: inBlocks(x.shape), to: inBlocks(x.shape.indices.map { x.shape[$0] + before[$0] + after[$0] }),
      before: before, mode: settings.mode,
      fill: [UInt8](repeating: 0, count: 16 * (try x.elementByteCount)))
    return ClosureKernel(layout: .nchw16c) { call in
      guard let target = call.output(0).data else { return }
      copy.run(call.input(0).data, target, call.executor)
    }
  }
}

/// What a node's attributes and inputs say.
private struct PadSettings {
  let mode: PadMode
  /// Pads and fill are attributes.
  private let isFixed: Bool
  private let attribute: [Int]?
  private let value: Float

  init(_ node: Node) throws {
    let name = try node.attributes.string("mode") ?? "constant"
    guard let mode = PadMode(rawValue: name) else { throw OperatorError("no pad mode \(name)") }
    self.mode = mode
    isFixed = node.opset < 11
    attribute = try node.attributes.ints(node.opset < 2 ? "paddings" : "pads")
    value = try node.attributes.float("value") ?? 0
  }

  /// What is added to each axis at its beginning and at its end.
  func pads(_ inputs: Inputs) throws -> (before: [Int], after: [Int]) {
    let shape = try inputs[0].shape
    let given = try isFixed ? attribute ?? [] : inputs.ints(1)
    let isNamed = !isFixed && inputs.optional(3) != nil
    let axes = try isNamed ? normalized(axes: inputs.ints(3), rank: shape.count) : Array(shape.indices)
    guard given.count == 2 * axes.count else {
      throw OperatorError("\(given.count) pads for \(axes.count) dimensions of the shape \(shape)")
    }
    var (before, after) = (shape.map { _ in 0 }, shape.map { _ in 0 })
    for (index, axis) in axes.enumerated() {
      (before[axis], after[axis]) = (given[index], given[index + axes.count])
      let extent = try shape[axis].adding(before[axis]).adding(after[axis])
      guard extent >= 0, before[axis] >= -shape[axis], after[axis] >= -shape[axis],
        mode == .constant || shape[axis] > 0 || extent == 0
      else {
        throw OperatorError("pads of \(before[axis]) and \(after[axis]) for an extent of \(shape[axis])")
      }
    }
    return (before, after)
  }

  /// The bytes of what is put around the tensor.
  func fill(_ inputs: Inputs) throws -> [UInt8] {
    let x = try inputs[0]
    let size = try x.elementByteCount
    if isFixed, value != 0 {
      guard x.type == .float32 else { throw unsupported(x.type) }
      return withUnsafeBytes(of: value) { [UInt8]($0) }
    }
    if !isFixed, let given = inputs.optional(2), let data = given.data, given.type == x.type {
      return [UInt8](UnsafeRawBufferPointer(start: data, count: size))
    }
    return [UInt8](repeating: 0, count: size)
  }

  /// Whether channels of zeros are known to stay such.
  func keepsZero(_ inputs: Inputs) -> Bool {
    if mode != .constant { return true }
    guard !isFixed, let given = inputs.optional(2), given.count > 0 else { return !isFixed || value == 0 }
    return given.data != nil && (try? fill(inputs).allSatisfy { $0 == 0 }) == true
  }
}

private enum PadMode: String {
  case constant, reflect, edge, wrap

  /// The place in a dimension of `extent` elements that padding shows at `place`; -1 for the fill.
  func source(_ place: Int, extent: Int) -> Int {
    if place >= 0, place < extent { return place }
    switch self {
    case .edge: return place < 0 ? 0 : extent - 1
    case .wrap: return (place % extent + extent) % extent
    case .reflect:
      guard extent > 1 else { return 0 }
      let period = 2 * (extent - 1)
      let wrapped = (place % period + period) % period
      return wrapped < extent ? wrapped : period - wrapped
    case .constant: return -1
    }
  }
}

/// A copy with what is put around it, row by row.
private struct PaddedCopy {
  private let shape: [Int]
  private let strides: [Int]
  /// Of each axis, the source place of each place of the result; -1 where there is none.
  private let places: [[Int]]
  /// What of a row lies in the source as it does here.
  private let middle: Range<Int>
  private let fill: [UInt8]

  /// - Parameter fill: The bytes of one element.
  init(from source: [Int], to shape: [Int], before: [Int], mode: PadMode, fill: [UInt8]) {
    // A number has a row of one.
    let (source, shape, before) = source.isEmpty ? ([1], [1], [0]) : (source, shape, before)
    (self.shape, self.fill, strides) = (shape, fill, rowMajorStrides(source))
    places = shape.indices.map { axis in
      (0..<shape[axis]).map { mode.source($0 - before[axis], extent: source[axis]) }
    }
    let (axis, width) = (shape.count - 1, shape[shape.count - 1])
    let first = min(max(before[axis], 0), width)
    middle = first..<max(first, min(before[axis] + source[axis], width))
  }

  func run(_ source: UnsafeRawPointer?, _ target: UnsafeMutableRawPointer, _ executor: Executor) {
    let (axis, size) = (shape.count - 1, fill.count)
    let (rows, width, sources) = (shape[..<axis].reduce(1, *), shape[axis], places[axis])
    executor.parallelRanges(rows, grain: max(1, 32768 / max(1, width * size))) { range in
      for row in range {
        var (rest, offset) = (row, 0)
        for axis in (0..<axis).reversed() {
          let place = places[axis][rest % shape[axis]]
          rest /= shape[axis]
          offset = place < 0 || offset < 0 ? -1 : offset + place * strides[axis]
        }
        let line = target + row * width * size
        guard offset >= 0, let source else {
          put(line, width)
          continue
        }
        let from = source + offset * size
        for side in [0..<middle.lowerBound, middle.upperBound..<width] where !side.isEmpty {
          guard sources[side.lowerBound] >= 0 else {
            put(line + side.lowerBound * size, side.count)
            continue
          }
          for index in side { (line + index * size).copyMemory(from: from + sources[index] * size, byteCount: size) }
        }
        guard !middle.isEmpty else { continue }
        (line + middle.lowerBound * size).copyMemory(
          from: from + sources[middle.lowerBound] * size, byteCount: middle.count * size)
      }
    }
  }

  /// Fills `count` elements.
  private func put(_ target: UnsafeMutableRawPointer, _ count: Int) {
    if let byte = fill.first, fill.allSatisfy({ $0 == byte }) {
      target.initializeMemory(as: UInt8.self, repeating: byte, count: count * fill.count)
      return
    }
    fill.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      for index in 0..<count { (target + index * bytes.count).copyMemory(from: base, byteCount: bytes.count) }
    }
  }
}
