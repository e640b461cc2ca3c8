import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Dropout: at inference the input, and a mask that keeps everything; in training what the mask keeps, scaled.
  static func dropout(_ host: ZooHost) -> any Operator { Dropout() }
}

private struct Dropout: Operator {
  let signature = Signature("Dropout", since: 1)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let copy = try PassThrough("Dropout").makeKernel(node, on: executor)
    let training = try Training(node)
    let x = try node.input(0)
    guard training != nil || node.output(1) != nil else { return copy }
    var one: Float = 1
    var whole: UInt64 = 0
    // Masks had the input's type before version 10.
    let mask: ElementType = node.opset < 10 ? x.type : .bool
    guard zs_cast(ElementType.float32.rawValue, mask.rawValue, &one, &whole, 1, 1) == 1 else { throw unsupported(mask) }
    let (size, count) = (try mask.elementByteCount, x.count)
    return ClosureKernel(inPlace: [0], layout: x.layout) { [whole] call in
      if let training, let drawn = try training.ratio(call) { return try training.run(call, ratio: drawn) }
      try copy.run(call)
      guard call.outputCount > 1, let mask = call.output(1).data else { return }
      withUnsafeBytes(of: whole) { whole in
        for index in 0..<count {
          (mask + index * size).copyMemory(from: whole.baseAddress.unsafelyUnwrapped, byteCount: size)
        }
      }
    }
  }

  func layouts(for node: Node) throws -> LayoutChoice? {
    guard node.output(1) == nil, try Training(node) == nil else { return nil }
    return try PassThrough("Dropout").layouts(for: node)
  }
}

/// Dropout of a node that may be in training, which only an input tells (from version 12 on).
private struct Training: Sendable {
  private let seed: Int?

  /// `nil` for a node that keeps everything.
  init?(_ node: Node) throws {
    guard node.opset >= 12, let flag = node.optionalInput(2) else { return nil }
    guard flag.count == 1, node.optionalInput(1)?.count ?? 1 == 1 else {
      throw OperatorError("training_mode has to be one truth value, and ratio one number")
    }
    if flag.isConstant, !Self.isOn(flag) { return nil }
    seed = try node.attributes.int("seed")
  }

  private static func isOn(_ flag: TensorView) -> Bool { flag.pointer(as: UInt8.self).pointee != 0 }

  /// The part that is dropped in a run; `nil` where it is no training, or drops nothing.
  func ratio(_ call: Call) throws -> Double? {
    guard let flag = call.optionalInput(2), flag.data != nil, Self.isOn(flag) else { return nil }
    let ratio = try call.optionalInput(1)?.doubles().first ?? 0.5
    guard ratio >= 0, ratio < 1 else { throw OperatorError("the ratio of dropout is \(ratio), not in [0, 1)") }
    return ratio == 0 ? nil : ratio
  }

  func run(_ call: Call, ratio: Double) throws {
    let values = try call.input(0).doubles()
    let mask = call.outputCount > 1 ? call.output(1).data?.assumingMemoryBound(to: UInt8.self) : nil
    // Seeds of more than 32 bits are folded.
    var numbers = MersenneTwister(
      seed: seed.map { UInt32(truncatingIfNeeded: $0 ^ $0 >> 32) } ?? .random(in: .min ... .max))
    let scale = 1 / (1 - ratio)
    for index in 0..<values.count {
      let isKept = numbers.uniform() >= ratio
      values[index] *= isKept ? scale : 0
      mask?[index] = isKept ? 1 : 0
    }
    try store(values, to: call.output(0).data, as: call.output(0).type)
  }
}
