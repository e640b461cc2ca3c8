import ZooCore

/// The versions of operator sets that nodes are to be understood by.
struct OperatorVersions: Sendable {
  /// ONNX's, as of ONNX 1.23. What operators mean in later ones, nobody here can know.
  private static let newest: [String: Int64] = [
    "": 28, "ai.onnx.ml": 5, "ai.onnx.preview": 1, "ai.onnx.preview.training": 1,
  ]

  private var versions: [ExactText: Int64] = [:]

  /// These, and those of `sets` in their place: what a function imports holds for its body.
  func merging(_ sets: [OperatorSet]) -> OperatorVersions {
    var merged = self
    for set in sets { merged.versions[ExactText(Self.canonical(set.domain))] = set.version }
    return merged
  }

  static func canonical(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }

  /// - Throws: `ZooError`: `badData` for a domain that is not imported, `unsupported` for a version that is too new.
  func version(of domain: String, for node: Node) throws -> Int64 {
    let name = domain.isEmpty ? "ai.onnx" : domain
    guard let version = versions[ExactText(domain)] else {
      throw ZooError(.badData, "the model imports no version of domain \(name)", at: node.label)
    }
    if let newest = Self.newest[domain], version > newest {
      throw ZooError(
        .unsupported, "the model imports version \(version) of domain \(name); the newest that is known is \(newest)",
        at: node.label, advice: "export the model for version \(newest) or earlier, or update this software")
    }
    return version
  }
}
