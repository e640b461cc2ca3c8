import ZooCore

extension Tokenizer {
  /// The tokenizer that the metadata of a GGUF file describe. Texts become the tokens that llama.cpp makes of them.
  ///
  /// - Throws: `ZooError`: `unsupported` for a model or a pre-tokenizer that is unknown here, `badData` for metadata that
  ///   don't fit together.
  package init(_ metadata: TokenizerMetadata) throws {
    self = try ZooError.locating("tokenizer.ggml") {
      try Self.check(metadata)
      switch metadata.model {
      case "llama": return try Self.sentencePiece(metadata, ScoredBPE(metadata))
      case "t5": return try Self.sentencePiece(metadata, Unigram(metadata))
      case "gpt2": return try Self.byteLevel(metadata)
      case "gemma4": return try Self.sentencePiece(metadata, LineBreakBPE(metadata))
      case "bert": return try Self.wordPiece(metadata)
      default:
        throw ZooError(
          .unsupported, "the tokenizer \"\(metadata.model.prefix(100))\" is unknown", at: "model",
          advice: "convert a model with a tokenizer of llama, gpt2, gemma4, t5 or bert")
      }
    }
  }

  private static func check(_ metadata: TokenizerMetadata) throws {
    let count = metadata.tokens.count
    guard count > 0, Int32(exactly: count) != nil else { throw ZooError(.badData, "there are no tokens", at: "tokens") }
    for (list, name) in [(metadata.scores.count, "scores"), (metadata.kinds.count, "token_type")]
    where list > 0 && list < count {
      throw ZooError(.badData, "there are \(count) tokens, and only \(list) of these", at: name)
    }
    for (name, id) in metadata.ids where !metadata.tokens.indices.contains(id) {
      throw ZooError(.badData, "there is no token \(id)", at: "\(name)_token_id")
    }
  }

  /// Spaces are characters of tokens, and what no token has is made of tokens for bytes.
  private static func sentencePiece(_ metadata: TokenizerMetadata, _ model: any TokenModel) throws -> Tokenizer {
    let isUnigram = metadata.model == "t5"
    let addsSpace = metadata.flags["add_space_prefix"] ?? (metadata.model != "gemma4")
    let normalizer = SentencePieceNormalizer(
      map: try CharacterMap(metadata.characterMap), addsSpace: addsSpace,
      mergesSpaces: isUnigram && metadata.flags["remove_extra_whitespaces"] ?? false)
    return Tokenizer(
      added: AddedTokens(metadata), normalizer: normalizer,
      preTokenizer: metadata.model == "gemma4" ? LineBreaks() : nil, model: model,
      postProcessor: surroundings(
        metadata, bos: 1, eos: isUnigram ? 1 : 2, addsBeginning: !isUnigram, addsEnd: isUnigram),
      decoder: spaceDecoder(stripsFirst: addsSpace), endTokens: endTokens(metadata, eos: isUnigram ? 1 : 2))
  }

  /// Words of bytes, each of which is a character.
  private static func byteLevel(_ metadata: TokenizerMetadata) throws -> Tokenizer {
    let words = try WordPattern(metadata.preTokenizer ?? "default")
    return Tokenizer(
      added: AddedTokens(metadata), normalizer: nil, preTokenizer: words.preTokenizer,
      model: try BPE(metadata, takesWholePieces: words.takesWholePieces),
      postProcessor: surroundings(metadata, bos: nil, eos: nil, addsBeginning: words.addsBeginning, addsEnd: false),
      decoder: ByteLevelDecoder(), endTokens: endTokens(metadata, eos: nil))
  }

  /// BERT's, where words begin with a visible space and not all other tokens with `##`.
  private static func wordPiece(_ metadata: TokenizerMetadata) throws -> Tokenizer {
    let (start, separator) = (id("bos", metadata) ?? id("cls", metadata) ?? 101, id("seperator", metadata) ?? 102)
    let lowercases = metadata.flags["normalizer.lowercase"] ?? true
    return Tokenizer(
      added: AddedTokens(metadata),
      normalizer: try BertNormalizer(
        lowercases: lowercases, stripsAccents: metadata.flags["normalizer.strip_accents"] ?? lowercases),
      preTokenizer: PreTokenizerSequence([BertPreTokenizer(), WordBeginning()]), model: try WordPiece(metadata),
      postProcessor: PairProcessing(start: start, separator: separator), decoder: spaceDecoder(stripsFirst: true),
      endTokens: [])
  }

