import GGUFFormat
import ModelZoo
import Tokenizers
import ZooCore
import TensorFiles

extension FuzzTarget {
  static let gguf = FuzzTarget(
    name: "gguf",
    seeds: {
      let types = Set(GGUFType.allCases.compactMap(\.elementType))
      let rows = try Tensor((0..<128).map { Float($0) / 7 }, shape: [2, 64])
      let tensors = try sampleTensors(types: types.contains) + [NamedTensor(name: "rows", tensor: StoredTensor(rows))]
      let file = TensorFile(tensors: tensors, metadata: [Property(key: "general.architecture", value: "none")])
      return [
        try Scratch.written { try GGUFFormat.write(file, to: $0) },
        try Scratch.written { try GGUFFormat.write(file, to: $0, storage: .q8_0) },
      ]
    }
  ) { bytes in
    _ = GGUFFormat.sniff(bytes)
    try Scratch.withFile(bytes) { path in
      let file = try GGUFFormat.read(path)
      // Types that are only copied throw when they are read.
      for item in file.tensors { do { try readElements([item]) } catch is ZooError {} }
      try GGUFFormat.write(file, to: Scratch.path("output"))
    }
  }
}

extension FuzzTarget {
  /// The tokenizer that a file's metadata describe encodes and decodes, too.
  static let ggufTokenizer = FuzzTarget(
    name: "gguf-tokenizer",
    seeds: {
      let bytes = (0..<256).map { "\"<0x\(String($0 + 256, radix: 16, uppercase: true).dropFirst())>\"" }
      let common = [
        ("add_bos_token", "bool:true"), ("bos_token_id", "uint32:1"), ("unknown_token_id", "uint32:0"),
        ("token_type", "array:int32:[2,3,1,1,1,4]"), ("scores", "array:float32:[0,0,-3,-2,-1.5,0]"),
        ("precompiled_charsmap", "array:uint8:[4,0,0,0,0,4,0,0,97,0]"), ("remove_extra_whitespaces", "bool:true"),
      ]
      let models: [[(String, String)]] = [
        [("model", "llama"), ("tokens", "array:string:[\"<unk>\",\"<s>\",\"▁\",\"h\",\"▁h\",\"<b>\"]")],
        [("model", "llama"), ("tokens", "array:string:[\(bytes.joined(separator: ","))]")],
        [("model", "t5"), ("tokens", "array:string:[\"<unk>\",\"<s>\",\"▁\",\"h\",\"▁h\",\"<b>\"]")],
        [("model", "bert"), ("tokens", "array:string:[\"[UNK]\",\"[CLS]\",\"▁h\",\"e\",\"▁\",\"[SEP]\"]")],
        [
          ("model", "gpt2"), ("pre", "llama-bpe"),
          ("tokens", "array:string:[\"a\",\"<s>\",\"Ġ\",\"h\",\"Ġh\",\"<b>\"]"),
          ("merges", "array:string:[\"Ġ h\"]"),
        ],
        [
          ("model", "gemma4"), ("tokens", "array:string:[\"a\",\"<s>\",\"▁\",\"h\",\"▁h\",\"\\u000a\\u000a\"]"),
          ("merges", "array:string:[\"▁ h\"]"),
        ],
      ]
      return try models.map { model in
        let metadata = (model + common).map { Property(key: "tokenizer.ggml.\($0.0)", value: $0.1) }
        return try Scratch.written { try GGUFFormat.write(TensorFile(tensors: [], metadata: metadata), to: $0) }
      }
    }
  ) { bytes in
    try Scratch.withFile(bytes) { path in
      guard let metadata = try TokenizerMetadata(GGUFFormat.read(path).metadata) else { return }
      let tokenizer = try Tokenizer(metadata)
      for text in ["", " hello  wörld! 123\n\nI'm", "<s>h<b>", "\u{1F600} e\u{301}\u{0}\t 你好"] {
        for special in [false, true] {
          let ids = try tokenizer.encode(text, parsingSpecialTokens: special)
          var decoder = IncrementalDecoder(tokenizer)
          for id in ids { _ = try decoder.append(id) }
          _ = try decoder.finish()
        }
      }
    }
  }
}
