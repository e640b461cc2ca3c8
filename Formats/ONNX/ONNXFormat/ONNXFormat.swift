import CONNXSchema
import Files
import Wire
import ZooCore

/// ONNX's binary files: models (`.onnx`), and the tensors of its test data (`.pb`).
///
/// Reading maps the file: tensors stay in it until they are loaded. What `ModelDefinition` does not model is kept
/// verbatim, so that reading and writing loses nothing (onnx.proto, IR version 14).
package enum ONNXFormat {
  /// Where tensors' elements are written.
  package enum ExternalData: Sendable, Hashable {
    /// In the model's file, which protobuf limits to 2 GiB.
    case never
    /// In the model's file, if the model fits into 2 GiB.
    case automatic
    /// Initializers of 1 KiB and more in a file of their own, named after the model's with `.data` appended.
    case always
  }

  private static let maximumByteCount = UInt64(Int32.max)

  /// Whether the file at `path` holds an ONNX model. ONNX has no magic bytes; this reads the outermost fields only.
  package static func sniff(_ path: String) -> Bool {
    (try? MappedFile.reading(path) { try looksLikeModel($0.bytes) }) ?? false
  }

  /// The model at `path`. External data is looked for in the model's folder and below.
  ///
  /// - Throws: `ZooError`: `notFound` where a file is missing, `badData` where one is damaged.
  package static func read(_ path: String) throws -> ModelDefinition {
    try decoding(path, external: ExternalFiles(besideModel: path)) { decoder in
      guard try looksLikeModel(decoder.file.bytes) else {
        throw ZooError(.badData, "not an ONNX model", advice: "an ONNX model has an IR version and a graph")
      }
      return try decoder.withUnpacked(initialize: onnx__model_proto__init) { try decoder.model($0) }
    }
  }

  /// Writes `model` to `path`, and its external data, if any, to a file beside. Both appear only when complete.
  ///
  /// - Throws: `ZooError`: `usage` where the model is too large for one file but must go into one, or writing fails;
  ///   `notFound` where the folder can't be written; what the model's tensors throw when they are loaded.
  package static func write(
    _ model: ModelDefinition, to path: String, externalData: ExternalData = .automatic
  ) throws {
    let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    let reaches: [ExternalPlacement.Reach] =
      switch externalData {
      case .never: [.none]
      case .automatic: [.none, .initializers, .attributesToo]
      case .always: [.initializers, .attributesToo]
      }
    try ZooError.locating(path) {
      for reach in reaches {
        let placement = ExternalPlacement(fileName: name + ".data", reach: reach)
        let message = try ModelEncoder(placement: placement).model(model)
        guard message.byteCount <= maximumByteCount else { continue }
        let modelFile = try NewFile(path)
        try MessageWriter.write(message, to: modelFile)
        var files = NewFiles()
        if !placement.tensors.isEmpty {
          let dataFile = try NewFile(path + ".data")
          try MessageWriter.write(placement, to: dataFile)
          try files.add(dataFile)
        }
        try files.add(modelFile)
        return try files.commit()
      }
      throw ZooError(
        .usage, "the model takes more than 2 GiB, protobuf's limit",
        advice: externalData == .never ? "allow external data" : "the rest besides the tensors is too large")
    }
  }

  /// The tensor in the TensorProto file at `path`, as in ONNX's test data (`input_0.pb`).
  ///
  /// - Throws: `ZooError`: `notFound` where there is no file, `badData` where it is damaged.
  package static func readTensor(_ path: String) throws -> NamedTensor {
    try decoding(path, external: ExternalFiles(besideModel: path)) { decoder in
      try decoder.withUnpacked(initialize: onnx__tensor_proto__init) { try decoder.tensor($0) }
    }
  }

  /// Writes `tensor` to a TensorProto file at `path`.
  ///
  /// - Throws: `ZooError`: `usage` where the tensor takes more than 2 GiB or writing fails, `notFound` where the folder
  ///   can't be written.
  package static func writeTensor(_ tensor: NamedTensor, to path: String) throws {
    try ZooError.locating(path) {
      var message = MessageEncoder()
      try ModelEncoder(placement: nil).tensor(tensor, isInitializer: false, into: &message)
      guard message.byteCount <= maximumByteCount else {
        throw ZooError(.usage, "the tensor takes more than 2 GiB, protobuf's limit")
      }
      let file = try NewFile(path)
      try MessageWriter.write(message, to: file)
      try file.finish()
      try file.commit()
    }
  }

  /// The value of `type` in the file at `path`: a TensorProto, a SequenceProto or an OptionalProto, which only the
  /// type tells apart.
  ///
  /// - Throws: `ZooError`: `notFound` where there is no file, `badData` where it is damaged, `unsupported` for
  ///   sparse tensors and for maps outside of sequences.
  package static func readValue(_ path: String, as type: ValueType) throws -> ONNXValue {
    switch type.form {
    case .tensor: return .tensor(try readTensor(path))
    case .sequence:
      return try decoding(path, external: nil) { decoder in
        try decoder.withUnpacked(initialize: onnx__sequence_proto__init) { try decoder.sequence($0) }
      }
    case .optional:
      return try decoding(path, external: nil) { decoder in
        try decoder.withUnpacked(initialize: onnx__optional_proto__init) { try decoder.optional($0) }
      }
    default: throw ZooError(.unsupported, "values of this type can't be read from files", at: path)
    }
  }

  private static func decoding<Result>(
    _ path: String, external: ExternalFiles?, _ body: (MessageDecoder) throws -> Result
  ) throws -> Result {
    try ZooError.locating(path) {
      try MappedFile.reading(path) { try body(MessageDecoder(file: $0, external: external)) }
    }
  }

  /// Whether the outermost fields are a ModelProto's: an IR version or operator sets, and a graph.
  private static func looksLikeModel(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
    var cursor = WireCursor(bytes, 0..<bytes.count)
    var seen: Set<Int32> = []
    while let field = try cursor.next() {
      let expected = wireType(ofField: field.number)
      guard expected == nil || field.wireType == expected else { return false }
      seen.insert(field.number)
    }
    return seen.contains(7) && (seen.contains(1) || seen.contains(8))
  }

  private static func wireType(ofField number: Int32) -> WireType? {
    switch number {
    case 1, 5: .varint
    case 2, 3, 4, 6, 7, 8, 14, 20, 25, 26: .delimited
    default: nil
    }
  }

  /// Whether the file at `path` begins as a model does, and ends before one does.
  package static func isCutOff(_ path: String) -> Bool {
    (try? MappedFile.reading(path) { file in
      var cursor = WireCursor(file.bytes, 0..<file.bytes.count)
      var seen: Set<Int32> = []
      do {
        while let field = try cursor.next() {
          guard wireType(ofField: field.number) == field.wireType else { return false }
          seen.insert(field.number)
        }
      } catch { return seen.contains(1) }
      return seen.contains(1) && !seen.contains(7)
    }) ?? false
  }
}
