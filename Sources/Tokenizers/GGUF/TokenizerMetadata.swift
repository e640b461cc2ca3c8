import ZooCore

/// A tokenizer as the metadata of a GGUF file describe it (github.com/ggml-org/ggml, docs/gguf.md, "Tokenizer").
package struct TokenizerMetadata: Sendable {
  /// What a token is, with the format's numbers.
  package enum Kind: Int, Sendable {
    case normal = 1
    case unknown = 2
    /// Found in a text only where special tokens are asked for.
    case control = 3
    /// Found in every text.
    case userDefined = 4
    case unused = 5
    case byte = 6
  }

  /// `tokenizer.ggml.model`: llama, gpt2, gemma4, t5 or bert.
  package var model: String
  /// `tokenizer.ggml.pre`: how byte-level models cut words.
  package var preTokenizer: String?
  /// By id.
  package var tokens: [String]
  /// By id; empty where the model needs none.
  package var scores: [Float] = []
  /// By id; empty where all are normal.
  package var kinds: [Int] = []
  /// Pairs with a space between them, the earliest first.
  package var merges: [String] = []
  /// The ids of special tokens, by the format's names without `_token_id`: `bos`, `eos`, `unknown`, `seperator`.
  package var ids: [String: Int] = [:]
  /// By the format's names: `add_bos_token`, `add_eos_token`, `add_space_prefix`, `remove_extra_whitespaces`.
  package var flags: [String: Bool] = [:]
  /// What SentencePiece replaces before anything else, as it stores it.
  package var characterMap: [UInt8] = []
  /// `general.architecture` and `general.name`: what some models' tokens take with them is written nowhere else.
  package var architecture: String?
  package var name: String?

  package init(model: String, tokens: [String]) { (self.model, self.tokens) = (model, tokens) }

  /// The special tokens that chat templates know by name: `bos_token`, `eos_token`, `unk_token`, `pad_token`.
  package var namedTokens: [(name: String, text: String)] {
    [("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"), ("pad_token", "padding")].compactMap {
      guard let id = ids[$1], tokens.indices.contains(id) else { return nil }
      return ($0, tokens[id])
    }
  }

  func kind(of id: Int) -> Kind {
    let kind = kinds.indices.contains(id) ? Kind(rawValue: kinds[id]) ?? .unused : .normal
    guard kind != .unknown, isEnd(id) else { return kind }
    return .control
  }

  /// What models end an answer with, by the texts that they are known to have: files name one of them at most, and some
  /// hold them for words.
  private static let endTexts = Set(
    [
      "</s>", "<EOT>", "<end_of_turn>", "<end_of_utterance>", "<eos>", "<turn|>", "<|call|>", "<|end_of_text|>",
      "<|endoftext|>", "<|end|>", "<|eom_id|>", "<|eot_id|>", "<|im_end|>", "<|return|>", "<｜end▁of▁sentence｜>",
      "[EOS]", "[EOT]", "_<EOT>", "<|tool_response>", "<|calls|>", "<|flush|>", "[e~[",
      // Of code in several files.
      "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>",
      "<reponame>", "<|file_sep|>",
    ].map { ExactText($0) })

  /// Where one of these is a token, `</s>` is a word of HTML.
  private static let othersEnds = ["<|tool_response>", "<|plamo:eos|>"].map { ExactText($0) }

  /// Whether a token's text is one that ends an answer.
  func isEnd(_ id: Int) -> Bool {
    let token = tokens[id]
    guard token.utf8.count <= 32, let first = token.utf8.first, [0x3C, 0x5B, 0x5F].contains(first),
      Self.endTexts.contains(ExactText(token))
    else { return false }
    return token != "</s>" || !tokens.contains { Self.othersEnds.contains(ExactText($0)) }
  }
}
