import ZooCore

/// The longest token that a word begins with, then the longest that goes on with it (Wu et al. 2016, section 4.1;
/// Devlin et al. 2018).
struct WordPiece: TokenModel {
  let vocabulary: Vocabulary
  private let trie: ScalarTrie
  private let unknown: Int32
  /// Where tokens that go on with a word begin; `nil` if there are none.
  private let continuation: Int32?
  private let longestWord: Int

  init(_ metadata: TokenizerMetadata) throws {
    vocabulary = Vocabulary(metadata.tokens)
    var trie = ScalarTrie()
    for (id, token) in metadata.tokens.enumerated() where !token.isEmpty {
      trie.insert(token.unicodeScalars, Int32(id))
    }
    self.trie = trie
    continuation = ScalarTrie.root
    unknown = Int32(metadata.ids["unknown"] ?? 100)
    guard Int(unknown) < metadata.tokens.count else {
      throw ZooError(.badData, "there is no unknown token", at: "tokens")
    }
    longestWord = .max
  }

  init(_ settings: Settings) throws {
    let vocabulary = try Vocabulary(settings, "vocab")
    var trie = ScalarTrie()
    for token in vocabulary.allTokens where !token.text.isEmpty { trie.insert(token.text.unicodeScalars, token.id) }
    let prefix = try settings.optionalText("continuing_subword_prefix") ?? "##"
    continuation = trie.node(of: prefix.unicodeScalars)
    unknown = try vocabulary.requiredID(
      of: settings.optionalText("unk_token") ?? "[UNK]", for: "unknown token", settings)
    longestWord = try settings.integer("max_input_chars_per_word", default: 100)
    self.vocabulary = vocabulary
    self.trie = trie
  }

  func tokenize(_ piece: ArraySlice<Unicode.Scalar>, into ids: inout [Int32], _ budget: Budget) throws {
    guard piece.count <= longestWord else {
      ids.append(unknown)
      return
    }
    let first = ids.count
    var place = piece.startIndex
    var node: Int32? = ScalarTrie.root
    while place < piece.endIndex {
      guard let start = node, let (end, id) = try trie.longest(in: piece, from: place, node: start, budget) else {
        // A word of which any part is unknown is unknown.
        ids.removeSubrange(first...)
        ids.append(unknown)
        return
      }
      ids.append(id)
      place = end
      node = continuation
    }
  }
}
