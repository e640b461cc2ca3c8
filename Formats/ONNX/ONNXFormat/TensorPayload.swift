import Wire
import ZooCore

/// Where a TensorProto inside a file keeps its elements.
///
/// ONNX stores a tensor's elements in `raw_data` or in one of six typed lists, whose entries are wider than most of
/// the types that share them (onnx.proto, TensorProto).
struct TensorPayload {
  /// TensorProto's field numbers of the elements.
  enum Field: Int32 {
    case floats = 4
    case int32s = 5
    case strings = 6
    case int64s = 7
    case raw = 9
    case doubles = 10
    case uint64s = 11

    /// The list that holds tensors of `type`.
    init(holding type: ElementType) {
      self =
        switch type {
        case .float32, .complex64: .floats
        case .float64, .complex128: .doubles
        case .int64: .int64s
        case .uint32, .uint64: .uint64s
        case .string: .strings
        default: .int32s
        }
    }

    var name: String {
      switch self {
      case .floats: "float_data"
      case .int32s: "int32_data"
      case .strings: "string_data"
      case .int64s: "int64_data"
      case .raw: "raw_data"
      case .doubles: "double_data"
      case .uint64s: "uint64_data"
      }
    }
  }

  /// The one field that is not empty; `nil` where none is.
  private(set) var field: Field?
  /// Entries of a list, or bytes of raw data.
  private(set) var count = 0
  /// The raw data's bytes.
  private(set) var raw = 0..<0

  /// Looks through the TensorProto at `message` in `file`.
  ///
  /// - Throws: `ZooError` (`badData`) where the lists are damaged or there is more than one.
  init(in file: UnsafeRawBufferPointer, message: Range<Int>) throws {
    try Self.forEachChunk(in: file, message: message) { field, chunk in
      let entries = try Self.countEntries(of: field, in: file, chunk)
      guard entries > 0 else { return }
      guard self.field == nil || self.field == field else {
        throw ZooError(.badData, "both \(self.field?.name ?? "") and \(field.name) hold elements")
      }
      guard self.field == nil || field != .raw else { throw ZooError(.badData, "raw_data occurs twice") }
      self.field = field
      count += entries
      if field == .raw { raw = chunk.value }
    }
  }

  /// Calls `body` for each field of elements: a packed list, or a single entry.
  static func forEachChunk(
    in file: UnsafeRawBufferPointer, message: Range<Int>, _ body: (Field, WireField) throws -> Void
  ) throws {
    var cursor = WireCursor(file, message)
    while let chunk = try cursor.next() {
      if let field = Field(rawValue: chunk.number) { try body(field, chunk) }
    }
  }

  private static func countEntries(
    of field: Field, in file: UnsafeRawBufferPointer, _ chunk: WireField
  ) throws -> Int {
    switch field {
    case .raw: return chunk.value.count
    case .strings: return 1
    case .floats, .doubles:
      let width = field == .floats ? 4 : 8
      guard chunk.value.count % width == 0 else {
        throw ZooError(.badData, "\(field.name) ends inside an entry", at: "byte \(chunk.value.lowerBound)")
      }
      return chunk.value.count / width
    case .int32s, .int64s, .uint64s:
      // An entry ends with the byte whose highest bit is clear.
      var count = 0
      var length = 0
      for byte in UnsafeRawBufferPointer(rebasing: file[chunk.value]) {
        length += 1
        guard length <= 10 else { break }
        if byte < 0x80 {
          count += 1
          length = 0
        }
      }
      guard length == 0 else {
        throw ZooError(.badData, "\(field.name) holds a damaged number", at: "byte \(chunk.value.lowerBound)")
      }
      return count
    }
  }
}
