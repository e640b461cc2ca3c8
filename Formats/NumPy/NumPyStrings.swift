import ZooCore

/// NumPy's strings, all as long as the longest of their array.
enum NumPyStrings {
  /// The strings of the `.npy` file in `memory`.
  static func read(_ memory: TensorMemory, _ header: NumPyHeader) throws -> Tensor {
    let count = try Tensor.elementCount(of: header.shape)
    let stored = UnsafeRawBufferPointer(
      rebasing: memory.mutableBytes[header.dataOffset...].prefix(count * header.elementSize))
    guard !header.isFortranOrder || header.shape.count < 2 else {
      throw ZooError(.unsupported, "strings in Fortran order can't become a tensor", advice: "save a copy in C order")
    }
    guard count <= stored.count || header.elementSize > 0 else {
      // Strings of no length would let a header of a few bytes claim any number of them.
      throw ZooError(.unsupported, "an array of \(count) strings without a length")
    }
    var strings: [[UInt8]] = []
    strings.reserveCapacity(count)
    for index in 0..<count {
      let element = stored[index * header.elementSize..<(index + 1) * header.elementSize]
      switch header.element {
      case .text(let length): strings.append(try utf8(element, length: length, isBigEndian: header.isBigEndian))
      default: strings.append(element.lastIndex { $0 != 0 }.map { Array(element[element.startIndex...$0]) } ?? [])
      }
    }
    return try Tensor(strings: strings, shape: header.shape)
  }

  private static func utf8(_ element: Slice<UnsafeRawBufferPointer>, length: Int, isBigEndian: Bool) throws -> [UInt8] {
    var scalars = String.UnicodeScalarView()
    let raw = UnsafeRawBufferPointer(rebasing: element)
    let units = (0..<length).map { index in
      let unit = raw.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
      return isBigEndian ? UInt32(bigEndian: unit) : UInt32(littleEndian: unit)
    }
    for unit in units.prefix((units.lastIndex { $0 != 0 } ?? -1) + 1) {
      guard let scalar = Unicode.Scalar(unit) else {
        throw ZooError(.badData, "a string holds \(unit), which is no Unicode character")
      }
      scalars.append(scalar)
    }
    return Array(String(scalars).utf8)
  }

  /// The strings as NumPy's Unicode strings, all as long as the longest.
  static func utf32(_ strings: [[UInt8]]) throws -> ([UInt32], length: Int) {
    let texts = try strings.map { bytes in
      guard let text = String(validating: bytes, as: UTF8.self), bytes.last != 0 else {
        throw ZooError(.unsupported, "NumPy can't hold a string that is not UTF-8 or that ends with a zero")
      }
      return text.unicodeScalars.map { $0.value.littleEndian }
    }
    let length = max(texts.map(\.count).max() ?? 0, 1)
    let (total, overflow) = length.multipliedReportingOverflow(by: 4 * texts.count)
    guard !overflow, total <= 1 << 32 else {
      throw ZooError(
        .unsupported, "NumPy's strings are all as long as the longest; these would take \(length) characters each")
    }
    return (texts.flatMap { $0 + [UInt32](repeating: 0, count: length - $0.count) }, length)
  }
}
