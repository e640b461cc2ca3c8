import Foundation
import Testing
import ZooCore

@testable import Tokenizers

/// The same tokens and the same texts as the tokenizers package.
@Suite struct TokenizerTests {
  @Test(arguments: Fixture.names) func tokensAreThePackages(name: String) throws {
    let fixture = try Fixture(name)
    let tokenizer = try Tokenizer(json: fixture.tokenizer)
    for item in fixture.cases {
      #expect(try tokenizer.encode(item.text) == item.ids, "\(item.text.debugDescription)")
      #expect(
        try tokenizer.encode(item.text, addingSpecialTokens: false) == item.plain, "\(item.text.debugDescription)")
    }
    for pair in fixture.pairs {
      let encoding = try tokenizer.encoding(of: pair.first, and: pair.second)
      #expect(encoding.ids == pair.ids)
      #expect(encoding.typeIDs == pair.types)
      #expect(encoding.attentionMask == pair.mask)
    }
  }

  @Test(arguments: Fixture.names) func textsAreThePackages(name: String) throws {
    let fixture = try Fixture(name)
    let tokenizer = try Tokenizer(json: fixture.tokenizer)
    for item in fixture.cases {
      let decoded = try tokenizer.decode(item.ids)
      #expect(isSame(decoded, item.decoded), "\(item.text.debugDescription)")
      #expect(isSame(try tokenizer.decode(item.ids, skippingSpecialTokens: false), item.kept))
    }
  }

  /// Token by token, the text is the same, and no piece has a part of a character.
  @Test(arguments: Fixture.names) func piecesGiveTheText(name: String) throws {
    let fixture = try Fixture(name)
    let tokenizer = try Tokenizer(json: fixture.tokenizer)
    for item in fixture.cases {
      var decoder = IncrementalDecoder(tokenizer)
      var text: [UInt8] = []
      for id in item.ids {
        let piece = try decoder.append(id)
        #expect(!piece.unicodeScalars.contains("\u{FFFD}") || item.decoded.unicodeScalars.contains("\u{FFFD}"))
        text += piece.utf8
      }
      text += try decoder.finish().utf8
      #expect(text.elementsEqual(item.decoded.utf8), "\(item.text.debugDescription)")
    }
  }

  /// Canonically equivalent tokens are not the same.
  @Test func tokensAreToldApartByTheirBytes() throws {
    let tokenizer = try Tokenizer(
      json: """
        {"model":{"type":"WordLevel","unk_token":"?","vocab":{"?":0,"\u{E9}":1,"e\u{301}":2}}}
        """)
    #expect(tokenizer.id(of: "\u{E9}") == 1)
    #expect(tokenizer.id(of: "e\u{301}") == 2)
    #expect(try tokenizer.encode("e\u{301}") == [2])
    #expect(tokenizer.vocabularySize == 3)
  }

  /// A word without an end takes time in proportion to its length, nearly.
  @Test func longWordsAreQuick() throws {
    let tokenizer = try Tokenizer(json: Fixture("gpt2").tokenizer)
    let word = String(repeating: "the quick".filter { $0 != " " }, count: 25_000)
    let clock = ContinuousClock()
    var count = 0
    let time = try clock.measure { count = try tokenizer.encode(word).count }
    #expect(count == 75_000)
    // Unoptimized, on a slow machine; in proportion to the square it would be hours.
    #expect(time < .seconds(30))
  }

  @Test(arguments: [
    (#"{"model":{"type":"BPE","vocab":{},"merges":[]},"normalizer":{"type":"Nmt"}}"#, "Nmt", "normalizer"),
    (
      #"{"model":{"type":"BPE","vocab":{},"merges":[]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Odd"}]}}"#,
      "Odd", "pre_tokenizer.pretokenizers[0]"
    ),
    (#"{"model":{"type":"BPE","vocab":{},"merges":[]},"decoder":{"type":"CTC"}}"#, "CTC", "decoder"),
    (#"{"model":{"type":"BPE","vocab":{},"merges":[]},"post_processor":{"type":"Odd"}}"#, "Odd", "post_processor"),
    (#"{"model":{"type":"Odd"}}"#, "Odd", "model"),
    (#"{"model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}}"#, "vocabulary", "model.merges[0]"),
    (#"{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}"#, "id", "model.vocab"),
    (#"{"model":{"type":"WordPiece","vocab":{"a":0}}}"#, "[UNK]", "model"),
    (
      #"{"model":{"type":"BPE","vocab":{},"merges":[]},"pre_tokenizer":{"type":"Split","pattern":{"Regex":"("},"behavior":"Isolated"}}"#,
      "(", "pre_tokenizer.pattern"
    ),
    ("{}", "missing", "model"), ("", "breaks off", "byte 0"), ("[", "breaks off", "byte 1"),
    (String(repeating: "[", count: 100_000), "in one another", "byte"),
  ])
  func whatIsNotUnderstoodIsNamed(json: String, word: String, place: String) {
    do {
      _ = try Tokenizer(json: json)
      Issue.record("no error")
    } catch let error as ZooError {
      #expect(error.message.contains(word), "\(error)")
      #expect(error.location?.contains(place) == true, "\(error)")
    } catch {
      Issue.record(error)
    }
  }
}
