import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// An operator on two tensors of one type that broadcast. Blocked float32 tensors stay blocked against tensors of the
/// same shape, and against single values or one value for each channel.
struct BinaryOperator: Operator {
  let signature: Signature
  let host: ZooHost
  let function: @Sendable (Node) throws -> zs_binary

  init(
    _ name: String, host: ZooHost, since: Int64 = 1, function: @escaping @Sendable (Node) throws -> zs_binary
  ) {
    signature = Signature(name, since: since)
    self.host = host
    self.function = function
  }

  init(_ name: String, host: ZooHost, since: Int64 = 1, _ code: zs_binary) {
    self.init(name, host: host, since: since) { _ in code }
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let code = try function(node)
    let (a, b) = (try node.input(0), try node.input(1))
    let (type, shape) = (a.type, try broadcastShape(operandShapes(node)))
    let steps = try ElementwiseSteps(node, shape: shape)
    var form = BinaryKernel.Form.rows(Broadcast(try operandShapes(node), to: shape))
    if a.layout == .nchw16c, b.layout == .nchw16c {
      form = .rows(Broadcast([[blockedCount(shape)], [blockedCount(shape)]], to: [blockedCount(shape)]))
    } else if a.layout == .nchw16c || b.layout == .nchw16c {
      let operand = (a.layout == .plain ? a : b).shape
      let padded = [Int](repeating: 1, count: shape.count - operand.count) + operand
      form = .lanes(
        batch: shape[0], channels: shape[1], positions: shape[2...].reduce(1, *),
        batchStep: padded[0] == 1 ? 0 : padded[1],
        channelStep: padded[1] == 1 ? 0 : 1, reversed: a.layout == .plain)
    } else if type != .float32 || !code.isOfFloats {
      guard zs_typed_binary(type.rawValue, code.code, nil, 0, nil, 0, nil, 0) == 1 else {
        throw unsupported(type)
      }
    }
    let layout: Layout = a.layout == .plain && b.layout == .plain ? .plain : .nchw16c
    return BinaryKernel(
      code, form: form, type: type, elementByteCount: try type.elementByteCount, steps: steps,
      count: layout == .plain ? try elementCount(shape) : blockedCount(shape), layout: layout,
      inPlace: steps.givesBytes ? [] : [a, b].enumerated().filter { $0.element.shape == shape }.map(\.offset),
      kernels: host.kernels)
  }

  func accepts(_ step: Step, in node: Node) -> Bool {
    guard let a = node.optionalInput(0), a.type == .float32, let code = try? function(node), code.isOfFloats,
      let shapes = try? operandShapes(node), let shape = try? broadcastShape(shapes)
    else { return false }
    return ElementwiseSteps.accept(step, in: node, shape: shape)
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    let (a, b) = (try node.input(0), try node.input(1))
    guard a.type == .float32, a.layout == .nchw16c || b.layout == .nchw16c else { return nil }
    let code = try function(node)
    let shape = try broadcastShape(try operandShapes(node))
    let isWhole = shape.count > 1 && shape[1] % 16 == 0
    let codes = [ZS_ADD, ZS_SUB, ZS_MUL, ZS_MIN, ZS_MAX].map(\.code)
    let steps = try ElementwiseSteps(node, shape: shape)
    guard codes.contains(code.code) || (isWhole && code.isOfFloats), steps.keepsZero(true) || isWhole,
      !steps.needPlain
    else { return nil }
    var inputs = Array(repeating: Layout.plain, count: node.inputCount)
    steps.choose(.nchw16c, in: &inputs)
    if a.shape == shape, b.shape == shape {
      (inputs[0], inputs[1]) = (.nchw16c, .nchw16c)
      return LayoutChoice(inputs: inputs, outputs: [.nchw16c])
    }
    // The other one has a value for each channel, or one.
    let (isFirst, operand) = a.shape == shape ? (true, b.shape) : (false, a.shape)
    guard (isFirst ? a : b).layout == .nchw16c, (isFirst ? a : b).shape == shape, operand.count <= shape.count else {
      return nil
    }
    let padded = [Int](repeating: 1, count: shape.count - operand.count) + operand
    guard padded[2...].allSatisfy({ $0 == 1 }), operandShapesAreOwn(node) else { return nil }
    inputs[isFirst ? 0 : 1] = .nchw16c
    return LayoutChoice(inputs: inputs, outputs: [.nchw16c])
  }

  private func operandShapesAreOwn(_ node: Node) -> Bool {
    (try? operandShapes(node)[1] == node.input(1).shape) ?? false
  }

