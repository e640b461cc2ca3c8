import ZooCore

/// How a GGUF file stores a tensor's elements, with the numbers of ggml's `ggml_type`.
///
/// Most types pack elements in blocks that share scales. Those whose `isReadable` says so become float32 when they are
/// read; the others are known well enough to be copied from file to file.
package enum GGUFType: UInt32, Sendable, Hashable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8
  case q8_1 = 9
  case q2_k = 10
  case q3_k = 11
  case q4_k = 12
  case q5_k = 13
  case q6_k = 14
  case q8_k = 15
  case iq2_xxs = 16
  case iq2_xs = 17
  case iq3_xxs = 18
  case iq1_s = 19
  case iq4_nl = 20
  case iq3_s = 21
  case iq2_s = 22
  case iq4_xs = 23
  case i8 = 24
  case i16 = 25
  case i32 = 26
  case i64 = 27
  case f64 = 28
  case iq1_m = 29
  case bf16 = 30
  case tq1_0 = 34
  case tq2_0 = 35
  case mxfp4 = 39
  case nvfp4 = 40
  case q1_0 = 41

  /// What people call the type: `Q4_K`, `BF16`, …
  package var name: String { String(describing: self).uppercased() }

  /// The type of the elements where they are stored one by one; `nil` for blocks.
  package var elementType: ElementType? {
    switch self {
    case .f32: .float32
    case .f16: .float16
    case .bf16: .bfloat16
    case .f64: .float64
    case .i8: .int8
    case .i16: .int16
    case .i32: .int32
    case .i64: .int64
    default: nil
    }
  }

  /// The type that stores such elements one by one; `nil` where GGUF has none.
  package init?(_ type: ElementType) {
    guard let found = Self.allCases.first(where: { $0.elementType == type }) else { return nil }
    self = found
  }

  /// Whether the elements can be read, and not only copied.
  package var isReadable: Bool {
    switch self {
    // Q8_1 and Q8_K are made while products are computed, and are in no file.
    case .q8_1, .q8_k, .q1_0: false
    default: true
    }
  }

  /// Whether products by such blocks are computed on them (zs_weight_type_of in CVectorKernels).
  package var hasProducts: Bool {
    switch self {
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_k, .q3_k, .q4_k, .q5_k, .q6_k, .iq4_nl, .iq4_xs, .tq2_0, .mxfp4: true
    default: false
    }
  }

  /// Elements of a block; 1 where they are stored one by one.
  package var blockCount: Int { block.count }
  /// Bytes of a block.
  package var blockBytes: Int { block.bytes }

  private var block: (count: Int, bytes: Int) {
    switch self {
    case .f32, .f16, .bf16, .f64, .i8, .i16, .i32, .i64: (1, (elementType?.bitWidth ?? 0) / 8)
    case .q4_0, .iq4_nl: (32, 18)
    case .q4_1: (32, 20)
    case .q5_0: (32, 22)
    case .q5_1: (32, 24)
    case .q8_0: (32, 34)
    case .q8_1: (32, 40)
    case .mxfp4: (32, 17)
    case .nvfp4: (64, 36)
    case .q1_0: (128, 18)
    case .q2_k: (256, 84)
    case .q3_k, .iq3_s: (256, 110)
    case .q4_k: (256, 144)
    case .q5_k: (256, 176)
    case .q6_k: (256, 210)
    case .q8_k: (256, 292)
    case .iq2_xxs, .tq2_0: (256, 66)
    case .iq2_xs: (256, 74)
    case .iq2_s: (256, 82)
    case .iq3_xxs: (256, 98)
    case .iq1_s: (256, 50)
    case .iq1_m: (256, 56)
    case .iq4_xs: (256, 136)
    case .tq1_0: (256, 54)
    }
  }

  /// The bytes of a tensor of that shape; `nil` where its rows are no whole blocks, or nothing could hold it.
  package func byteCount(of shape: [Int]) -> Int? {
    guard (shape.last ?? 1) % blockCount == 0, let count = try? Tensor.elementCount(of: shape) else { return nil }
    let (bytes, overflow) = (count / blockCount).multipliedReportingOverflow(by: blockBytes)
    return overflow ? nil : bytes
  }
}
