import Files
import ZooCore

/// A tensor as a `.npy` file of version 1, about to be written.
struct NewNumPyArray {
  private enum Elements {
    case numbers(StoredTensor)
    /// UTF-32.
    case text([UInt32])
  }

  private let header: [UInt8]
  private let elements: Elements
  /// Of the whole file.
  let byteCount: Int

  /// - Throws: `ZooError` (`unsupported`) for element types that NumPy lacks and strings that it can't hold.
  init(_ tensor: StoredTensor) throws {
    if tensor.type == .string {
      let (text, length) = try NumPyStrings.utf32(tensor.load().strings ?? [])
      header = Self.header("<U\(length)", shape: tensor.shape)
      elements = .text(text)
      byteCount = header.count + 4 * text.count
      return
    }
    guard let name = NumPyHeader.numbers.first(where: { $0.type == tensor.type })?.name else {
      throw ZooError(
        .unsupported, "NumPy has no type for \(tensor.type.name)", advice: "make it float32 first: --dtype fp32")
    }
    header = Self.header((tensor.type.bitWidth == 8 ? "|" : "<") + name, shape: tensor.shape)
    elements = .numbers(tensor)
    byteCount = header.count + tensor.byteCount
  }

  func write(_ append: (UnsafeRawBufferPointer) throws -> Void) throws {
    try header.withUnsafeBytes(append)
    switch elements {
    case .numbers(let tensor): try tensor.readPieces(append)
    case .text(let text): try text.withUnsafeBytes(append)
    }
  }

  /// A header, padded so that the elements begin at a multiple of 64.
  private static func header(_ descriptor: String, shape: [Int]) -> [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(extents)), }"
    text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
    let length = UInt16(text.utf8.count)
    return NumPyHeader.magic + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)] + Array(text.utf8)
  }
}
