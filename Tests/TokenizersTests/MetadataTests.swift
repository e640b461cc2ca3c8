import Foundation
import JSON
import Testing
import ZooCore

@testable import Tokenizers

/// Tokenizers as GGUF files have them.
@Suite struct MetadataTests {
  private struct Pieces: Decodable {
    struct Case: Decodable {
      var text, decoded: String
      var ids: [Int32]
    }

    var model: String
    var tokens: [String]
    var scores: [Float]
    var kinds: [Int]
    var map: [UInt8]
    var unknown: Int
    var flags: [String: Bool]
    var cases: [Case]

    init(_ name: String) throws {
      let data = try Data(contentsOf: Fixture.folder.appendingPathComponent("\(name).json"))
      self = try JSONDecoder().decode(Pieces.self, from: data)
    }

    var metadata: TokenizerMetadata {
      var metadata = TokenizerMetadata(model: model, tokens: tokens)
      (metadata.scores, metadata.kinds, metadata.characterMap) = (scores, kinds, map)
      metadata.ids = ["unknown": unknown, "bos": 1, "eos": 2]
      metadata.flags = flags
      return metadata
    }
  }

  /// The same tokens and texts as sentencepiece (make_sentencepiece.py).
  @Test(arguments: ["sentencepiece_bpe", "sentencepiece_plain", "sentencepiece_unigram"])
  func tokensAreSentencePieces(_ name: String) throws {
    let fixture = try Pieces(name)
    let tokenizer = try Tokenizer(fixture.metadata)
    let kept = try Tokenizer(json: fixture.metadata.json)
    for item in fixture.cases {
      #expect(try kept.encode(item.text) == tokenizer.encode(item.text))
      let ids = try tokenizer.encode(item.text, addingSpecialTokens: false, parsingSpecialTokens: false)
      #expect(ids == item.ids, "\(item.text.debugDescription)")
      guard fixture.model == "llama" else { continue }
      #expect(isSame(try tokenizer.decode(ids), item.decoded), "\(item.text.debugDescription)")
      try piecesGiveTheText(ids, tokenizer)
    }
  }

  private func piecesGiveTheText(_ ids: [Int32], _ tokenizer: Tokenizer) throws {
    var decoder = IncrementalDecoder(tokenizer)
    var text = ""
    for id in ids { text += try decoder.append(id) }
    text += try decoder.finish()
    #expect(isSame(text, try tokenizer.decode(ids)))
  }

  /// GPT-2's, without a tokenizer.json: the tokens package's ids.
  @Test func byteLevelTokensAreThePackages() throws {
    let fixture = try Fixture("gpt2")
    let json = try JSON(fixture.tokenizer)
    let members = try #require(json["model"]?["vocab"]?.members)
    var tokens = [String](repeating: "", count: members.count)
    for member in members { tokens[try #require(member.value.integer)] = member.name }
    var metadata = TokenizerMetadata(model: "gpt2", tokens: tokens)
    metadata.preTokenizer = "gpt-2"
    metadata.merges = try #require(json["model"]?["merges"]?.list).map { item in
      item.text ?? (item.list ?? []).compactMap(\.text).joined(separator: " ")
    }
    let tokenizer = try Tokenizer(metadata)
    for item in fixture.cases {
      #expect(
        try tokenizer.encode(item.text, addingSpecialTokens: false, parsingSpecialTokens: false) == item.plain,
        "\(item.text.debugDescription)")
    }
  }

