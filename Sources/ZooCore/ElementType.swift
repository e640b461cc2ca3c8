/// The type of a tensor's elements, with the numbers of ONNX's `TensorProto.DataType`.
public enum ElementType: Int32, Sendable, Hashable, CaseIterable {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case string = 8
  case bool = 9
  case float16 = 10
  case float64 = 11
  case uint32 = 12
  case uint64 = 13
  case complex64 = 14
  case complex128 = 15
  case bfloat16 = 16
  case float8e4m3fn = 17
  case float8e4m3fnuz = 18
  case float8e5m2 = 19
  case float8e5m2fnuz = 20
  case uint4 = 21
  case int4 = 22
  case float4e2m1 = 23
  case float8e8m0 = 24
  case uint2 = 25
  case int2 = 26
  case float6e2m3 = 27
  case float6e3m2 = 28

  /// Bits that one element takes in memory and in a file; 0 for strings.
  public var bitWidth: Int {
    switch self {
    case .uint2, .int2: 2
    case .uint4, .int4, .float4e2m1: 4
    case .float6e2m3, .float6e3m2: 6
    case .uint8, .int8, .bool, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: 8
    case .uint16, .int16, .float16, .bfloat16: 16
    case .float32, .int32, .uint32: 32
    case .int64, .uint64, .float64, .complex64: 64
    case .complex128: 128
    case .string: 0
    }
  }

  package var isComplex: Bool { self == .complex64 || self == .complex128 }

  /// Numbers that an element stands for.
  package var numbersPerElement: Int { isComplex ? 2 : 1 }

  /// Bytes that `count` elements take; types below one byte are packed. `nil` where the number overflows.
  public func byteCount(of count: Int) -> Int? {
    let (bits, overflow) = count.multipliedReportingOverflow(by: bitWidth)
    guard !overflow, count >= 0, bits <= Int.max - 7 else { return nil }
    return (bits + 7) / 8
  }

  /// The name people know the type by: `float32`, `bfloat16`, …
  public var name: String { Self.names[self] ?? "" }

  /// Asking the compiler's tables for a name takes microseconds.
  private static let names = Dictionary(uniqueKeysWithValues: allCases.map { ($0, String(describing: $0)) })
}
