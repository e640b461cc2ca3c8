import Foundation
import Testing
import Tokenizers
import ZooCore

@testable import ModelZoo

/// Texts that have to have a form, over a vocabulary whose tokens end anywhere.
@Suite struct TextFormTests {
  private static let tokens =
    [
      "<end>", "{", "}", "{\"", "a", "\":", " ", "1", "12", ",", "\"", "true", "tr", "ue", "}}", "b\":", "x", "[", "]",
      "null",
    ]

  private func form(_ format: GenerationOptions.Format) throws -> TextForm {
    var metadata = TokenizerMetadata(model: "llama", tokens: Self.tokens.map { $0 == " " ? "▁" : $0 })
    metadata.scores = Self.tokens.map { _ in 0 }
    metadata.kinds = [3] + Array(repeating: 1, count: Self.tokens.count - 1)
    metadata.ids = ["eos": 0]
    metadata.flags = ["add_space_prefix": false]
    return try #require(try TextForm(format, Tokenizer(metadata), endTokens: [0]))
  }

  private func fitting(_ form: TextForm) throws -> Set<String> {
    let scores = try form.fitting(Self.tokens.indices.map { -Float($0) }, one: false)
    return Set(scores.indices.filter { scores[$0] > -.infinity }.map { Self.tokens[$0] })
  }

  @Test func tokensThatFit() throws {
    var form = try form(
      .schema(#"{"properties": {"a": {"type": "integer"}, "b": {"type": "boolean"}}, "required": ["a"]}"#))
    #expect(try fitting(form) == ["{", "{\"", " "])
    func append(_ texts: String...) throws {
      for text in texts { try form.append(try #require(Self.tokens.firstIndex(of: text))) }
    }
    try append("{\"")
    #expect(try fitting(form) == ["a"])
    try append("a")
    #expect(try fitting(form) == ["\":", "\""])
    try append("\":", " ")
    #expect(try fitting(form) == ["1", "12"])
    try append("12")
    #expect(try fitting(form) == ["1", "12", ",", "}", " "])
    try append(",", "\"")
    #expect(try fitting(form) == ["b\":"])
    try append("b\":", "tr")
    #expect(try fitting(form) == ["ue"])
    try append("ue", "}")
    #expect(!form.canGoOn)
    #expect(try fitting(form) == ["<end>"])
  }

  @Test func theBestOneIsEnough() throws {
    let form = try form(.json)
    let scores = try form.fitting(Self.tokens.indices.map { Float($0) }, one: true)
    #expect(scores.filter { $0 > -.infinity } == [6])
  }

  @Test func vocabulariesThatCanNotGoOn() throws {
    var form = try form(.schema(#"{"const": "z"}"#))
    try form.append(10)
    #expect(throws: ZooError.self) { try fitting(form) }
  }
}
