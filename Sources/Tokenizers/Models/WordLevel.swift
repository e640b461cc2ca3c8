import ZooCore

/// A token for each whole piece.
struct WordLevel: TokenModel {
  let vocabulary: Vocabulary
  private let unknown: Int32

  init(_ settings: Settings) throws {
    vocabulary = try Vocabulary(settings, "vocab")
    unknown = try vocabulary.requiredID(of: settings.text("unk_token"), for: "unknown token", settings)
  }

  func tokenize(_ piece: ArraySlice<Unicode.Scalar>, into ids: inout [Int32], _ budget: Budget) {
    ids.append(vocabulary.id(of: ExactText(piece)) ?? unknown)
  }
}
