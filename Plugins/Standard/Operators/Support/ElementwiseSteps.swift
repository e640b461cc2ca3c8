import CStandardKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// Elementwise operators behind another one, applied to pieces of float32 that the cache holds. What `FuseEpilogues` folds onto
/// elementwise operators: functions, sums and products with tensors of the same shape or one number, rounding to
/// bytes, and QuantizeLinear as the last.
struct ElementwiseSteps: Sendable {
  private enum Step: Sendable {
    case function(Activation)
    /// With what an input of the node holds; `isLeft` where that is the left operand.
    case operand(zs_binary, input: Int, Reach, isLeft: Bool)
    case ofBytes(ByteStep)
  }

  /// How an operand lies beside the result: as large, one number, or one that repeats.
  private enum Reach: Equatable {
    case whole, one
    case repeated(Repeats)
  }

  /// Rows of the result of that length, some of which are a block: how far blocks, rows and elements are apart in the operand.
  private struct Repeats: Equatable {
    var length, rows, blockStep, rowStep, step: Int
  }

  private static let binaries: [String: zs_binary] = [
    "Add": ZS_ADD, "Sub": ZS_SUB, "Mul": ZS_MUL, "Div": ZS_DIV, "Min": ZS_MIN, "Max": ZS_MAX, "PRelu": ZS_PRELU,
    "Pow": ZS_POW,
  ]
  /// Elements of a piece.
  private static let pieceLength = 2048

  private var steps: [Step] = []
  /// Whether what comes out is bytes.
  private(set) var givesBytes = false
  /// Whether some step reads bytes.
  private var readsBytes = false

  /// - Parameters:
  ///   - shape: of the node's result.
  ///   - first: what the node itself does to numbers.
  /// - Throws: `OperatorError` for a step that `append` refuses.
  init(_ node: Node, shape: [Int], behind first: ByteStep? = nil) throws {
    if let first { take(.ofBytes(first)) }
    for step in node.epilogue where !append(step, in: node, shape: shape) {
      throw OperatorError("the step \(step.operatorType) can't be fused here", kind: .unsupported)
    }
  }

  /// Whether `step` can follow the epilogue of a node whose result, of float32, has that shape.
  static func accept(_ step: ZooPlugin.Step, in node: Node, shape: [Int]) -> Bool {
    guard var steps = try? ElementwiseSteps(node, shape: shape) else { return false }
    return steps.append(step, in: node, shape: shape)
  }

  private mutating func append(_ step: ZooPlugin.Step, in node: Node, shape: [Int]) -> Bool {
    guard !givesBytes, let next = Self.step(step, in: node, shape: shape) else { return false }
    take(next)
    return true
  }

  private mutating func take(_ step: Step) {
    steps.append(step)
    switch step {
    case .ofBytes(.quantized): givesBytes = true
    case .ofBytes(.combined): readsBytes = true
    default: break
    }
  }

  private static func step(_ step: ZooPlugin.Step, in node: Node, shape: [Int]) -> Step? {
    if let activation = Activation(step, in: node) { return .function(activation) }
    let operands = step.operands
    guard operands.count(where: { $0 == nil }) == 1 else { return nil }
    if let code = binaries[step.operatorType] { return binary(code, step, in: node, shape) }
    return ByteStep(step, in: node, shape: shape).map { .ofBytes($0) }
  }

  private static func binary(_ code: zs_binary, _ step: ZooPlugin.Step, in node: Node, _ shape: [Int]) -> Step? {
    let operands = step.operands
    guard operands.count == 2, let input = operands[0] ?? operands[1], let operand = node.optionalInput(input),
      operand.type == .float32, let reach = reach(of: operand.shape, beside: shape)
    else { return nil }
    let isPRelu = code.code == ZS_PRELU.code
    guard !isPRelu || operands[0] == nil else { return nil }
    // Before operator set 7 operands may lie along another axis: where `axis` says so, and PRelu's along the channels.
    if case .repeated = reach, isPRelu || step.attributes.contains("axis") { return nil }
    return .operand(code, input: input, reach, isLeft: operands[1] == nil)
  }

  /// Nothing repeats beside pictures, and nothing with a number for each channel, which stay in blocks without that.
  private static func reach(of operand: [Int], beside shape: [Int]) -> Reach? {
    let count = operand.reduce(1, *)
    if count == 1 { return .one }
    if operand == shape { return .whole }
    guard shape.count < 4, operand.count <= shape.count, !shape.contains(0),
      zip(operand.reversed(), shape.reversed()).allSatisfy({ $0 == 1 || $0 == $1 })
    else { return nil }
    let aligned = [Int](repeating: 1, count: shape.count - operand.count) + operand
    if shape.count == 3, aligned[1] != 1, aligned[0] == 1, aligned[2] == 1 { return nil }
    let rows = Broadcast([shape, operand], to: shape)
    return rows.repeats.map {
      .repeated(
        Repeats(length: rows.rowLength, rows: $0.rows, blockStep: $0.blockStep, rowStep: $0.rowStep, step: $0.step))
    }
  }

  /// Whether the elements that fill blocks up, zeros in all operands, are zeros again.
  func keepsZero(_ startsWithZero: Bool) -> Bool {
    var isZero = startsWithZero
    for step in steps {
      switch step {
      case .function(let function): isZero = isZero && function.keepsZero
      case .operand(let code, _, let reach, let isLeft):
        switch code {
        case ZS_MUL: isZero = isZero || reach == .whole
        case ZS_DIV, ZS_POW: isZero = false
        default: isZero = isZero && (reach == .whole || code.code == ZS_PRELU.code && !isLeft)
        }
      case .ofBytes(.combined(let code, _, _)): isZero = isZero || code.code == ZS_MUL.code
      case .ofBytes: break
      }
    }
    return isZero
  }