  /// BERT's, where words begin with a visible space instead of going on with `##`.
  @Test func wordPiecesAreThePackages() throws {
    let fixture = try Fixture("bert")
    let json = try JSON(fixture.tokenizer)
    let members = try #require(json["model"]?["vocab"]?.members)
    var tokens = [String](repeating: "", count: members.count)
    for member in members {
      let isWord = !member.name.hasPrefix("##") && !member.name.hasPrefix("[")
      tokens[try #require(member.value.integer)] =
        isWord ? "▁\(member.name)" : member.name.hasPrefix("##") ? String(member.name.dropFirst(2)) : member.name
    }
    var metadata = TokenizerMetadata(model: "bert", tokens: tokens)
    for (name, token) in [("unknown", "[UNK]"), ("cls", "[CLS]"), ("seperator", "[SEP]")] {
      metadata.ids[name] = tokens.firstIndex(of: token)
    }
    let tokenizer = try Tokenizer(metadata)
    // Texts without special tokens, and words of less than a hundred characters, beyond which the package gives up.
    for item in fixture.cases where !item.text.contains("[") {
      if item.text.split(separator: " ").contains(where: { $0.unicodeScalars.count > 100 }) { continue }
      #expect(try tokenizer.encode(item.text, parsingSpecialTokens: false) == item.ids, "\(item.text.debugDescription)")
    }
  }

  private static func sample() -> TokenizerMetadata {
    var metadata = TokenizerMetadata(
      model: "llama",
      tokens: ["<unk>", "<s>", "<|im_end|>", "▁", "h", "i", "hi", "▁hi", "<b>", "<", ">", "s", "/", "|"]
        + (0...255).map { ByteFallbackDecoder.token(of: $0) })
    metadata.kinds = [2, 3, 3, 1, 1, 1, 1, 1, 4, 1, 1, 1, 1, 1] + Array(repeating: 6, count: 256)
    metadata.scores = [0, 0, 0, -9, -8, -8, -1, -0.5, 0, -7, -7, -7, -7, -7] + Array(repeating: 0, count: 256)
    metadata.ids = ["bos": 1, "eos": 2, "unknown": 0]
    return metadata
  }

  @Test func specialTokensAreFoundWhereTheyAreAskedFor() throws {
    var metadata = Self.sample()
    var tokenizer = try Tokenizer(metadata)
    #expect(try tokenizer.encode("hi<s>hi<b>") == [1, 7, 1, 7, 8])
    #expect(try tokenizer.encode("hi<s>", addingSpecialTokens: false, parsingSpecialTokens: false) == [7, 9, 11, 10])
    // What somebody added is found in any text.
    #expect(try tokenizer.encode("<b>", addingSpecialTokens: false, parsingSpecialTokens: false) == [8])
    #expect(tokenizer.endTokens == [2])
    #expect(metadata.namedTokens.map(\.text) == ["<s>", "<|im_end|>", "<unk>"])
    #expect(try tokenizer.decode([1, 7, 2]) == "hi")
    #expect(try tokenizer.decode([1, 7, 2], skippingSpecialTokens: false) == "<s> hi<|im_end|>")

    metadata.flags = ["add_bos_token": false, "add_eos_token": true, "add_space_prefix": false]
    tokenizer = try Tokenizer(metadata)
    #expect(try tokenizer.encode("hi hi") == [6, 7, 2])
    // Nobody has the character, so its bytes are tokens; pieces wait for the last of them.
    let ids = try tokenizer.encode("é", addingSpecialTokens: false)
    #expect(ids == [14 + 0xC3, 14 + 0xA9])
    var decoder = IncrementalDecoder(tokenizer)
    #expect(try decoder.append(ids[0]).isEmpty)
    #expect(try decoder.append(ids[1]) == "é")
  }

  /// Each name cuts as the models' own files do; expected pieces are by hand.
  @Test(arguments: [
    ("gpt-2", "I'm 1234  x\n\ny!", ["I", "'m", " 1234", " ", " x", "\n", "\n", "y", "!"]),
    ("smollm", "a 1234's", ["a", " ", "1", "2", "3", "4", "'s"]),
    ("llama-bpe", "I'LL 12345 !?\n x\n\n  y", ["I", "'LL", " ", "123", "45", " !?\n", " x", "\n\n", " ", " y"]),
    ("qwen2", "a 123\n\n b(c", ["a", " ", "1", "2", "3", "\n\n", " b", "(c"]),
    ("tekken", "HelloWorld éA 12//", ["Hello", "World", " é", "A", " ", "1", "2", "//"]),
    ("gpt-4o", "We'll HTTPServer 1234", ["We'll", " HTTPServer", " ", "123", "4"]),
    ("deepseek-v3", "a.b 1234漢字x", ["a", ".b", " ", "123", "4", "漢字", "x"]),
    ("deepseek-coder", "if x1:\n", ["if", " x", "1", ":", "\n"]),
    ("falcon", "a+b 1234", ["a", "+", "b", " ", "123", "4"]),
    ("default", "a-b 1234", ["a", "-", "b", " ", "123", "4"]),
    ("viking", "a 12,b", ["a", " ", "1", "2", ",", "b"]),
  ]) func wordsAreCut(_ name: String, _ text: String, _ expected: [String]) throws {
    var pieces: [Piece] = []
    let whole = Piece(scalars: Array(text.unicodeScalars)[...], isFirst: true)
    try WordPattern(name).preTokenizer.split(whole, into: &pieces, Budget(for: text.utf8.count))
    let words = pieces.map { String(decoding: $0.scalars.compactMap(ByteCharacters.byte), as: UTF8.self) }
    #expect(words == expected)
  }

  /// Long texts without a place to cut them take time in proportion to their length, nearly.
  @Test(arguments: ["sentencepiece_bpe", "sentencepiece_unigram"]) func longTextsAreQuick(_ name: String) throws {
    let tokenizer = try Tokenizer(Pieces(name).metadata)
    let clock = ContinuousClock()
    for text in ["the quick ", "thethe", " ", "x", "é\u{301}"] {
      let time = try clock.measure { _ = try tokenizer.encode(String(repeating: text, count: 20_000)) }
      #expect(time < .seconds(30), "\(text)")
    }
  }

  @Test(
    arguments: [
      ("llama", [], [:], "no tokens"), ("odd", ["a"], [:], "odd"), ("llama", ["a"], ["bos": 1], "token 1"),
      ("t5", ["a"], [:], "unknown"), ("bert", ["a"], [:], "unknown"), ("gpt2", ["a"], ["eos": -1], "token -1"),
    ] as [(String, [String], [String: Int], String)])
  func whatMakesNoSenseIsNamed(_ model: String, _ tokens: [String], _ ids: [String: Int], _ word: String) {
    var metadata = TokenizerMetadata(model: model, tokens: tokens)
    metadata.ids = ids
    let error = #expect(throws: ZooError.self) { try Tokenizer(metadata) }
    #expect(error?.message.contains(word) == true, "\(String(describing: error))")
    #expect(error?.location?.hasPrefix("tokenizer.ggml") == true)
  }

  @Test func hostileMetadataAreRefused() throws {
    var metadata = Self.sample()
    metadata.kinds = [1]
    #expect(throws: ZooError.self) { try Tokenizer(metadata) }
    metadata = Self.sample()
    metadata.scores = [.nan, .infinity] + Array(repeating: -.infinity, count: metadata.tokens.count)
    #expect(try Tokenizer(metadata).encode("hi").count == 2)
    metadata.model = "t5"
    #expect(throws: ZooError.self) { try Tokenizer(metadata) }
    metadata = Self.sample()
    for map in [[1], [4, 0, 0, 0, 0], [255, 255, 255, 127, 0], [3, 0, 0, 0, 1, 2, 3], [0, 0, 0, 0]] as [[UInt8]] {
      metadata.characterMap = map
      #expect(throws: ZooError.self) { try Tokenizer(metadata) }
    }
    metadata = TokenizerMetadata(model: "gpt2", tokens: ["a", "b", "ab"])
    metadata.merges = ["ab"]
    #expect(throws: ZooError.self) { try Tokenizer(metadata) }
    metadata.merges = ["a b", "x y", "a b", "b ab"]
    metadata.preTokenizer = "nobody's"
    #expect(throws: ZooError.self) { try Tokenizer(metadata) }
  }
}
