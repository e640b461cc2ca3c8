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
}
