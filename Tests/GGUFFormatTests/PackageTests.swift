import Foundation
import GGUFFormat
import WeightBlocks
import NumPyFormat
import TestSupport
import Testing
import ZooCore
import TensorFiles

/// Files of the gguf package read here, and ours read by it.
@Suite struct PackageTests {
  @Test(.needs(.python("gguf"))) func thePackagesFilesAreReadAndCopied() throws {
    try withFolder { folder in
      try Python.run(script, "write", folder)
      let path = "\(folder)/types.gguf"
      let file = try GGUFFormat.read(path)
      #expect(try bytes(of: path).withUnsafeBytes { GGUFFormat.sniff($0) })
      func value(_ key: String) -> String? { file.metadata.first { $0.key == key }?.value }
      #expect(value("general.architecture") == "odd")
      #expect(value("of.INT64") == "int64:-9223372036854775808")
      #expect(value("of.UINT64") == "uint64:18446744073709551615")
      #expect(value("of.FLOAT32.0") == "float32:0.1")
      #expect(value("of.FLOAT32.1") == "float32:-0.0")
      #expect(value("of.FLOAT64.5") == "float64:5e-324")
      #expect(value("of.BOOL") == "bool:true")
      #expect(value("list.INT8") == "array:int8:[-128,0,1]")
      #expect(value("text.0") == "plain")
      #expect(value("text.3") == "string:uint32:7")
      #expect(value("bytes") == "bytes:ff00")
      #expect(value("tokens")?.hasPrefix("array:string:[\"<s>\",\"▁a\",") == true)

      // Blocks, as the package dequantizes them: whole, and in pieces from anywhere.
      let expected = try NumPyFormat.read("\(folder)/dequantized.npz").tensors
      #expect(expected.count == 23)
      for item in expected {
        let tensor = try #require(file.tensors.first { $0.name == item.name }).tensor
        #expect(GGUFFormat.type(of: tensor).map { "blocks.\($0.name)" } == item.name)
        #expect(tensor.type == .float32 && tensor.shape == item.tensor.shape && tensor.readsInPieces)
        let numbers = try Self.bits(tensor)
        #expect(try numbers == Self.bits(item.tensor), "\(item.name)")
        for range in [0..<1, 31..<33, 200..<600, numbers.count - 7..<numbers.count, 0..<numbers.count, 256..<512] {
          var part = [Float](repeating: 0, count: range.count)
          try part.withUnsafeMutableBytes { try tensor.read(into: $0, at: 4 * range.lowerBound) }
          #expect(part.map(Self.bits) == Array(numbers[range]), "\(item.name) \(range)")
        }
      }
      let other = try #require(file.tensors.first { $0.name == "blocks.Q8_K" }).tensor
      #expect(throws: ZooError.self) { try other.load() }

      // A copy is the same file: every value, every block, whatever its type.
      try GGUFFormat.write(file, to: "\(folder)/copy.gguf")
      #expect(try Python.run(script, "show", "\(folder)/copy.gguf") == Python.run(script, "show", path))
    }
  }

  /// What is no number is all the same: which one comes of two depends on the order of a sum's operands.
  private static func bits(_ number: Float) -> UInt32 { number.isNaN ? 0x7FC0_0000 : number.bitPattern }
  private static func bits(_ tensor: StoredTensor) throws -> [UInt32] {
    try tensor.load().elements(Float.self).map(bits)
  }