  /// Whether operands repeat, as they do beside plain tensors alone.
  var needPlain: Bool {
    steps.contains { step in
      if case .operand(_, _, .repeated, _) = step { true } else { false }
    }
  }

  /// Lets all operands that are as large as the result have `layout`.
  func choose(_ layout: Layout, in inputs: inout [Layout]) {
    for step in steps {
      switch step {
      case .operand(_, let input, .whole, _), .ofBytes(.combined(_, let input, _)): inputs[input] = layout
      default: break
      }
    }
  }

  /// Memory for pieces that do not lie where the result does: numbers that become bytes, and what bytes stand for.
  struct Scratch {
    fileprivate let numbers, ofBytes: UnsafeMutablePointer<Float>
  }

  /// Calls `body` with scratch memory, if the steps need any.
  func withScratch(_ body: (Scratch?) -> Void) {
    guard givesBytes || readsBytes else { return body(nil) }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * Self.pieceLength) { memory in
      body(memory.baseAddress.map { Scratch(numbers: $0, ofBytes: $0 + Self.pieceLength) })
    }
  }

  /// Has `base` write numbers, and does the steps to them, for the elements `range` of the result as they lie in memory.
  func run(
    _ call: Call, _ kernels: zs_kernels, _ range: Range<Int>, _ base: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
  ) {
    withScratch { run(call, kernels, range, $0, base) }
  }

  /// - Parameter scratch: from `withScratch`.
  func run(
    _ call: Call, _ kernels: zs_kernels, _ range: Range<Int>, _ scratch: Scratch?,
    _ base: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
  ) {
    guard let y = call.output(0).data else { return }
    if steps.isEmpty { return base(range, y.assumingMemoryBound(to: Float.self) + range.lowerBound) }
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.pieceLength) {
      let piece = start..<min(start + Self.pieceLength, range.upperBound)
      let own = givesBytes ? scratch?.numbers : nil
      let numbers = own ?? y.assumingMemoryBound(to: Float.self) + start
      base(piece, numbers)
      for step in steps { apply(step, call, kernels, piece, numbers, bytes: y + start, scratch) }
    }
  }

  private func apply(
    _ step: Step, _ call: Call, _ kernels: zs_kernels, _ piece: Range<Int>, _ x: UnsafeMutablePointer<Float>,
    bytes: UnsafeMutableRawPointer, _ scratch: Scratch?
  ) {
    let (start, count) = (piece.lowerBound, piece.count)
    switch step {
    case .function(let function): kernels.unary(function.code, x, x, count, function.a, function.b)
    case .operand(let code, let input, let reach, let isLeft):
      guard let all = call.input(input).data?.assumingMemoryBound(to: Float.self) else { return }
      func apply(
        _ x: UnsafeMutablePointer<Float>, _ other: UnsafePointer<Float>, _ row: Int, _ step: Int, _ rows: Int,
        _ count: Int
      ) {
        if isLeft {
          kernels.binary_rows(code.code, other, row, step, x, count, 1, x, rows, count)
        } else {
          kernels.binary_rows(code.code, x, count, 1, other, row, step, x, rows, count)
        }
      }
      switch reach {
      case .whole: apply(x, all + start, 0, 1, 1, count)
      case .one: apply(x, all, 0, 0, 1, count)
      case .repeated(let repeats):
        forEachRows(of: piece, length: repeats.length, height: repeats.rows) { place, row, column, rows, count in
          let (block, first) = row.quotientAndRemainder(dividingBy: repeats.rows)
          let operand = all + block * repeats.blockStep + first * repeats.rowStep + column * repeats.step
          apply(x + (place - start), operand, repeats.rowStep, repeats.step, rows, count)
        }
      }
    case .ofBytes(.combined(let code, let input, let numbers)):
      guard let all = call.input(input).data, let other = scratch?.ofBytes else { return }
      kernels.dequantize_bytes(all + start, other, count, numbers)
      kernels.binary(code.code, x, 1, other, 1, x, count)
    case .ofBytes(.rounded(let numbers)): kernels.round_to_steps(x, x, count, numbers)
    case .ofBytes(.quantized(let numbers)): kernels.quantize_bytes(x, bytes, count, numbers)
    }
  }
}

/// A kernel that writes numbers into memory of its own choice, and the steps behind it.
final class ElementwiseKernel: Kernel {
  typealias Numbers = @Sendable (Call, Range<Int>, UnsafeMutablePointer<Float>) -> Void

  private let steps: ElementwiseSteps
  private let count: Int
  private let kernels: VectorKernels
  private let numbers: Numbers
  let inPlaceInputs: [Int]
  let outputLayouts: [Layout]?

  /// - Parameter numbers: writes elements of the result, which lie in memory as those of the inputs.
  init(
    _ steps: ElementwiseSteps, count: Int, layout: Layout, inPlace: [Int], kernels: VectorKernels,
    numbers: @escaping Numbers
  ) {
    (self.steps, self.count, self.kernels, self.numbers) = (steps, count, kernels, numbers)
    inPlaceInputs = steps.givesBytes ? [] : inPlace
    outputLayouts = [layout]
  }

  func run(_ call: Call) {
    let raw = kernels.raw
    call.executor.parallelRanges(count, grain: 16384) { range in
      steps.run(call, raw, range) { piece, target in numbers(call, piece, target) }
    }
  }
}