  /// Before opset 7 the second operand broadcast only when `broadcast` said so, along `axis`; PRelu had one slope, or one a
  /// channel.
  private func operandShapes(_ node: Node) throws -> [[Int]] {
    let (a, b) = (try node.input(0).shape, try node.input(1).shape)
    guard node.opset < 7, !["Mod", "BitShift"].contains(signature.name) else { return [a, b] }
    if signature.name == "PRelu" {
      return [a, b.count == 1 && b[0] != 1 ? b + [Int](repeating: 1, count: max(a.count - 2, 0)) : b]
    }
    guard try node.attributes.int("broadcast") ?? 0 != 0 else {
      guard a == b else { throw OperatorError("the shapes \(a) and \(b) differ, and broadcast is not set") }
      return [a, b]
    }
    guard b.count <= a.count else { throw OperatorError("the shape \(b) doesn't broadcast to \(a)") }
    return [a, try aligned(b, to: a, axis: node.attributes.int("axis"))]
  }
}

final class BinaryKernel: Kernel {
  enum Form {
    case rows(Broadcast)
    /// A blocked tensor against a plain operand of one value for each channel, or one for all.
    case lanes(batch: Int, channels: Int, positions: Int, batchStep: Int, channelStep: Int, reversed: Bool)
  }

  let code: zs_binary
  let form: Form
  let type: ElementType
  let elementByteCount: Int
  let steps: ElementwiseSteps
  let count: Int
  let inPlaceInputs: [Int]
  let outputLayouts: [Layout]?
  let kernels: VectorKernels

  init(
    _ code: zs_binary, form: Form, type: ElementType, elementByteCount: Int, steps: ElementwiseSteps, count: Int,
    layout: Layout, inPlace: [Int], kernels: VectorKernels
  ) {
    self.code = code
    self.form = form
    self.type = type
    self.elementByteCount = elementByteCount
    self.steps = steps
    self.count = count
    inPlaceInputs = inPlace
    outputLayouts = [layout]
    self.kernels = kernels
  }

  func run(_ call: Call) throws {
    guard count > 0, let a = call.input(0).data, let b = call.input(1).data, let y = call.output(0).data else { return }
    let (code, raw) = (code.code, kernels.raw)
    switch form {
    case .rows(let rows) where type == .float32 && self.code.isOfFloats:
      runRows(rows, a.assumingMemoryBound(to: Float.self), b.assumingMemoryBound(to: Float.self), call)
    case .rows(let rows):
      let size = elementByteCount
      rows.forEach(call.executor, grain: 4096) { place, offsets, count in
        _ = zs_typed_binary(
          type.rawValue, code, a + offsets[0] * size, rows.steps[0], b + offsets[1] * size, rows.steps[1],
          y + place * size, count)
      }
    case .lanes(let batch, let channels, let positions, let batchStep, let channelStep, let reversed):
      let x = (reversed ? b : a).assumingMemoryBound(to: Float.self)
      let operand = (reversed ? a : b).assumingMemoryBound(to: Float.self)
      let blocks = (channels + 15) / 16
      call.executor.parallelRanges(batch * blocks, grain: max(1, 16384 / max(1, positions * 16))) { range in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 16) { lanes in
          for index in range {
            let first = index % blocks * 16
            for lane in 0..<16 {
              lanes[lane] =
                first + lane < channels ? operand[index / blocks * batchStep + (first + lane) * channelStep] : 0
            }
            let place = index * positions * 16
            steps.run(call, raw, place..<place + positions * 16) { piece, y in
              raw.binary_lanes(
                code, x + piece.lowerBound, lanes.baseAddress, reversed ? 1 : 0, y, piece.count / 16)
            }
          }
        }
      }
    }
  }

  private func runRows(
    _ rows: Broadcast, _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>, _ call: Call
  ) {
    let raw = kernels.raw
    let (aStep, bStep) = (rows.steps[0], rows.steps[1])
    let (aRow, bRow) = (rows.rowSteps[0], rows.rowSteps[1])
    rows.forEachBlock(call.executor) { place, offsets, count, length in
      let (a, b) = (a + offsets[0], b + offsets[1])
      steps.run(call, raw, place..<place + count * length) { piece, y in
        let own = piece.lowerBound - place..<piece.upperBound - place
        forEachRows(of: own, length: length) { from, row, column, rows, count in
          raw.binary_rows(
            code.code, a + row * aRow + column * aStep, aRow, aStep, b + row * bRow + column * bStep, bRow, bStep,
            y + (from - own.lowerBound), rows, count)
        }
      }
    }
  }
}
