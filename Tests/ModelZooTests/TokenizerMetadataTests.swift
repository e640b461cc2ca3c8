import Foundation
import GGUFFormat
import TestSupport
import Testing
import Tokenizers
import ZooCore

@testable import ModelZoo
import TensorFiles

/// Tokenizers out of GGUF files.
@Suite struct TokenizerMetadataTests {
  private static let properties = [
    ("general.architecture", "llama"), ("general.name", "A model"), ("tokenizer.ggml.model", "llama"),
    ("tokenizer.ggml.pre", "default"),
    ("tokenizer.ggml.tokens", #"array:string:["<unk>","<s>","▁","h\"\\,\u000a","▁h"]"#),
    ("tokenizer.ggml.scores", "array:float32:[0.0,0.0,-1.5,-2.0,-1e-05]"),
    ("tokenizer.ggml.token_type", "array:int32:[2,3,1,1,1]"), ("tokenizer.ggml.merges", #"array:string:["▁ h"]"#),
    ("tokenizer.ggml.bos_token_id", "uint32:1"), ("tokenizer.ggml.unknown_token_id", "int32:0"),
    ("tokenizer.ggml.padding_token_id", "int32:-1"), ("tokenizer.ggml.add_bos_token", "bool:true"),
    ("tokenizer.ggml.add_space_prefix", "bool:false"), ("tokenizer.ggml.precompiled_charsmap", "array:int8:[-1,0,127]"),
  ].map { Property(key: $0.0, value: $0.1) }

  /// Written to a file and read again.
  @Test func metadataAreReadFromFiles() throws {
    try withFolder { folder in
      let path = folder + "/a.gguf"
      try GGUFFormat.write(TensorFile(tensors: [], metadata: Self.properties), to: path)
      let metadata = try #require(try TokenizerMetadata(GGUFFormat.readModel(path).metadata))
      #expect(metadata.model == "llama")
      #expect(metadata.preTokenizer == "default")
      #expect(metadata.tokens == ["<unk>", "<s>", "▁", "h\"\\,\n", "▁h"])
      #expect(metadata.scores == [0, 0, -1.5, -2, -1e-5])
      #expect(metadata.kinds == [2, 3, 1, 1, 1])
      #expect(metadata.merges == ["▁ h"])
      #expect(metadata.ids == ["bos": 1, "unknown": 0])
      #expect(metadata.flags == ["add_bos_token": true, "add_space_prefix": false])
      #expect(metadata.characterMap == [255, 0, 127])
      #expect(metadata.architecture == "llama")
      #expect(metadata.name == "A model")
    }
    #expect(try TokenizerMetadata(GGUFMetadata([])) == nil)
  }

  @Test(arguments: ["tokens", "merges", "scores", "token_type"]) func valuesOfOtherTypesAreNamed(_ name: String) throws
  {
    let properties = Self.properties.map {
      $0.key == "tokenizer.ggml.\(name)" ? Property(key: $0.key, value: "uint32:1") : $0
    }
    let error = #expect(throws: ZooError.self) { try TokenizerMetadata(GGUFMetadata(properties)) }
    #expect(error?.location == "tokenizer.ggml.\(name)")
  }

  /// Files of vocabularies with texts and their tokens beside them (NAME.gguf.inp, NAME.gguf.out), as llama.cpp has them, in
  /// the folder that `ZOO_GGUF_VOCABULARIES` names.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["ZOO_GGUF_VOCABULARIES"] != nil))
  func publishedVocabulariesGiveTheirTokens() throws {
    let folder = try #require(ProcessInfo.processInfo.environment["ZOO_GGUF_VOCABULARIES"])
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".gguf.inp") }
    #expect(!names.isEmpty)
    for name in names {
      let path = "\(folder)/\(name.dropLast(".inp".count))"
      let metadata = try #require(try TokenizerMetadata(GGUFFormat.readModel(path).metadata))
      let tokenizer = try Tokenizer(metadata)
      let texts = try String(contentsOfFile: path + ".inp", encoding: .utf8)
        .components(separatedBy: "\n__ggml_vocab_test__\n")
      let lines = try String(contentsOfFile: path + ".out", encoding: .utf8).components(separatedBy: "\n")
      for (text, line) in zip(texts.dropLast(), lines) {
        let ids = try tokenizer.encode(text, addingSpecialTokens: false, parsingSpecialTokens: false)
        #expect(ids == line.split(separator: " ").compactMap { Int32($0) }, "\(name): \(text.debugDescription)")
      }
    }
  }
}
