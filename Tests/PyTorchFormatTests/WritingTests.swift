import Foundation
import PyTorchFormat
import Testing
import ZooCore
import TensorFiles

/// What is written is read again here; `check_written.py` has PyTorch read it.
@Suite struct WritingTests {
  static let sample: TensorFile = {
    var tensors: [NamedTensor] = []
    for type in ElementType.allCases where type.bitWidth >= 8 {
      for shape in [[2, 3], [], [0, 5], [4, 0], [1, 300]] {
        let tensor = try! Tensor(type: type, shape: shape) { bytes in
          for index in bytes.indices { bytes[index] = type == .bool ? UInt8(index % 2) : UInt8(index * 73 % 256) }
        }
        tensors.append(NamedTensor(name: "\(type.name).\(shape)", tensor: StoredTensor(tensor)))
      }
    }
    let special: [UInt32] = [0x7FA0_0001, 0xFFC1_2345, 0xFF80_0000, 0x7F80_0000, 0x8000_0000, 1]
    let floats = special.map { Float(bitPattern: $0) }
    tensors.append(NamedTensor(name: "e\u{301}", tensor: StoredTensor(try! Tensor(floats, shape: [6]))))
    tensors.append(NamedTensor(name: "\u{e9}", tensor: StoredTensor(try! Tensor(floats, shape: [2, 3]))))
    return TensorFile(tensors: tensors, metadata: [Property(key: "a", value: "b")])
  }()

  @Test func nothingIsLost() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).pt").path
    defer { unlink(path) }
    try PyTorchFormat.write(Self.sample, to: path)
    // What zoo keeps for a look with PyTorch by hand.
    if let copy = ProcessInfo.processInfo.environment["ZOO_KEEP_CHECKPOINT"] {
      try PyTorchFormat.write(Self.sample, to: copy)
    }
    let checkpoint = try PyTorchFormat.read(path)
    #expect(checkpoint.path.isEmpty && checkpoint.values.isEmpty)
    #expect(checkpoint.tensors.map { Array($0.name.utf8) } == Self.sample.tensors.map { Array($0.name.utf8) })
    for (read, written) in zip(checkpoint.tensors, Self.sample.tensors) {
      #expect(read.tensor.type == written.tensor.type && read.tensor.shape == written.tensor.shape)
      let bytes = try [read, written].map { try $0.tensor.load().withUnsafeBytes { Array($0) } }
      #expect(bytes[0] == bytes[1], "\(read.name)")
    }
    // Elements lie where kernels can take them.
    let tensor = try #require(checkpoint.tensors.first { $0.tensor.byteCount > 1000 }).tensor
    let places = try (0..<2).map { _ in try tensor.load().withUnsafeBytes { $0.baseAddress } }
    #expect(places[0] == places[1])
    let beginning = try Data(contentsOf: URL(fileURLWithPath: path)).prefix(256)
    #expect(beginning.withUnsafeBytes { PyTorchFormat.sniff($0) })
  }

  @Test func anIndexLeadsToItsFiles() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let named = Self.sample.tensors.prefix(6)
    var places: [String: String] = [:]
    for (part, tensors) in [named.prefix(2), named.dropFirst(2)].enumerated() {
      let name = "pytorch_model-0000\(part + 1)-of-00002.bin"
      try PyTorchFormat.write(TensorFile(tensors: Array(tensors)), to: folder.path + "/" + name)
      for tensor in tensors { places[tensor.name] = name }
    }
    let path = folder.path + "/pytorch_model.bin.index.json"
    func write(_ places: [String: String]) throws {
      let index: [String: Any] = ["metadata": ["total_size": 1], "weight_map": places]
      try JSONSerialization.data(withJSONObject: index).write(to: URL(fileURLWithPath: path))
    }
    try write(places)
    let read = try PyTorchFormat.read(path).tensors
    #expect(Set(read.map(\.name)) == Set(named.map(\.name)) && read.count == 6)
    for item in read {
      let written = try #require(named.first { $0.name == item.name })
      let bytes = try [item, written].map { try $0.tensor.load().withUnsafeBytes { Array($0) } }
      #expect(bytes[0] == bytes[1], "\(item.name)")
    }
    try write(places.mapValues { "../" + $0 })
    #expect(throws: ZooError.self) { try PyTorchFormat.read(path) }
    try write(["missing": "pytorch_model-00001-of-00002.bin"])
    #expect(throws: ZooError.self) { try PyTorchFormat.read(path) }
  }

  @Test func whatPyTorchLacksIsAnError() throws {
    let tensor = StoredTensor(try Tensor([1] as [Float], shape: [1]))
    let small = StoredTensor(try Tensor(type: .int4, shape: [2]) { $0[0] = 0 })
    let text = StoredTensor(try Tensor(strings: [[65]], shape: [1]))
    for (tensors, word) in [
      ([("a", tensor), ("a", tensor)], "taken"), ([("a", small)], "int4"), ([("b", text)], "string"),
    ] {
      let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).pt").path
      let file = TensorFile(tensors: tensors.map { NamedTensor(name: $0.0, tensor: $0.1) })
      let error = try #require(throws: ZooError.self) { try PyTorchFormat.write(file, to: path) }
      #expect(error.description.contains(word), "\(error)")
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test func classesOfProgramsAreNeverRun() throws {
    // A module whose state is a tuple, as packed weights have it, and one with a tensor.
    let tensor = Array(Opcode.tensor().dropFirst(3).dropLast(2))
    let module = Opcode.global("__torch__.torch.classes.quantized", "Packed") + Opcode.emptyTuple + [0x81]
    let packed = module + Opcode.tuple([Opcode.int(3)]) + [UInt8(ascii: "b")]
    let root =
      [0x80, 2] + Opcode.global("__torch__", "M") + Opcode.emptyTuple + [0x81, UInt8(ascii: "}")] + Opcode.mark
      + Opcode.text("packed") + packed + tensor + [UInt8(ascii: "u"), UInt8(ascii: "b")] + Opcode.stop
    let data = [UInt8](repeating: 0, count: 12)
    let checkpoint = try read(Archive([("m/data.pkl", root), ("m/data/0", data), ("m/constants.pkl", [])]).bytes)
    #expect(checkpoint.tensors.map(\.name) == ["w"])
    #expect(checkpoint.values.isEmpty)
  }
}
