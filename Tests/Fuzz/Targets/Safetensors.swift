import SafetensorsFormat
import ZooCore
import TensorFiles

extension FuzzTarget {
  static let safetensors = FuzzTarget(
    name: "safetensors",
    seeds: {
      let file = TensorFile(
        tensors: try sampleTensors(types: SafetensorsFormat.holds), metadata: [Property(key: "format", value: "pt")])
      return [
        try Scratch.written { try SafetensorsFormat.write(file, to: $0) },
        try Scratch.written { try SafetensorsFormat.write(TensorFile(tensors: []), to: $0) },
      ]
    }
  ) { bytes in
    _ = SafetensorsFormat.sniff(bytes)
    try Scratch.withFile(bytes) { try readElements(SafetensorsFormat.read($0).tensors) }
  }

  static let shardIndex = FuzzTarget(
    name: "safetensors-index",
    seeds: {
      [
        #"{"metadata":{"total_size":4},"weight_map":{"a":"a.safetensors"}}"#, #"{"weight_map":{}}"#,
        #"{"weight_map":{"a":"../a.safetensors","b":"a.safetensors"}}"#,
      ].map { Array($0.utf8) }
    }
  ) { bytes in
    let shard = "\u{38}\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}   1234"
    var text = shard
    try text.withUTF8 { try Scratch.withFile(UnsafeRawBufferPointer($0), name: "a.safetensors") { _ in } }
    try Scratch.withFile(bytes, name: "model.safetensors.index.json") {
      try readElements(SafetensorsFormat.read($0).tensors)
    }
  }
}