  private static func spaceDecoder(stripsFirst: Bool) -> DecoderSequence {
    var steps: [any TokenDecoder] = [
      Replace(.text(Array("▁".utf8)), with: [0x20]), ByteFallbackDecoder(), FuseDecoder(),
    ]
    if stripsFirst { steps.append(StripDecoder(" ", start: 1, stop: 0)) }
    return DecoderSequence(steps)
  }

  private static func id(_ name: String, _ metadata: TokenizerMetadata) -> Int32? {
    metadata.ids[name].flatMap(Int32.init(exactly:))
  }

  /// The special tokens around a text. The ids are what files mean that name none.
  private static func surroundings(
    _ metadata: TokenizerMetadata, bos: Int32?, eos: Int32?, addsBeginning: Bool, addsEnd: Bool
  ) -> (any PostProcessor)? {
    func ids(_ name: String, _ usual: Int32?, _ isAdded: Bool) -> [Int32] {
      guard metadata.flags["add_\(name)_token"] ?? isAdded, let id = id(name, metadata) ?? usual,
        Int(id) < metadata.tokens.count
      else { return [] }
      return [id]
    }
    let (beginning, end) = (ids("bos", bos, addsBeginning), ids("eos", eos, addsEnd))
    return beginning.isEmpty && end.isEmpty ? nil : Surroundings(beginning: beginning, end: end)
  }

  private static func endTokens(_ metadata: TokenizerMetadata, eos: Int32?) -> Set<Int32> {
    var ids: Set<Int32> = []
    for name in ["eos", "eot", "eom", "fim_pad", "fim_rep", "fim_sep"] {
      if let id = id(name, metadata) { ids.insert(id) }
    }
    if metadata.ids["eos"] == nil, let eos, Int(eos) < metadata.tokens.count { ids.insert(eos) }
    for id in metadata.tokens.indices where metadata.isEnd(id) { ids.insert(Int32(id)) }
    // Where an answer has several parts, this ends one of them.
    let texts = Set(ids.map { metadata.tokens[Int($0)] })
    if texts.isSuperset(of: ["<|return|>", "<|call|>"]) || texts.isSuperset(of: ["<|calls|>", "<|flush|>"]) {
      ids = ids.filter { metadata.tokens[Int($0)] != "<|end|>" }
    }
    return ids
  }
}

/// Special tokens before and behind every text.
struct Surroundings: PostProcessor {
  let beginning: [Int32]
  let end: [Int32]

  func process(_ parts: [Encoding], _ budget: Budget) -> [Encoding] {
    parts.enumerated().map { Encoding(beginning + $1.ids + end, typeID: Int32($0)) }
  }

  func addedCount(isPair: Bool) -> Int { (beginning.count + end.count) * (isPair ? 2 : 1) }
}

/// Puts a visible space before each word.
struct WordBeginning: PreTokenizer {
  func split(_ piece: Piece, into pieces: inout [Piece], _ budget: Budget) {
    pieces.append(Piece(scalars: (["▁"] + piece.scalars)[...], isFirst: piece.isFirst))
  }
}

/// Cuts between line breaks and what is none.
private struct LineBreaks: PreTokenizer {
  func split(_ piece: Piece, into pieces: inout [Piece], _ budget: Budget) {
    SplitBehavior.contiguous.split(piece, at: characters(of: piece) { $0 == "\n" }, into: &pieces)
  }
}

/// Pairs by merges, but several line breaks are one token where there is one.
private struct LineBreakBPE: TokenModel {
  private let pairs: BPE
  var vocabulary: Vocabulary { pairs.vocabulary }

  init(_ metadata: TokenizerMetadata) throws {
    pairs = try BPE(metadata, takesWholePieces: false, fallsBack: true)
  }

  func tokenize(_ piece: ArraySlice<Unicode.Scalar>, into ids: inout [Int32], _ budget: Budget) throws {
    if piece.first == "\n", let id = vocabulary.id(of: ExactText(piece)) {
      try budget.spend(piece.count)
      ids.append(id)
    } else {
      try pairs.tokenize(piece, into: &ids, budget)
    }
  }
}