  @Test(.needs(.python("gguf"))) func thePackageReadsAndQuantizesTheSame() throws {
    try withFolder { folder in
      var tensors: [NamedTensor] = []
      func add(_ name: String, _ tensor: Tensor) {
        tensors.append(NamedTensor(name: name, tensor: StoredTensor(tensor)))
      }
      var generator = SystemRandomNumberGenerator()
      let count = 96 * 64
      let least = Float.leastNonzeroMagnitude
      let scales: [Float] = [1, 1e-3, 1e30, 1e-38, least * 7000, least * 2, 7e6, 1e7]
      for (index, scale) in scales.enumerated() {
        let numbers = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) * scale }
        add("numbers.\(index)", try Tensor(numbers, shape: [3, 32, 64]))
      }
      // Ties, zeros of both signs, infinities, and what is no number.
      var ties: [Float] = (0..<64).map { Float($0) / 2 }
      (ties[1], ties[40]) = (127, -127)
      add("ties", try Tensor(ties, shape: [1, 64]))
      var odd = [Float](repeating: -0.0, count: 128)
      odd[40] = .infinity
      odd[41] = -1
      odd[70] = -.infinity
      odd[100] = .nan
      odd[101] = 3
      add("odd", try Tensor(odd, shape: [2, 64]))
      add("doubles", try Tensor((0..<64).map { Double($0) * 1.7e-3 }, shape: [2, 32]))
      add(
        "halves",
        try Tensor(type: .float16, shape: [4, 32]) { for index in $0.indices { $0[index] = UInt8(index * 7 % 120) } })
      add("vector", try Tensor([1.5, .nan, -0.0] as [Float], shape: [3]))
      add("narrow", try Tensor([Float](repeating: 0.1, count: 62), shape: [2, 31]))
      add("scalar", try Tensor([2.5] as [Float], shape: []))
      add("empty", try Tensor([Float](), shape: [0, 32]))
      add("integers", try Tensor([Int64](repeating: -1, count: 64), shape: [2, 32]))
      add("bytes", try Tensor([Int8](repeating: -1, count: 64), shape: [1, 1, 2, 32]))
      let file = TensorFile(tensors: tensors, metadata: [Property(key: "general.name", value: "numbers")])
      try NumPyFormat.write(file, to: "\(folder)/numbers.npz")
      try GGUFFormat.write(file, to: "\(folder)/ours.gguf", storage: .q8_0)
      let ours = try GGUFFormat.read("\(folder)/ours.gguf")
      try NumPyFormat.write(ours, to: "\(folder)/read.npz")
      #expect(try Python.run(script, "check", folder) == "12\n")
      #expect(ours.metadata.contains(Property(key: "general.quantization_version", value: "uint32:2")))
      // Quantizing without a file gives the same numbers, also in pieces.
      for (item, written) in zip(tensors, ours.tensors) {
        guard let quantized = try GGUFFormat.quantized(item.tensor, as: .q8_0) else {
          #expect(GGUFFormat.type(of: written.tensor) == nil)
          #expect(try bytes(of: item.tensor) == bytes(of: written.tensor))
          continue
        }
        #expect(GGUFFormat.type(of: quantized) == .q8_0)
        let numbers = try Self.bits(quantized)
        #expect(try numbers == Self.bits(written.tensor), "\(item.name)")
        guard numbers.count > 50 else { continue }
        var part = [Float](repeating: 0, count: 40)
        try part.withUnsafeMutableBytes { try quantized.read(into: $0, at: 4 * 9) }
        #expect(part.map(Self.bits) == Array(numbers[9..<49]))
      }
    }
  }

  @Test func whatIsExactStaysExact() throws {
    try withFolder { folder in
      var tensors: [NamedTensor] = []
      for type in [ElementType.float32, .float16, .bfloat16, .float64, .int8, .int16, .int32, .int64] {
        for shape in [[2, 3], [], [0, 5], [7, 1, 2, 1]] {
          let tensor = try Tensor(type: type, shape: shape) {
            for index in $0.indices { $0[index] = UInt8(index * 73 % 256) }
          }
          tensors.append(NamedTensor(name: "\(type.name).\(shape)", tensor: StoredTensor(tensor)))
        }
      }
      let special: [UInt32] = [0x7FA0_0001, 0xFFC1_2345, 0xFF80_0000, 0x7F80_0000, 0x8000_0000, 1]
      let floats = try Tensor(special.map { Float(bitPattern: $0) }, shape: [6])
      tensors.append(NamedTensor(name: "e\u{301}", tensor: StoredTensor(floats)))
      tensors.append(NamedTensor(name: "\u{e9}", tensor: StoredTensor(floats)))
      let metadata = [
        Property(key: "general.alignment", value: "uint32:128"), Property(key: "format", value: "pt"),
        Property(key: "odd", value: "array:uint8:[1,2,300]"), Property(key: "nan", value: "float32:0x7fa00001"),
        Property(key: "deep", value: #"array:array:["uint8:[1]","string:[\"a\",\"b\"]"]"#),
        Property(key: "none", value: "array:float64:[]"), Property(key: "colon", value: "a:b"),
      ]
      try GGUFFormat.write(TensorFile(tensors: tensors, metadata: metadata), to: "\(folder)/a.gguf")
      let file = try GGUFFormat.read("\(folder)/a.gguf")
      // What is no value of its type is a string, and says so.
      var expected = metadata
      expected[2].value = "string:array:uint8:[1,2,300]"
      #expect(file.metadata == expected)
      #expect(file.tensors.map { Array($0.name.utf8) } == tensors.map { Array($0.name.utf8) })
      for (read, written) in zip(file.tensors, tensors) {
        #expect(read.tensor.type == written.tensor.type && read.tensor.shape == written.tensor.shape)
        #expect(try bytes(of: read.tensor) == bytes(of: written.tensor), "\(read.name)")
        #expect(GGUFFormat.type(of: read.tensor) == nil)
      }
      try GGUFFormat.write(file, to: "\(folder)/b.gguf")
      #expect(try bytes(of: "\(folder)/a.gguf") == bytes(of: "\(folder)/b.gguf"))
    }
  }

  @Test func whatCannotBeWrittenIsAnError() throws {
    let tensor = StoredTensor(try Tensor([1] as [Float], shape: [1]))
    let flags = StoredTensor(try Tensor([true], shape: [1]))
    let deep = StoredTensor(try Tensor([1] as [Float], shape: [1, 1, 1, 1, 1]))
    for (tensors, word) in [
      ([("a", tensor), ("a", tensor)], "taken"), ([("a", flags)], "bool"), ([("a", deep)], "5 dimensions"),
      ([(String(repeating: "a", count: 65), tensor)], "64 bytes"),
    ] {
      try withFolder { folder in
        let file = TensorFile(tensors: tensors.map { NamedTensor(name: $0.0, tensor: $0.1) })
        let error = try #require(throws: ZooError.self) { try GGUFFormat.write(file, to: "\(folder)/a.gguf") }
        #expect(error.description.contains(word), "\(error)")
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/a.gguf"))
      }
    }
    let file = TensorFile(tensors: [])
    #expect(throws: ZooError.self) { try GGUFFormat.write(file, to: "/tmp/none.gguf", storage: .iq1_s) }
  }
}
