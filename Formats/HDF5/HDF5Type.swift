import ZooCore
import Zip

/// What a datatype message says (section IV.A.2.d of the specification).
struct HDF5Type: Sendable {
  enum Form: Sendable {
    case number(ElementType)
    /// Characters, padded with zeros or spaces.
    case text
    /// References to texts in a global heap.
    case textReference
    /// Bytes without a meaning.
    case opaque
    case other(String)
  }

  let form: Form
  /// Bytes of an element.
  let size: Int
  /// Bytes of the numbers whose bytes are in the other order; 1 where they are in this machine's.
  private(set) var swapWidth = 1

  init(_ message: ByteCursor) throws {
    var cursor = message
    try self.init(&cursor)
  }

  /// The type at `cursor`, and passes what tells it.
  private init(_ cursor: inout ByteCursor) throws {
    let first = try cursor.byte()
    let bits = Int(try cursor.unsigned(3))
    size = try cursor.word()
    guard size > 0 else { throw ZooError(.badData, "a type has elements of no bytes", at: "byte \(cursor.offset)") }
    switch first & 15 {
    case 0:
      try cursor.skip(2)
      let isWhole = try cursor.half() == 8 * size
      form =
        Self.integer(size, isSigned: bits & 8 != 0).flatMap { isWhole ? .number($0) : nil } ?? .other("odd integers")
      if bits & 1 != 0 { swapWidth = size }
    case 1:
      let fields = Array(cursor.bytes[try cursor.take(12)])
      let bias = Int(fields[8]) | Int(fields[9]) << 8 | Int(fields[10]) << 16 | Int(fields[11]) << 24
      let layout = [Int(fields[5]), Int(fields[7]), bias]
      form =
        switch (size, layout) {
        case _ where bits & 0x40 != 0: .other("numbers of the VAX")
        case (2, [5, 10, 15]): .number(.float16)
        case (2, [8, 7, 127]): .number(.bfloat16)
        case (4, [8, 23, 127]): .number(.float32)
        case (8, [11, 52, 1023]): .number(.float64)
        default: .other("odd floating-point numbers")
        }
      if bits & 1 != 0 { swapWidth = size }
    case 3: form = .text
    case 5:
      form = .opaque
      try cursor.skip(min(cursor.remaining, ((bits & 0xFF) + 7) / 8 * 8))
    case 6: (form, swapWidth) = try Self.complex(&cursor, version: first >> 4, members: bits & 0xFFFF, size: size)
    case 8: (form, swapWidth) = try Self.enumeration(&cursor, members: bits & 0xFFFF, size: size)
    case 9: form = bits & 15 == 1 ? .textReference : .other("lists of various lengths")
    case 4: form = .other("fields of bits")
    case 7: form = .other("references")
    case 10: form = .other("arrays")
    default: form = .other("of HDF5's class \(first & 15)")
    }
  }

  var title: String {
    switch form {
    case .number(let type): type.name
    case .text, .textReference: "texts"
    case .opaque: "bytes without a type"
    case .other(let title): title
    }
  }

  /// The type of a tensor with such elements; `nil` where there is none.
  ///
  /// - Parameter name: What the attribute `dtype` says, as Keras writes it beside types that HDF5 doesn't have.
  func elementType(named name: String?) -> ElementType? {
    switch form {
    case .number(let type): type
    case .opaque: ElementType.allCases.first { $0.name == name && $0.bitWidth == 8 * size }
    case .text, .textReference, .other: nil
    }
  }

  private static func integer(_ size: Int, isSigned: Bool) -> ElementType? {
    switch size {
    case 1: isSigned ? .int8 : .uint8
    case 2: isSigned ? .int16 : .uint16
    case 4: isSigned ? .int32 : .uint32
    case 8: isSigned ? .int64 : .uint64
    default: nil
    }
  }

  /// What h5py writes for complex numbers: a compound of two floating-point numbers.
  private static func complex(
    _ cursor: inout ByteCursor, version: Int, members: Int, size: Int
  ) throws -> (Form, Int) {
    let other = (Form.other("compounds"), 1)
    guard members == 2 else { return other }
    var swapWidth = 1
    for index in 0..<2 {
      let start = cursor.offset
      _ = try cursor.text(upTo: (cursor.bytes[start...].firstIndex(of: 0) ?? start) - start + 1)
      if version < 3 { try cursor.align(from: start) }
      let place = Int(try cursor.unsigned(version < 3 ? 4 : size < 256 ? 1 : 2))
      if version == 1 { try cursor.skip(28) }
      // One compound in another would be a way to recursion.
      guard cursor.remaining > 0, cursor.bytes[cursor.offset] & 15 == 1 else { return other }
      let member = try HDF5Type(&cursor)
      guard case .number = member.form, 2 * member.size == size, place == index * member.size else { return other }
      swapWidth = member.swapWidth
    }
    switch size {
    case 8: return (.number(.complex64), swapWidth)
    case 16: return (.number(.complex128), swapWidth)
    default: return other
    }
  }

  /// Truth values as h5py writes them, FALSE = 0 and TRUE = 1 in a byte; other enumerations are whole numbers with names.
  private static func enumeration(_ cursor: inout ByteCursor, members: Int, size: Int) throws -> (Form, Int) {
    // One enumeration in another would be a way to recursion.
    guard cursor.remaining > 0, cursor.bytes[cursor.offset] & 15 == 0 else { return (.other("names"), 1) }
    let base = try HDF5Type(&cursor)
    guard base.size == size, case .number = base.form else { return (.other("names"), 1) }
    let names = cursor.bytes[cursor.offset...]
    let isBoolean =
      members == 2 && size == 1 && names.starts(with: "FALSE\0".utf8)
      && names.split(separator: 0).dropFirst().first?.elementsEqual("TRUE".utf8) == true
    return (isBoolean ? .number(.bool) : base.form, base.swapWidth)
  }
}
