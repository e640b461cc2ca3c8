import Testing
import ZooCore

@testable import Tokenizers

/// What a stranger's tokenizer.json makes of a text stays in proportion to the text, and so does the time.
@Suite struct HostileTokenizerTests {
  private static let model = #""model":{"type":"BPE","vocab":{"a":0,"b":1,".":2},"merges":[]}"#

  /// The error of encoding `text`.
  private func failure(_ parts: String, _ text: String = "a.b.") -> String {
    message { _ = try Tokenizer(json: "{\(parts)}").encode(text) }
  }

  private func message(_ body: () throws -> Void) -> String {
    let clock = ContinuousClock()
    var message = "no error"
    let time = clock.measure {
      do { try body() } catch { message = "\(error)" }
    }
    // Unoptimized, on a machine with other work: what is to be caught would take hours.
    #expect(time < .seconds(60))
    return message
  }

  private func list(_ item: String, _ count: Int) -> String {
    "[" + Array(repeating: item, count: count).joined(separator: ",") + "]"
  }

  private func replacing(_ content: Int) -> String {
    #"{"type":"Replace","pattern":{"String":"."},"content":"\#(String(repeating: ".", count: content))"}"#
  }

  @Test func replacementsOfReplacementsEnd() {
    let steps = #"{"type":"Sequence","normalizers":\#(list(replacing(1000), 4))}"#
    #expect(failure(#""normalizer":\#(steps),\#(Self.model)"#).contains("far more of the text"))
    // Sequences in sequences are no way around it.
    let nested = #"{"type":"Sequence","normalizers":\#(list(steps, 2))}"#
    #expect(failure(#""normalizer":\#(nested),\#(Self.model)"#).contains("far more of the text"))
  }

  @Test func beginningsOfManyPartsEnd() {
    let normalizer = #"{"type":"Prepend","prepend":"\#(String(repeating: "a", count: 1 << 20))"}"#
    let tokens = #"[{"id":2,"content":".","special":true,"normalized":false}]"#
    let text = String(repeating: "a.", count: 20)
    #expect(
      failure(#""normalizer":\#(normalizer),"added_tokens":\#(tokens),\#(Self.model)"#, text)
        .contains("far more of the text"))
  }

  @Test func templatesOfTemplatesEnd() {
    let sequence = #"{"Sequence":{"id":"A","type_id":0}}"#
    let template =
      #"{"type":"TemplateProcessing","single":[\#(sequence),\#(sequence)],"pair":[],"special_tokens":{}}"#
    #expect(
      failure(#""post_processor":{"type":"Sequence","processors":\#(list(template, 40))},\#(Self.model)"#)
        .contains("far more of the text"))
  }

  @Test func decodersEnd() throws {
    let decoder = #"{"type":"Sequence","decoders":\#(list(replacing(1000), 4))}"#
    let tokenizer = try Tokenizer(json: #"{"decoder":\#(decoder),\#(Self.model)}"#)
    #expect(message { _ = try tokenizer.decode([2, 2]) }.contains("far more of the text"))
  }

  @Test func longTokensEnd() throws {
    let token = String(repeating: "a", count: 1 << 20)
    let tokenizer = try Tokenizer(
      json: #"{"model":{"type":"WordLevel","unk_token":"\#(token)","vocab":{"\#(token)":0}}}"#)
    #expect(message { _ = try tokenizer.decode(Array(repeating: 0, count: 5_000)) }.contains("far more of the text"))
  }

  /// At each place of the text the whole rest is the beginning of a token that never comes.
  @Test(arguments: [
    #"{"type":"Unigram","unk_id":0,"vocab":[["?",0],["a",-1],["LONGb",-1]]}"#,
    #"{"type":"WordPiece","max_input_chars_per_word":9000000,"unk_token":"?","continuing_subword_prefix":"","vocab":{"?":0,"a":1,"LONGb":2}}"#,
  ])
  func tokensThatNearlyFitEnd(model: String) {
    let long = String(repeating: "a", count: 100_000)
    let model = model.replacing("LONG", with: long)
    let ends = ["far more of the text", "too long for the text"]
    let message = failure(#""model":\#(model)"#, long)
    #expect(ends.contains { message.contains($0) }, "\(message)")
    let added = #""added_tokens":[{"id":7,"content":"\#(long)b","normalized":false}]"#
    let second = failure(#"\#(added),\#(Self.model)"#, long)
    #expect(ends.contains { second.contains($0) }, "\(second)")
  }

  /// Oniguruma's own limit is one for each attempt: a hundred of these took a quarter of an hour for 94 characters.
  @Test func expressionsThatTurnBackEnd() {
    let split = #"{"type":"Split","pattern":{"Regex":"(a|a|aa)+$"},"behavior":"Isolated"}"#
    let text = String(repeating: "a", count: 93) + "b"
    let message = failure(
      #""pre_tokenizer":{"type":"Sequence","pretokenizers":\#(list(split, 100))},\#(Self.model)"#, text)
    #expect(message.contains("can't be applied") || message.contains("too long"), "\(message)")
    let slow = #"{"type":"Split","pattern":{"Regex":"(a|a){14}(?!a)(?<!a)"},"behavior":"Isolated"}"#
    #expect(
      failure(
        #""pre_tokenizer":{"type":"Sequence","pretokenizers":\#(list(slow, 1000))},\#(Self.model)"#,
        String(repeating: "a", count: 300)
      ).contains("too long"))
  }

  /// Attempts that never turn back, one at each place, take time that grows with the square.
  @Test func expressionsThatLookFarEnd() {
    let split = #"{"type":"Split","pattern":{"Regex":"(?>[^b]*)b"},"behavior":"Isolated"}"#
    #expect(
      failure(#""pre_tokenizer":\#(split),\#(Self.model)"#, String(repeating: "a", count: 1_000_000))
        .contains("too long"))
  }

  /// A search in parts finds what one search finds.
  @Test func longTextsAreSearchedAsAWhole() throws {
    let text = Array(String(repeating: "aé b\n", count: 400_000).utf8)
    func matches(_ pattern: String) throws -> [Range<Int>] {
      try RegularExpression(pattern).matches(in: text, Budget(for: text.count))
    }
    #expect(try matches("é b").count == 400_000)
    #expect(try matches("(?<=é) ").count == 400_000)
    #expect(try matches("z").isEmpty)
    #expect(try matches("$").count == 400_000 + 1)
    #expect(try matches(#"b\s\z"#) == [text.count - 2..<text.count])
    // Where a search begins, and goes on behind a match.
    #expect(try matches(#"\Gaé b\n"#).count == 400_000)
    #expect(try matches(#"\Gb"#).isEmpty)
  }

  /// Three characters are a value that takes eight times their memory.
  @Test func documentsOfManyValuesEnd() {
    let values = String(repeating: "[],", count: 9_000_000)
    #expect(message { _ = try Tokenizer(json: "[\(values)1]") }.contains("more than 8388608 values"))
  }

  /// What tokenizers do to ordinary texts is far from the limits, also to short and to long ones.
  @Test(arguments: Fixture.names) func ordinaryTextsAreNoTrouble(name: String) throws {
    let tokenizer = try Tokenizer(json: Fixture(name).tokenizer)
    let text = String(repeating: "Ångström's ﬁne—北京 1,234.5 \u{1F600}\n", count: 5_000)
    #expect(throws: Never.self) { _ = try tokenizer.decode(try tokenizer.encode(text)) }
  }
}
