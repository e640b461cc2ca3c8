import Foundation
import SafetensorsFormat
import TestSupport
import Testing
import ZooCore
import TensorFiles

/// What is written is read again, here and by the safetensors package.
@Suite struct RoundTripTests {
  static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("safetensors_files.py").path

  static let sample: TensorFile = {
    var tensors: [NamedTensor] = []
    for type in ElementType.allCases where ![.string, .complex128, .uint4, .int4, .uint2, .int2].contains(type) {
      let tensor = try! Tensor(type: type, shape: [2, 4]) { bytes in
        for index in bytes.indices { bytes[index] = type == .bool ? UInt8(index % 2) : UInt8(index * 7 % 120) }
      }
      tensors.append(NamedTensor(name: "of \(type.name)", tensor: StoredTensor(tensor)))
    }
    tensors.append(NamedTensor(name: "é \"\\\n", tensor: StoredTensor(try! Tensor([1.5 as Float], shape: []))))
    tensors.append(NamedTensor(name: "a", tensor: StoredTensor(try! Tensor([] as [Int64], shape: [0, 3]))))
    return TensorFile(
      tensors: tensors, metadata: [Property(key: "format", value: "pt"), Property(key: "b\"", value: "e\u{301}\t")])
  }()

  @Test func nothingIsLost() throws {
    try withFolder { folder in
      let path = "\(folder)/a.safetensors"
      try SafetensorsFormat.write(Self.sample, to: path)
      try Data(contentsOf: URL(fileURLWithPath: path)).withUnsafeBytes { #expect(SafetensorsFormat.sniff($0)) }
      let file = try SafetensorsFormat.read(path)
      #expect(file.metadata == Self.sample.metadata)
      #expect(file.tensors.map(\.name) == Self.sample.tensors.map(\.name))
      for (read, written) in zip(file.tensors, Self.sample.tensors) {
        #expect(read.tensor.type == written.tensor.type && read.tensor.shape == written.tensor.shape)
        let bytes = try [read, written].map { try $0.tensor.load().withUnsafeBytes { Array($0) } }
        #expect(bytes[0] == bytes[1], "\(read.name)")
      }
    }
  }

  @Test func modelsInSeveralFilesAreRead() throws {
    try withFolder { folder in
      let tensor = StoredTensor(try Tensor([1, 2] as [Float], shape: [2]))
      for (file, name) in [("1.safetensors", "x"), ("2.safetensors", "y")] {
        try SafetensorsFormat.write(
          TensorFile(tensors: [NamedTensor(name: name, tensor: tensor)]), to: "\(folder)/\(file)")
      }
      let index = "\(folder)/model.safetensors.index.json"
      func write(_ map: String) throws {
        try Data(#"{"metadata":{"total_size":16},"weight_map":{\#(map)}}"#.utf8).write(to: URL(fileURLWithPath: index))
      }
      try write(#""y":"2.safetensors","x":"1.safetensors""#)
      #expect(try SafetensorsFormat.read(index).tensors.map(\.name) == ["y", "x"])
      try write(#""z":"1.safetensors""#)
      #expect(throws: ZooError.self) { try SafetensorsFormat.read(index) }
      try write(#""x":"3.safetensors""#)
      let error = try #require(throws: ZooError.self) { try SafetensorsFormat.read(index) }
      #expect(error.kind == .notFound)
    }
  }

  @Test func whatCannotBeWrittenIsAnError() throws {
    try withFolder { folder in
      let tensor = StoredTensor(try Tensor([1] as [Float], shape: [1]))
      let text = StoredTensor(try Tensor(strings: [[65]], shape: [1]))
      for tensors in [[("a", tensor), ("a", tensor)], [("a", text)], [("__metadata__", tensor)]] {
        let file = TensorFile(tensors: tensors.map { NamedTensor(name: $0.0, tensor: $0.1) })
        #expect(throws: ZooError.self) { try SafetensorsFormat.write(file, to: "\(folder)/a") }
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/a"))
      }
    }
  }

  @Test(.needs(.python("safetensors"))) func whatThePackageReadsIsRead() throws {
    struct Judgement: Decodable {
      var names: [String]?
      var metadata: [String: String]?
    }
    try withFolder { folder in
      try Python.run(Self.script, "variations", folder)
      let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/judgements.json"))
      let judgements = try JSONDecoder().decode([String: Judgement].self, from: data)
      let good = judgements.count { $0.value.names != nil }
      #expect(good == 32)
      #expect(judgements.count == 99)
      for (name, judgement) in judgements {
        let path = "\(folder)/\(name)"
        guard let names = judgement.names else {
          #expect(throws: ZooError.self, "\(name)") { try SafetensorsFormat.read(path) }
          continue
        }
        try Data(contentsOf: URL(fileURLWithPath: path)).withUnsafeBytes {
          #expect(SafetensorsFormat.sniff($0), "\(name)")
        }
        do {
          let file = try SafetensorsFormat.read(path)
          #expect(file.tensors.map(\.name).sorted() == names, "\(name)")
          let metadata = Dictionary(uniqueKeysWithValues: file.metadata.map { ($0.key, $0.value) })
          #expect(metadata == judgement.metadata, "\(name)")
          for item in file.tensors where item.tensor.type == .bool {
            // Any other number than 0 is true.
            let values = try item.tensor.load().withUnsafeBytes { Array($0) }
            #expect(values == (name == "truth-0" ? [0, 1] : [1, 1]))
          }
        } catch {
          Issue.record("\(name): \(error)")
        }
      }
    }
  }

  @Test(.needs(.python("safetensors"))) func thePackagesFilesAreRead() throws {
    try withFolder { folder in
      try Python.run(Self.script, "write", folder)
      let file = try SafetensorsFormat.read("\(folder)/types.safetensors")
      #expect(Set(file.metadata) == [Property(key: "format", value: "np"), Property(key: "a \"text\"", value: "é\n")])
      #expect(file.tensors.count == 15)
      func tensor(_ name: String) throws -> Tensor {
        try #require(file.tensors.first { $0.name == name }).tensor.load()
      }
      #expect(try tensor("of float32").elements(Float.self) == [0, 1, 0, 1, 0, 1])
      #expect(try tensor("of uint64").elements(UInt64.self) == [0, 1, 0, 1, 0, 1])
      #expect(try tensor("of bool").elements(Bool.self) == [false, true, false, true, false, true])
      #expect(try tensor("scalar").elements(Float.self) == [1.5])
      #expect(try tensor("empty").shape == [0, 4])
      #expect(try tensor("e\u{301} \"\\").elements(Float.self) == [1, 1, 1])
    }
  }

  @Test(.needs(.python("safetensors"))) func thePackageReadsTheFiles() throws {
    try withFolder { folder in
      let path = "\(folder)/a.safetensors"
      var sample = Self.sample
      sample.tensors.removeAll { ![.float32, .int64, .bool, .uint16].contains($0.tensor.type) }
      try SafetensorsFormat.write(sample, to: path)
      let read = try #require(
        try JSONSerialization.jsonObject(with: Data(Python.run(Self.script, "check", path).utf8)) as? [String: Any])
      #expect(read["metadata"] as? [String: String] == ["format": "pt", "b\"": "e\u{301}\t"])
      let tensors = try #require(read["tensors"] as? [String: [Any]])
      #expect(tensors.count == sample.tensors.count)
      #expect(tensors["é \"\\\n"]?[2] as? [Double] == [1.5])
      #expect(tensors["a"]?[1] as? [Int] == [0, 3])
      #expect(tensors["of bool"]?[2] as? [Double] == [0, 1, 0, 1, 0, 1, 0, 1])
    }
  }
}
