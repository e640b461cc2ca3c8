/// The type of a tensor's elements, with the numbers of ONNX's `TensorProto.DataType`.
public struct ElementType: RawRepresentable, Sendable, Hashable {
  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }

  public static let float32 = ElementType(rawValue: 1)
  public static let uint8 = ElementType(rawValue: 2)
  public static let int8 = ElementType(rawValue: 3)
  public static let uint16 = ElementType(rawValue: 4)
  public static let int16 = ElementType(rawValue: 5)
  public static let int32 = ElementType(rawValue: 6)
  public static let int64 = ElementType(rawValue: 7)
  public static let string = ElementType(rawValue: 8)
  public static let bool = ElementType(rawValue: 9)
  public static let float16 = ElementType(rawValue: 10)
  public static let float64 = ElementType(rawValue: 11)
  public static let uint32 = ElementType(rawValue: 12)
  public static let uint64 = ElementType(rawValue: 13)
  public static let complex64 = ElementType(rawValue: 14)
  public static let complex128 = ElementType(rawValue: 15)
  public static let bfloat16 = ElementType(rawValue: 16)
  public static let float8e4m3fn = ElementType(rawValue: 17)
  public static let float8e4m3fnuz = ElementType(rawValue: 18)
  public static let float8e5m2 = ElementType(rawValue: 19)
  public static let float8e5m2fnuz = ElementType(rawValue: 20)
  public static let uint4 = ElementType(rawValue: 21)
  public static let int4 = ElementType(rawValue: 22)
  public static let float4e2m1 = ElementType(rawValue: 23)
  public static let float8e8m0 = ElementType(rawValue: 24)
  public static let uint2 = ElementType(rawValue: 25)
  public static let int2 = ElementType(rawValue: 26)
  public static let float6e2m3 = ElementType(rawValue: 27)
  public static let float6e3m2 = ElementType(rawValue: 28)

  /// The numbers that ONNX has given out.
  static let known: ClosedRange<Int32> = 1...28

  /// Bits of one element; 0 for strings and numbers that ONNX has not given out.
  public var bitWidth: Int {
    switch rawValue {
    case 25, 26: 2
    case 21, 22, 23: 4
    case 27, 28: 6
    case 2, 3, 9, 17, 18, 19, 20, 24: 8
    case 4, 5, 10, 16: 16
    case 1, 6, 12: 32
    case 7, 11, 13, 14: 64
    case 15: 128
    default: 0
    }
  }
}
