import CaffeFormat

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ModelDefinition {
  /// Caffe's network: the layers of the .prototxt and the weights of the .caffemodel.
  ///
  /// - Throws: `ZooError`: `notFound` or `badData`, `unsupported` for a layer that is not known.
  package init(prototxt: String, weights: String) throws {
    self = try CaffeFormat.read(prototxt: prototxt, weights: weights)
  }

  /// Caffe's network with the weights that lie beside the .prototxt: the .caffemodel of the same name, or the folder's
  /// only one.
  init(prototxt: String) throws {
    let ending = ".caffemodel"
    let stem = prototxt.hasSuffix(".prototxt") ? String(prototxt.dropLast(".prototxt".count)) : prototxt
    if FileKind(path: stem + ending) == .file {
      try self.init(prototxt: prototxt, weights: stem + ending)
      return
    }
    let folder = prototxt.lastIndex(of: "/").map { String(prototxt[..<$0]) } ?? "."
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "/" : folder)) ?? []
    let weights = files.filter { $0.hasSuffix(ending) }.sorted()
    guard weights.count == 1 else {
      throw ZooError(
        .notFound,
        weights.isEmpty
          ? "no .caffemodel with the network's weights lies beside it"
          : "several files may have the network's weights: \(weights.joined(separator: ", "))", at: prototxt,
        advice: "name the right one \(stem.split(separator: "/").last ?? "")\(ending)")
    }
    try self.init(prototxt: prototxt, weights: "\(folder)/\(weights[0])")
  }
}
