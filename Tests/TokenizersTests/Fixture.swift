import Foundation

/// A tokenizer and what the tokenizers package makes of texts with it (make_fixtures.py).
struct Fixture: Decodable {
  struct Case: Decodable {
    var text: String
    /// With special tokens, and without.
    var ids, plain: [Int32]
    /// `ids` as text, without special tokens and with them.
    var decoded, kept: String
  }

  struct Pair: Decodable {
    var first, second: String
    var ids, types, mask: [Int32]
  }

  var tokenizer: String
  var cases: [Case]
  var pairs: [Pair]

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")

  static let names = [
    "added_tokens", "bert", "bert_accents", "bert_cased", "byte_fallback", "expression", "fused_unknown", "gpt2", "nfc",
    "nfd", "nfkc", "nfkd", "prefix", "suffix", "unigram_always", "unigram_first", "unigram_never", "unknown", "words",
  ]

  init(_ name: String) throws {
    let data = try Data(contentsOf: Self.folder.appendingPathComponent("\(name).json"))
    self = try JSONDecoder().decode(Fixture.self, from: data)
  }
}

/// Whether two texts have the same bytes; `==` holds canonically equivalent ones for equal.
func isSame(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
