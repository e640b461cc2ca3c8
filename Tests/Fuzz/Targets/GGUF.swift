import GGUFFormat
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
