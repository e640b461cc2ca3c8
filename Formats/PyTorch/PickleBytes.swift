import ZooCore

/// Bytes inside a pickle, in either of the ways that protocols write them.
enum PickleBytes {
  /// The bytes that `value` stands for; `nil` if it stands for none or for more than `limit`.
  static func copy(_ value: PickleValue, of pickle: UnsafeRawBufferPointer, limit: Int) -> [UInt8]? {
    switch value {
    case .bytes(let range): return range.count <= limit ? Array(pickle[range]) : nil
    case .latin1(let text), .text(let text):
      var bytes: [UInt8] = []
      for scalar in text.unicodeScalars {
        guard bytes.count < limit, let byte = UInt8(exactly: scalar.value) else { return nil }
        bytes.append(byte)
      }
      return bytes
    default: return nil
    }
  }

  /// The value of a 16-bit float (IEEE 754 binary16).
  static func half(_ bits: UInt16) -> Double {
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Double(bits & 0x3FF)
    let magnitude =
      switch exponent {
      case 0: Double(sign: .plus, exponent: -24, significand: fraction)
      case 31: fraction == 0 ? Double.infinity : Double.nan
      default: Double(sign: .plus, exponent: exponent - 25, significand: fraction + 1024)
      }
    return bits & 0x8000 == 0 ? magnitude : -magnitude
  }
}
