import GGUFFormat
import ModelZoo
import Tokenizers
import TransformerDecoder
import WeightBlocks
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
      let table = try Tensor([Float](repeating: 1, count: 512), shape: [8, 64])
      let model = TensorFile(
        tensors: [NamedTensor(name: "token_embd.weight", tensor: StoredTensor(table))],
        metadata: [
          ("general.architecture", "gemma3"), ("gemma3.block_count", "uint32:1"), ("gemma3.context_length", "uint32:8"),
          ("gemma3.embedding_length", "uint32:64"), ("gemma3.feed_forward_length", "uint32:64"),
          ("gemma3.attention.head_count", "uint32:2"), ("gemma3.attention.sliding_window", "uint32:4"),
          ("gemma3.rope.scaling.type", "yarn"), ("gemma3.rope.scaling.factor", "float32:2.0"),
        ].map { Property(key: $0.0, value: $0.1) })
      return [
        try Scratch.written { try GGUFFormat.write(model, to: $0) },
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
      if LanguageModel.isIn(file) {
        do { _ = try LanguageModel.model(gguf: file, GGUFMetadata(file.metadata)) } catch is ZooError {}
      }
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
      guard let metadata = try TokenizerMetadata(GGUFFormat.readModel(path).metadata) else { return }
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
