import Files
import Zip
import ZooCore
import ZooImage

/// NumPy's `.npy` files as tensors.
///
/// ```swift
/// let input = try NumPyFile.read("input.npy")
/// try NumPyFile.write(output, to: "output.npy")
/// ```
///
/// All numeric types of NumPy are read in either byte order and in C or Fortran order, byte strings and Unicode strings
/// become string tensors. bfloat16, which NumPy lacks, is stored as `V2`, as the package ml_dtypes stores it:
/// `numpy.load(path).view(ml_dtypes.bfloat16)` gives its values. Types of 8 bits and less that NumPy lacks can't be
/// written.
public enum NumPyFile {
  /// The array in the file at `path`.
  ///
  /// - Throws: `ZooError`: `notFound` when there is no such file; `badData` for a damaged one; `unsupported` for
  ///   elements that tensors don't have, such as structures, dates and pickled objects.
  public static func read(_ path: String) throws -> Tensor {
    let file = try MappedFile(path)
    do {
      // A copy, so that nothing that happens to the file later matters.
      return try tensor(in: file.memory(in: 0..<file.bytes.count), copying: true)
    } catch let error as ZooError {
      throw error.located(path)
    }
  }

  /// The arrays in the `.npz` archive at `path`, by their names without `.npy`.
  ///
  /// - Throws: `ZooError`, as `read` does, and `badData` for a damaged archive.
  public static func readArchive(_ path: String) throws -> [String: Tensor] {
    do {
      let archive = try ZipArchive(MappedFile(path))
      var tensors: [String: Tensor] = [:]
      for (name, entry) in archive.entries where name.hasSuffix(".npy") {
        do {
          tensors[String(name.dropLast(4))] = try tensor(in: archive.contents(entry, checksum: true), copying: true)
        } catch let error as ZooError {
          throw error.located(name)
        }
      }
      return tensors
    } catch let error as ZooError {
      throw error.location?.hasPrefix(path) == true ? error : error.located(path)
    }
  }

  /// Writes `tensor` to `path`; a reader sees the old file or the whole new one.
  ///
  /// - Throws: `ZooError`: `unsupported` for element types that NumPy lacks and strings that it can't hold, `notFound`
  ///   when the folder does not exist, `badData` when the system refuses.
  public static func write(_ tensor: Tensor, to path: String) throws {
    if let strings = tensor.strings {
      let (text, length) = try utf32(strings)
      let header = Self.header("<U\(length)", shape: tensor.shape)
      try text.withUnsafeBytes { text in try header.withUnsafeBytes { try NewFile.write([$0, text], to: path) } }
      return
    }
    guard let name = NumPyHeader.numbers.first(where: { $0.type == tensor.type })?.name else {
      throw ZooError(
        .unsupported, "NumPy has no type for \(tensor.type.name)", at: path, advice: "cast the tensor to float32 first")
    }
    let header = Self.header((tensor.type.bitWidth == 8 ? "|" : "<") + name, shape: tensor.shape)
    try tensor.withUnsafeBytes { elements in
      try header.withUnsafeBytes { try NewFile.write([$0, elements], to: path) }
    }
  }

  /// The array in `memory`, a whole `.npy` file. Where the bytes can be used as they are they are not copied, unless
  /// `copying` says so.
  static func tensor(in memory: TensorMemory, copying: Bool = false) throws -> Tensor {
    let bytes = UnsafeRawBufferPointer(memory.mutableBytes)
    let header = try NumPyHeader(bytes)
    let count = try Tensor.elementCount(of: header.shape)
    let stored = UnsafeRawBufferPointer(rebasing: bytes[header.dataOffset...].prefix(count * header.elementSize))
    let type: ElementType
    switch header.element {
    case .number(let number): type = number
    case .bytes, .text: return try strings(in: stored, header, count: count)
    }

    if type == .bool, stored.contains(where: { $0 > 1 }) {
      throw ZooError(.badData, "a boolean is neither 0 nor 1")
    }
    let size = header.elementSize
    // Complex numbers are two numbers each.
    let swapped = type == .complex64 || type == .complex128 ? size / 2 : size
    let swaps = header.isBigEndian && swapped > 1
    let transposes = header.isFortranOrder && header.shape.count > 1 && count > 0
    // Kernels load whole vectors, so that other types need their own, aligned memory.
    if !copying, !swaps, !transposes, size == 1 {
      return try Tensor(type: type, shape: header.shape, memory: TensorMemory(borrowing: stored, owner: memory))
    }
    return try Tensor(type: type, shape: header.shape) { output in
      if transposes {
        copy(stored, inFortranOrder: header.shape, size: size, to: output)
      } else {
        output.copyMemory(from: stored)
      }
      if swaps {
        for start in stride(from: 0, to: output.count, by: swapped) {
          output[start..<start + swapped].reverse()
        }
      }
    }
  }

  /// Copies elements whose first axis varies fastest to row-major order.
  private static func copy(
    _ source: UnsafeRawBufferPointer, inFortranOrder shape: [Int], size: Int,
    to output: UnsafeMutableRawBufferPointer
  ) {
    var strides: [Int] = []
    var step = size
    for extent in shape {
      strides.append(step)
      step *= extent
    }
    var index = [Int](repeating: 0, count: shape.count)
    var from = 0
    for to in stride(from: 0, to: output.count, by: size) {
      for byte in 0..<size { output[to + byte] = source[from + byte] }
      for axis in shape.indices.reversed() {
        index[axis] += 1
        from += strides[axis]
        if index[axis] < shape[axis] { break }
        from -= strides[axis] * shape[axis]
        index[axis] = 0
      }
    }
  }

  // MARK: Strings

  private static func strings(in stored: UnsafeRawBufferPointer, _ header: NumPyHeader, count: Int) throws -> Tensor {
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
  private static func utf32(_ strings: [[UInt8]]) throws -> ([UInt32], length: Int) {
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

  // MARK: Header

  /// A header of version 1, padded so that the elements begin at a multiple of 64.
  private static func header(_ descriptor: String, shape: [Int]) -> [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(extents)), }"
    text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
    let length = UInt16(text.utf8.count)
    return NumPyHeader.magic + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)] + Array(text.utf8)
  }
}
