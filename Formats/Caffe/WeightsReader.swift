import Files
import Wire
import ZooCore
import TensorFiles

/// The layers of a .caffemodel (caffe.proto, NetParameter) that have learned something. What they compute stands in the
/// prototxt; it is not read here.
struct WeightsReader {
  struct Layer {
    var name = ""
    /// In the newer form's words.
    var type = ""
    var blobs: [Blob] = []
  }

  private(set) var layers: [Layer] = []

  /// Whether `file`, of which `bytes` is the whole or the beginning, begins like a NetParameter: a name and a layer. The
  /// outermost fields of ONNX's models have other types.
  static func looksLikeNetwork(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var cursor = WireCursor(bytes, 0..<bytes.count)
    var hasLayers = false
    while let field = try? cursor.next() {
      switch (field.number, field.wireType) {
      case (1, .delimited), (3, .delimited), (6, .delimited), (8, .delimited): continue
      case (4, .varint), (4, .delimited), (5, .varint), (7, .varint): continue
      case (2, .delimited), (100, .delimited):
        guard looksLikeLayer(bytes, field) else { return false }
        hasLayers = true
      default: return false
      }
    }
    return hasLayers && cursor.offset == cursor.end
  }

  /// Whether a layer has a name and a type where they should be.
  private static func looksLikeLayer(_ bytes: UnsafeRawBufferPointer, _ layer: WireField) -> Bool {
    var cursor = WireCursor(bytes, layer.value)
    let isOlder = layer.number == 2
    while let field = try? cursor.next() {
      if isOlder, field.number == 5 { return field.wireType == .varint }
      if isOlder, field.number == 1 { return field.wireType == .delimited }
      if !isOlder, field.number == 2 { return field.wireType == .delimited }
    }
    return false
  }

  init(_ file: MappedFile) throws {
    var cursor = WireCursor(file.bytes, 0..<file.bytes.count)
    while let field = try cursor.next() {
      guard field.number == 100 || field.number == 2 else { continue }
      guard field.wireType == .delimited else {
        throw ZooError(
          .badData, "a layer is no message", at: "byte \(field.whole.lowerBound)",
          advice: "the file is damaged or no .caffemodel")
      }
      layers.append(try Self.layer(file, field.value, isOlder: field.number == 2))
    }
    guard !layers.isEmpty else {
      throw ZooError(.badData, "the file has no layers", advice: "the file is damaged or no .caffemodel")
    }
  }

  /// LayerParameter has name 1, type 2 and blobs 7; V1LayerParameter has name 4, type 5 and blobs 6, and in 1 the
  /// layer of a still older form.
  private static func layer(_ file: MappedFile, _ range: Range<Int>, isOlder: Bool) throws -> Layer {
    var layer = Layer()
    var blobs: [Range<Int>] = []
    var cursor = WireCursor(file.bytes, range)
    while let field = try cursor.next() {
      switch (field.number, field.wireType, isOlder) {
      case (1, .delimited, true):
        throw ZooError(
          .unsupported, "the network is in the form of Caffe's first year",
          advice: "convert it with Caffe's upgrade_net_proto_binary")
      case (1, .delimited, false), (4, .delimited, true):
        guard let name = String(validating: file.bytes[field.value], as: UTF8.self) else {
          throw ZooError(.badData, "a layer's name is no UTF-8", at: "byte \(field.value.lowerBound)")
        }
        layer.name = name
      case (2, .delimited, false):
        layer.type = String(decoding: file.bytes[field.value], as: UTF8.self)
      case (5, .varint, true):
        var number = WireCursor(file.bytes, field.value)
        layer.type = LayerTypes.newer(try number.varint()) ?? ""
      case (7, .delimited, false), (6, .delimited, true): blobs.append(field.value)
      default: break
      }
    }
    layer.blobs = try blobs.enumerated().map { index, range in
      do { return try Blob(file, range) } catch let error as ZooError {
        throw error.located("layer \"\(layer.name)\": blob \(index)")
      }
    }
    return layer
  }

  /// The layers' blobs by their names, such as `conv1.weight`.
  ///
  /// - Throws: `ZooError` (`badData`) for two layers of one name that both have weights.
  func tensorFile() throws -> TensorFile {
    var tensors: [NamedTensor] = []
    var names: Set<String> = []
    for layer in layers where !layer.blobs.isEmpty {
      guard names.insert(layer.name).inserted else {
        throw ZooError(.badData, "two layers of one name have weights", at: "layer \"\(layer.name)\"")
      }
      for (index, blob) in layer.blobs.enumerated() {
        tensors.append(
          NamedTensor(
            name: "\(layer.name).\(Self.name(of: index, in: layer.type))",
            tensor: try blob.tensor(Self.shape(of: blob, index, in: layer.type))))
      }
    }
    return TensorFile(tensors: tensors)
  }

  private static func name(of index: Int, in type: String) -> String {
    let names: [String]
    switch type {
    case "Convolution", "Deconvolution", "InnerProduct", "Scale", "Embed", "PReLU": names = ["weight", "bias"]
    case "Bias": names = ["bias"]
    case "BatchNorm": names = ["mean", "variance", "scale_factor"]
    default: names = []
    }
    return index < names.count ? names[index] : String(index)
  }

  /// The shape without the outer ones that older files have for every blob.
  private static func shape(of blob: Blob, _ index: Int, in type: String) -> [Int] {
    guard blob.isLegacy else { return blob.shape }
    let rank: Int
    switch type {
    case "InnerProduct", "Embed": rank = index == 0 ? 2 : 1
    case "Convolution", "Deconvolution": rank = index == 0 ? 4 : 1
    default: rank = 1
    }
    return blob.shape.dropLast(rank).allSatisfy { $0 == 1 } ? Array(blob.shape.suffix(rank)) : blob.shape
  }
}
