import ZooCore

extension ElementType {
  /// The type of that name in a header; `nil` for an unknown one.
  init?(safetensors name: String) {
    guard let type = Self.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
    self = type
  }

  /// The type's name in a header; `nil` for one that safetensors doesn't have.
  var safetensorsName: String? {
    switch self {
    case .bool: "BOOL"
    case .uint8: "U8"
    case .int8: "I8"
    case .uint16: "U16"
    case .int16: "I16"
    case .uint32: "U32"
    case .int32: "I32"
    case .uint64: "U64"
    case .int64: "I64"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .float32: "F32"
    case .float64: "F64"
    case .complex64: "C64"
    case .float8e5m2: "F8_E5M2"
    case .float8e4m3fn: "F8_E4M3"
    case .float8e5m2fnuz: "F8_E5M2FNUZ"
    case .float8e4m3fnuz: "F8_E4M3FNUZ"
    case .float8e8m0: "F8_E8M0"
    case .float4e2m1: "F4"
    case .float6e2m3: "F6_E2M3"
    case .float6e3m2: "F6_E3M2"
    case .complex128, .string, .uint4, .int4, .uint2, .int2: nil
    }
  }
}
