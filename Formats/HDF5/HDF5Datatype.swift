import ZooCore

/// The datatype message of a tensor's elements (section IV.A.2.d of the specification), as h5py writes it.
struct HDF5Datatype {
  let message: [UInt8]
  /// What the attribute `dtype` says of a type that HDF5 doesn't have.
  private(set) var name: String?

  /// `nil` for a type that can't be written.
  init?(_ type: ElementType) {
    let size = type.bitWidth / 8
    switch type {
    case .uint8, .uint16, .uint32, .uint64: message = Self.integer(size, isSigned: false)
    case .int8, .int16, .int32, .int64: message = Self.integer(size, isSigned: true)
    case .float16: message = Self.float(size, exponent: 5, mantissa: 10)
    case .float32: message = Self.float(size, exponent: 8, mantissa: 23)
    case .float64: message = Self.float(size, exponent: 11, mantissa: 52)
    case .bool:
      let names = Array("FALSE\0\0\0TRUE\0\0\0\0".utf8)
      message = [0x18, 2, 0, 0] + little(1, 4) + Self.integer(1, isSigned: true) + names + [0, 1]
    case .complex64: message = Self.complex(size, Self.float(4, exponent: 8, mantissa: 23))
    case .complex128: message = Self.complex(size, Self.float(8, exponent: 11, mantissa: 52))
    // As Keras writes bfloat16.
    case .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0:
      message = [0x15, 0, 0, 0] + little(size, 4)
      name = type.name
    case .string, .uint4, .int4, .uint2, .int2, .float4e2m1, .float6e2m3, .float6e3m2: return nil
    }
  }

  /// A text of `count` bytes, in UTF-8.
  static func text(_ count: Int) -> [UInt8] { [0x13, 0x11, 0, 0] + little(max(count, 1), 4) }

  /// A reference to a text in a heap, in UTF-8.
  static let textReference: [UInt8] = [0x19, 0x01, 0x01, 0] + little(16, 4) + [0x13, 0x10, 0, 0] + little(1, 4)

  private static func integer(_ size: Int, isSigned: Bool) -> [UInt8] {
    [0x10, isSigned ? 8 : 0, 0, 0] + little(size, 4) + little(0, 2) + little(8 * size, 2)
  }

  private static func float(_ size: Int, exponent: Int, mantissa: Int) -> [UInt8] {
    // The mantissa's leading 1 is implied, and the sign is the highest bit.
    [0x11, 0x20, UInt8(8 * size - 1), 0] + little(size, 4) + little(0, 2) + little(8 * size, 2)
      + [UInt8(mantissa), UInt8(exponent), 0, UInt8(mantissa)] + little(1 << (exponent - 1) - 1, 4)
  }

  private static func complex(_ size: Int, _ part: [UInt8]) -> [UInt8] {
    func member(_ name: String, _ place: Int) -> [UInt8] {
      Array("\(name)\0\0\0\0\0\0\0".utf8) + little(place, 4) + [UInt8](repeating: 0, count: 28) + part
    }
    return [0x16, 2, 0, 0] + little(size, 4) + member("r", 0) + member("i", size / 2)
  }
}
