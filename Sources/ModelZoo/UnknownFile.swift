import Files
import ONNXFormat

extension ZooError {
  /// The error for a file that is of none of the formats that are asked for: what it is instead, as far as can be told,
  /// and what to do.
  ///
  /// - Parameter expected: Those formats, as people call them.
  static func unknownFile(_ path: String, expected: [String]) -> ZooError {
    let beginning = (try? InputFile(path: path).read(4096)) ?? []
    guard !beginning.isEmpty else {
      return ZooError(.badData, "the file is empty", at: path, advice: "get it again")
    }
    if let foreign = beginning.withUnsafeBytes(ForeignFile.init) { return foreign.error(at: path) }
    if ONNXFormat.isCutOff(path) {
      return ZooError(
        .badData, "this is the beginning of an ONNX model, whose end is missing", at: path,
        advice: "copy or download it again")
    }
    if beginning.allSatisfy({ $0 == 0 }) {
      return ZooError(.badData, "the file begins with zeros alone", at: path, advice: "copy or download it again")
    }
    let formats = "the formats are: \(expected.joined(separator: ", "))"
    if let first = beginning.first(where: { $0 > 0x20 }), first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
      return ZooError(
        .badData, "this is a JSON document, neither a model nor weights", at: path,
        advice: "where it describes a model (config.json), give the folder that it is in; \(formats)")
    }
    if let named = ModelFormat.title(ofName: path) {
      return ZooError(
        .badData, "the file is not what its name says (\(named)): it is damaged, or something else", at: path,
        advice: "copy or download it again; \(formats)")
    }
    return ZooError(.badData, "no file of a format that is known", at: path, advice: formats)
  }
}

extension ModelFormat {
  /// What people call a file of this format.
  var title: String {
    switch self {
    case .package: "ModelZoo package"
    case .onnx: "ONNX model"
    case .caffe: "Caffe network"
    case .tflite: "TensorFlow Lite model"
    case .keras: "Keras model"
    case .svm: "LIBLINEAR or LIBSVM model"
    case .gguf: "GGUF file"
    }
  }

  /// What a file of that name would be.
  fileprivate static func title(ofName path: String) -> String? {
    let endings: [(String, ModelFormat)] = [
      (".zoo", .package), (".onnx", .onnx), (".prototxt", .caffe), (".tflite", .tflite), (".keras", .keras),
    ]
    let name = path.lowercased()
    return endings.first { name.hasSuffix($0.0) }?.1.title ?? WeightsFormat(nameOf: path)?.title
  }
}
