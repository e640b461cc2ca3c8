import Files
import ZooCore
import TensorFiles

/// Caffe's networks: a .prototxt that says which layers there are, and a .caffemodel with their weights (caffe.proto).
///
/// Both forms of layers are read, `layer` and the older `layers`. The graph is that of the test phase, in ONNX's
/// operators, and the weights stay in the mapped file.
package enum CaffeFormat {
  /// Far above any network's.
  private static let largestPrototxt = 256 << 20

  /// Whether `beginning`, the first bytes of a file, looks like a prototxt: the text of a field that networks have.
  package static func sniff(_ beginning: UnsafeRawBufferPointer) -> Bool {
    let names: Set<String> = [
      "name", "input", "input_dim", "input_shape", "layer", "layers", "force_backward", "state", "debug_info",
    ]
    var offset = 0
    while offset < beginning.count {
      let byte = beginning[offset]
      if byte == UInt8(ascii: "#") {
        while offset < beginning.count, beginning[offset] != UInt8(ascii: "\n") { offset += 1 }
      } else if byte > 0x20 {
        break
      }
      offset += 1
    }
    var end = offset
    while end < beginning.count, beginning[end] == UInt8(ascii: "_") || beginning[end] >= UInt8(ascii: "a") { end += 1 }
    guard end - offset < 20, offset < end, names.contains(String(decoding: beginning[offset..<end], as: UTF8.self))
    else {
      return false
    }
    while end < beginning.count, beginning[end] == 0x20 || beginning[end] == 9 { end += 1 }
    return end < beginning.count && [UInt8(ascii: ":"), UInt8(ascii: "{")].contains(beginning[end])
  }

  /// Whether the file at `path` is a .caffemodel. They have no magic bytes; this reads the outermost fields only.
  package static func sniffWeights(_ path: String) -> Bool {
    (try? MappedFile.reading(path) { WeightsReader.looksLikeNetwork($0.bytes) }) ?? false
  }

  /// The network of the prototxt at `prototxt`, with the weights in the .caffemodel at `weights`.
  ///
  /// - Throws: `ZooError`: `notFound` for a missing file, `badData` for a damaged one and for weights that do not fit the
  ///   network, `unsupported` for a layer that is not known, named with its type.
  package static func read(prototxt: String, weights: String) throws -> ModelDefinition {
    let blobs = try ZooError.locating(weights) { try MappedFile.reading(weights, Self.blobs) }
    return try ZooError.locating(prototxt) {
      let text = try MappedFile.reading(prototxt) { file in
        guard file.bytes.count <= largestPrototxt else {
          throw ZooError(.badData, "a prototxt of \(file.bytes.count) bytes is none")
        }
        return try TextReader.read(file.bytes)
      }
      var builder = NetworkBuilder(try NetworkLayers(text, weights: blobs))
      return try builder.model()
    }
  }

  /// The weights alone of the .caffemodel at `path`: `conv1.weight`, `conv1.bias`.
  ///
  /// - Throws: `ZooError`: `notFound` for a missing file, `badData` for a damaged one.
  package static func readWeights(_ path: String) throws -> TensorFile {
    try ZooError.locating(path) { try MappedFile.reading(path) { try WeightsReader($0).tensorFile() } }
  }

  private static func blobs(_ file: MappedFile) throws -> [String: [Blob]] {
    var blobs: [String: [Blob]] = [:]
    for layer in try WeightsReader(file).layers where !layer.blobs.isEmpty {
      guard blobs.updateValue(layer.blobs, forKey: layer.name) == nil else {
        throw ZooError(.badData, "two layers of one name have weights", at: "layer \"\(layer.name)\"")
      }
    }
    return blobs
  }
}
