import JSON
import ZooCore

extension PretrainedFolder {
  /// The text of tokenizer.json; where there is none, one that says the same as the older files: vocab.txt (BERT), or
  /// vocab.json and merges.txt (GPT-2).
  ///
  /// - Throws: `ZooError`: `notFound` where there are none of these, `badData` for one that makes no sense.
  package func tokenizer() throws -> String {
    if let text = try text("tokenizer.json") { return text }
    if let vocabulary = try text("vocab.txt") { return try wordPiece(vocabulary) }
    if let vocabulary = try text("vocab.json"), let merges = try text("merges.txt") {
      return try byteLevel(vocabulary, merges)
    }
    throw ZooError(
      .notFound, "the folder has no tokenizer", at: path,
      advice: "it needs tokenizer.json, vocab.txt, or vocab.json and merges.txt")
  }

  /// BERT's tokenizer over a vocabulary of one token a line.
  private func wordPiece(_ vocabulary: String) throws -> String {
    let settings = try settings("tokenizer_config.json") ?? PretrainedSettings(.object([]), "tokenizer_config.json")
    var tokens = vocabulary.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      String(line.last == "\r" ? line.dropLast() : line)
    }
    if tokens.last?.isEmpty == true { tokens.removeLast() }
    var ids: [[UInt8]: Int] = [:]
    for (id, token) in tokens.enumerated() { ids[Array(token.utf8)] = id }

    /// A special token as the settings name it: by its text, or by an object that holds it.
    func special(_ name: String, _ usual: String) throws -> (text: String, id: Int) {
      let text = settings.value(name)?.text ?? settings.value(name)?["content"]?.text ?? usual
      guard let id = ids[Array(text.utf8)] else {
        throw ZooError(.badData, "the token \(text) is not in the vocabulary", at: "\(path)/vocab.txt")
      }
      return (text, id)
    }
    let unknown = try special("unk_token", "[UNK]")
    let start = try special("cls_token", "[CLS]")
    let separator = try special("sep_token", "[SEP]")
    let others = try [special("pad_token", "[PAD]"), special("mask_token", "[MASK]")]
    let added = ([unknown, start, separator] + others).map { token in
      "{\"id\":\(token.id),\"content\":\(JSON.quoted(token.text)),\"special\":true,\"normalized\":false}"
    }
    let stripsAccents = settings.value("strip_accents")?.bool.map { "\($0)" } ?? "null"
    return try """
    {"version":"1.0","added_tokens":[\(added.joined(separator: ","))],
    "normalizer":{"type":"BertNormalizer","clean_text":true,\
    "handle_chinese_chars":\(settings.bool("tokenize_chinese_chars", default: true)),\
    "strip_accents":\(stripsAccents),"lowercase":\(settings.bool("do_lower_case", default: true))},
    "pre_tokenizer":{"type":"BertPreTokenizer"},
    "post_processor":{"type":"BertProcessing",\
    "sep":[\(JSON.quoted(separator.text)),\(separator.id)],"cls":[\(JSON.quoted(start.text)),\(start.id)]},
    "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
    "model":{"type":"WordPiece","unk_token":\(JSON.quoted(unknown.text)),"continuing_subword_prefix":"##",\
    "max_input_chars_per_word":100,
    "vocab":{\(tokens.enumerated().map { "\(JSON.quoted($1)):\($0)" }.joined(separator: ",\n"))}}}
    """
  }

  /// GPT-2's tokenizer over its vocabulary and its merges.
  private func byteLevel(_ vocabulary: String, _ merges: String) throws -> String {
    let json = try JSON(vocabulary)
    guard json.members != nil else { throw ZooError(.badData, "not a vocabulary", at: "\(path)/vocab.json") }
    let lines = merges.unicodeScalars.split(separator: "\n").map { line in
      String(line.last == "\r" ? line.dropLast() : line)
    }.filter { !$0.isEmpty && !$0.utf8.starts(with: "#version".utf8) }
    let end = "<|endoftext|>"
    let added = json[end]?.integer.map {
      "{\"id\":\($0),\"content\":\"\(end)\",\"special\":true,\"normalized\":true}"
    }
    return """
      {"version":"1.0","added_tokens":[\(added ?? "")],
      "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},
      "post_processor":{"type":"ByteLevel"},"decoder":{"type":"ByteLevel"},
      "model":{"type":"BPE","merges":[\(lines.map(JSON.quoted).joined(separator: ",\n"))],
      "vocab":\(vocabulary)}}
      """
  }
}
