import Files
import ZooCore

/// The header of a `.npy` file (NumPy Enhancement Proposal 1, versions 1 to 3): element type, order and shape, written
/// as a Python dictionary.
struct NumPyHeader: Equatable {
  /// More bytes than the headers of honest files take, with what goes before them.
  static let greatestSize = (1 << 16) + 12

  /// How the elements are stored.
  enum Element: Equatable {
    case number(ElementType)
    /// Byte strings of this length, padded with zeros.
    case bytes(Int)
    /// UTF-32 strings of this length, padded with zeros.
    case text(Int)
  }

  var element: Element
  var isBigEndian: Bool
  /// Whether the first axis varies fastest.
  var isFortranOrder: Bool
  var shape: [Int]
  /// Where the elements begin.
  var dataOffset: Int

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Bytes of one stored element.
  var elementSize: Int {
    switch element {
    case .number(let type): type.bitWidth / 8
    case .bytes(let length): length
    case .text(let length): 4 * length
    }
  }

  /// The elements' type; `nil` for strings.
  var numbers: ElementType? {
    if case .number(let type) = element { type } else { nil }
  }

  /// Parses the header at the beginning of `bytes`, the first ones of a file, and checks that a file of `fileSize` bytes
  /// holds all the elements.
  ///
  /// - Throws: `ZooError`: `unsupported` for element types that tensors don't have, `badData` for everything else.
  init(_ bytes: UnsafeRawBufferPointer, fileSize: Int) throws {
    guard bytes.starts(with: Self.magic) else {
      let foreign = ForeignFile(bytes)
      throw ZooError(
        .badData, "this is no NumPy array" + (foreign.map { ", but \($0.title)" } ?? ": its magic is missing"),
        advice: foreign?.advice ?? "numpy.save writes one")
    }
    guard bytes.count >= 12 else { throw Self.truncated }
    let version = bytes[6]
    guard (1...3).contains(version) else { throw ZooError(.unsupported, "NumPy's format \(version) is unknown") }
    let lengthBytes = version == 1 ? 2 : 4
    let length = bytes[8..<8 + lengthBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
    dataOffset = 8 + lengthBytes + length
    guard dataOffset <= fileSize else { throw Self.truncated }
    guard dataOffset <= Self.greatestSize, dataOffset <= bytes.count else {
      throw ZooError(.badData, "a header of \(length) bytes makes no sense")
    }

    var fields = PythonLiteral(Array(bytes[8 + lengthBytes..<dataOffset]))
    guard case .dictionary(let header) = try fields.parse(), case .text(let descriptor)? = header["descr"],
      case .boolean(let isFortranOrder)? = header["fortran_order"], case .tuple(let extents)? = header["shape"]
    else {
      throw ZooError(
        .unsupported, "the array's header does not name one plain element type, an order and a shape",
        advice: "structured arrays can't become tensors; save one field")
    }
    shape = extents
    self.isFortranOrder = isFortranOrder
    (element, isBigEndian) = try Self.element(descriptor)
    let count = try Tensor.elementCount(of: shape)
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: elementSize)
    guard !overflow, byteCount <= fileSize - dataOffset else {
      throw ZooError(
        .badData,
        "the header declares \(shape) elements of \(elementSize) bytes; \(fileSize - dataOffset) bytes follow",
        advice: "the file is damaged or incomplete; copy or save it again")
    }
  }

  private static var truncated: ZooError {
    ZooError(
      .badData, "the file ends in its header", advice: "the file is damaged or incomplete; copy or save it again")
  }

  /// The element type that NumPy's type string, such as `<f4`, names.
  private static func element(_ descriptor: String) throws -> (Element, isBigEndian: Bool) {
    let order = descriptor.first ?? " "
    let kind = descriptor.dropFirst()
    guard "<>|=".contains(order),
      let element = numbers.first(where: { $0.name == kind }).map({ Element.number($0.type) })
        ?? strings(kind)
    else {
      throw ZooError(
        .unsupported, "tensors have no elements of NumPy's type \(descriptor)",
        advice: kind == "O" || kind == "V1" ? Self.advice(kind) : "save the array as numbers: array.astype(…)")
    }
    return (element, order == ">")
  }

  private static func advice(_ kind: Substring) -> String {
    kind == "O"
      ? "Python's objects could be programs; save arrays of numbers"
      : "several types of 8 bits look like this; save the array as numbers: array.astype(numpy.float32)"
  }

  private static func strings(_ kind: Substring) -> Element? {
    guard let length = Int(kind.dropFirst()), (0...1 << 28).contains(length) else { return nil }
    switch kind.first {
    case "S": return .bytes(length)
    case "U": return .text(length)
    default: return nil
    }
  }

  /// NumPy's names of element types. It has no bfloat16; the package ml_dtypes, which everybody uses for it, saves its
  /// bfloat16 as two opaque bytes, and so do we.
  static let numbers: [(name: String, type: ElementType)] = [
    ("b1", .bool), ("i1", .int8), ("i2", .int16), ("i4", .int32), ("i8", .int64), ("u1", .uint8), ("u2", .uint16),
    ("u4", .uint32), ("u8", .uint64), ("f2", .float16), ("f4", .float32), ("f8", .float64), ("c8", .complex64),
    ("c16", .complex128), ("V2", .bfloat16),
  ]
}
