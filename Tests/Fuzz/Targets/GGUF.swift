import GGUFFormat
import TransformerDecoder
import WeightBlocks
import ZooCore

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
      if LanguageModel.isIn(file) { do { _ = try LanguageModel.model(gguf: file) } catch is ZooError {} }
      try GGUFFormat.write(file, to: Scratch.path("output"))
    }
  }
}
