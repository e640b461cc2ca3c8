import ZooCore

/// How byte-level tokenizers cut words, by the name in `tokenizer.ggml.pre`: the expressions are those of the models' own
/// tokenizer.json files.
struct WordPattern {
  let preTokenizer: any PreTokenizer
  /// Whether a word that is a token needs no merges.
  let takesWholePieces: Bool
  /// Whether texts begin with a special token where the file does not say.
  let addsBeginning: Bool

  /// One step: what it cuts at.
  private enum Step {
    /// Every digit by itself.
    case digits
    /// GPT-2's words, found without an expression.
    case words
    case expression(String)
  }

  private struct Form {
    let names: Set<String>
    let steps: [Step]
    var takesWholePieces = false
    var addsBeginning = false
  }

  /// - Throws: `ZooError` (`unsupported`) for a name that is unknown here, and where the program has no regular expressions.
  init(_ name: String) throws {
    guard let form = Self.forms.first(where: { $0.names.contains(name) }) else {
      throw ZooError(
        .unsupported, "the pre-tokenizer \"\(name.prefix(100))\" is unknown", at: "pre",
        advice: "use the model's folder of Hugging Face, whose tokenizer.json says how it cuts words")
    }
    var steps: [any PreTokenizer] = []
    for step in form.steps {
      switch step {
      case .digits: steps.append(DigitsPreTokenizer(isolates: true))
      case .words: steps.append(GPT2WordsPreTokenizer())
      case .expression(let pattern):
        steps.append(SplitPreTokenizer(.expression(try RegularExpression(pattern)), .isolated))
      }
    }
    steps.append(ByteLevelPreTokenizer(addsSpace: false, cutsWords: false))
    preTokenizer = PreTokenizerSequence(steps)
    takesWholePieces = form.takesWholePieces
    addsBeginning = form.addsBeginning
  }

  private static let contraction = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]"
  private static let endOfLines = #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// Llama 3's words: a letter's word takes one character before it that is neither a letter nor a digit.
  private static func llama(digits: String, letters: String = #"\p{L}"#) -> Step {
    .expression(
      "(?:\(contraction))|[^\\r\\n\\p{L}\\p{N}]?[\(letters)]+|\(digits)| ?[^\\s\(letters)\\p{N}]+[\\r\\n]*" + endOfLines
    )
  }

  /// Words that begin with capitals (OpenAI's o200k), with endings or without.
  private static func capitals(digits: String, endings: String) -> Step {
    let (upper, lower) = (#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#)
    let before = #"[^\r\n\p{L}\p{N}]?"#
    return .expression(
      "\(before)\(upper)*\(lower)+\(endings)|\(before)\(upper)+\(lower)*\(endings)|\(digits)| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*"
        + endOfLines)
  }

  /// Letters with case that its expression leaves out: Georgian's, mathematics', and those that came late.
  private static let caselessToDeepSeek =
    #"\x{560}-\x{588}\x{10C7}\x{10CD}\x{10D0}-\x{10FF}\x{1C80}-\x{1C8A}\x{2D00}-\x{2D2D}\x{A790}-\x{A7FA}"#
    + #"\x{AB30}-\x{AB68}\x{10570}-\x{105BC}\x{10D50}-\x{10D85}\x{16E40}-\x{16E7F}\x{1D400}-\x{1D7CB}\x{1DF00}-\x{1DF1E}"#

  private static let forms: [Form] = [
    Form(
      names: ["default", ""],
      steps: [.expression(#"[\p{P}\$\+<=>\^~\|]+"#), .words, .expression(#"\p{N}+"#), .expression("[0-9][0-9][0-9]")]),
    Form(
      names: [
        "gpt-2", "phi-2", "jina-es", "jina-de", "jina-v1-en", "jina-v2-es", "jina-v2-de", "jina-v2-code", "roberta-bpe",
        "gigachat", "a.x-4.0", "mellum", "modern-bert", "exaone4", "mpt", "olmo", "jais", "trillion", "granite-docling",
      ], steps: [.words]),
    Form(
      names: [
        "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2",
      ], steps: [.digits, .words]),
    Form(
      names: [
        "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano",
      ], steps: [llama(digits: #"\p{N}{1,3}"#)], takesWholePieces: true, addsBeginning: true),
    Form(names: ["dbrx", "smaug-bpe", "chatglm-bpe"], steps: [llama(digits: #"\p{N}{1,3}"#)]),
    Form(names: ["glm4", "glm5"], steps: [llama(digits: #"\p{N}{1,3}"#)], takesWholePieces: true),
    Form(
      names: [
        "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan", "solar-open", "grok-2",
      ], steps: [llama(digits: #"\p{N}"#)]),
    Form(names: ["qwen35"], steps: [llama(digits: #"\p{N}"#, letters: #"\p{L}\p{M}"#)]),
    Form(
      names: ["tekken"], steps: [capitals(digits: #"\p{N}"#, endings: "")], takesWholePieces: true, addsBeginning: true),
    Form(
      names: ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"],
      steps: [capitals(digits: #"\p{N}{1,3}"#, endings: "(?:\(contraction))?")]),
    Form(
      names: ["deepseek-llm"],
      steps: [
        .expression(#"[\r\n]"#),
        .expression("\\s?[[\\p{Lu}\\p{Ll}\\p{Lt}]&&[^\(caselessToDeepSeek)]]+"),
        .expression(#"\s?[!-/:-~！-／：-～‘-‟　-。]+"#), .expression(#"\s+$"#), .expression("[一-龥ࠀ-一가-퟿]+"),
        .expression(#"\p{N}+"#),
      ]),
    Form(
      names: ["deepseek-coder"],
      steps: [
        .expression(#"[\r\n]"#), .expression(#"\s?\p{L}+"#), .expression(#"\s?\p{P}+"#), .expression("[一-龥ࠀ-一가-퟿]+"),
        .digits,
      ]),
    Form(
      names: ["deepseek-v3", "hunyuan-dense", "joyai-llm"],
      steps: [
        .expression(#"\p{N}{1,3}"#), .expression("[一-龥぀-ゟ゠-ヿ]+"),
        .expression(
          ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"##
            + endOfLines),
      ]),
    Form(
      names: ["falcon"],
      steps: [.expression(#"[\p{P}\$\+<=>\^~\|`]+"#), .words, .expression("[0-9][0-9][0-9]")]),
    Form(names: ["bloom", "poro-chat", "gpt3-finnish"], steps: [.expression(#" ?[^(\s|.,!?…。，、।۔،)]+"#)]),
    Form(names: ["viking"], steps: [.expression(#" ?[^(\s|.,!?…。，、।۔،)]+"#), .digits]),
  ]
}

/// GPT-2's words as they are.
private struct GPT2WordsPreTokenizer: PreTokenizer {
  func split(_ piece: Piece, into pieces: inout [Piece], _ budget: Budget) { GPT2Words.split(piece, into: &pieces) }
}
