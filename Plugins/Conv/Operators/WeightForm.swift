import CVectorKernels
import PluginSupport
import ZooPlugin

/// What constant weights are read as: float32, or the numbers of 16 bits that they are made of, which become float32 as
/// they are multiplied, or integers of 8 bits.
enum WeightForm {
  case float32, float16, bfloat16, int8

  /// As small as the weights of a convolution allow without being rounded, where that takes no longer.
  init(_ node: Node, _ geometry: ConvGeometry, _ algorithm: ConvAlgorithm) {
    if geometry.type != .float32 {
      self = .int8
      return
    }
    switch algorithm {
    case .direct, .pointwise, .few, .depthwise, .plain: self = Self(node)
    case .winograd2: self = Self.repeatsTransform(geometry, points: 16) ? Self(node) : .float32
    case .winograd4: self = Self.repeatsTransform(geometry, points: 36) ? Self(node) : .float32
    // Transforms of 5×5 take too long, the others round the weights.
    case .winograd2By5, .bfloat16, .int8, .int8Windows, .reference: self = .float32
    }
  }

  /// Whether each run transforms the weights of Winograd's algorithm, which 16 bits hold only as they were before. Measured:
  /// that takes no longer than fetching what comes of it, where that is too much for caches and input and output are few.
  private static func repeatsTransform(_ geometry: ConvGeometry, points: Int) -> Bool {
    let channels = geometry.inputChannels + geometry.outputChannels
    let values = saturatingProduct([geometry.batch, geometry.groups, channels] + geometry.window.output)
    let transformed = saturatingProduct([points, geometry.groups, geometry.inputChannels, geometry.outputChannels])
    return transformed >= 1 << 20 && transformed / 4 >= values
  }

  /// As small as input 1 allows without being rounded.
  init(_ node: Node) {
    switch node.constant(1)?.narrowType {
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    default: self = .float32
    }
  }

  var code: Int32 {
    switch self {
    case .float32, .int8: ZS_NUMBERS.code
    case .float16: ZS_HALVES.code
    case .bfloat16: ZS_BFLOATS.code
    }
  }

  /// For people, behind how a kernel computes.
  var summary: String {
    switch self {
    case .float32, .int8: ""
    case .float16: " of float16"
    case .bfloat16: " of bfloat16"
    }
  }

  var elementByteCount: Int {
    switch self {
    case .float32: MemoryLayout<Float>.size
    case .float16, .bfloat16: MemoryLayout<UInt16>.size
    case .int8: MemoryLayout<Int8>.size
    }
  }

  /// Calls `body` with elements of a constant in this form.
  func withElements(
    of constant: Constant, from first: Int, count: Int, _ body: (UnsafeRawPointer) throws -> Void
  ) throws {
    switch self {
    case .float32: try constant.withElements(from: first, count: count, as: Float.self) { try body($0) }
    case .int8: try constant.withElements(from: first, count: count, as: Int8.self) { try body($0) }
    case .float16, .bfloat16: try constant.withNarrowElements(from: first, count: count) { try body($0) }
    }
  }
}
