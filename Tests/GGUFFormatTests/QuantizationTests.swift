import GGUFFormat
import NumPyFormat
import TensorFiles
import TestSupport
import Testing
import WeightBlocks
import ZooCore

/// Blocks that are made here beside the gguf package.
@Suite struct QuantizationTests {
  /// Numbers as weights have them: sums of twelve even ones, some rows with an outlier, one of zeros, one that is constant.
  private static func weights() throws -> StoredTensor {
    var state: UInt64 = 7
    func even() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) / Float(1 << 24) - 0.5
    }
    var numbers = (0..<16 * 512).map { _ in (0..<12).reduce(Float(0)) { sum, _ in sum + even() } * 0.03 }
    for row in 4..<8 { numbers[row * 512 + 37 * row] = 0.4 }
    for place in 0..<512 {
      numbers[8 * 512 + place] = 0
      numbers[9 * 512 + place] = 0.25
      numbers[10 * 512 + place] = numbers[10 * 512 + place].magnitude
      numbers[11 * 512 + place] *= 1e-30
      numbers[12 * 512 + place] *= 1e4
    }
    return StoredTensor(try Tensor(numbers, shape: [16, 512]))
  }

  @Test(.needs(.python("gguf"))) func blocksAreWhatThePackageReads() throws {
    try withFolder { folder in
      let numbers = try Self.weights()
      var blocks: [NamedTensor] = []
      var read: [NamedTensor] = []
      for type in GGUFType.quantizable {
        let bytes = try #require(try numbers.quantized(toBlocksOf: type))
        blocks.append(NamedTensor(name: type.name, tensor: bytes))
        let values = try #require(try bytes.dequantized(fromBlocksOf: type))
        read.append(NamedTensor(name: type.name, tensor: values))
        // In pieces from anywhere.
        let whole = try bytes.load().withUnsafeBytes { Array($0) }
        var part = [UInt8](repeating: 0, count: 700)
        try part.withUnsafeMutableBytes { try bytes.read(into: $0, at: 311) }
        #expect(part == Array(whole[311..<1011]))
      }
      try NumPyFormat.write(
        TensorFile(tensors: [NamedTensor(name: "numbers", tensor: numbers)]), to: "\(folder)/numbers.npz")
      try NumPyFormat.write(TensorFile(tensors: blocks), to: "\(folder)/blocks.npz")
      try NumPyFormat.write(TensorFile(tensors: read), to: "\(folder)/read.npz")
      var errors: [String: Double] = [:]
      for line in try Python.run(script, "quantize", folder).split(separator: "\n") {
        let words = line.split(separator: " ").map(String.init)
        // The package makes the same blocks, where it makes any.
        #expect(words[1] != "False", "\(line)")
        errors[words[0]] = Double(words[2])
      }
      // Of normal numbers, in root mean square: what the number of bits lets one expect.
      let most = [
        "Q2_K": 0.29, "Q3_K": 0.152, "IQ4_XS": 0.077, "Q4_0": 0.10, "Q4_K": 0.072, "IQ4_NL": 0.077, "Q4_1": 0.085,
        "Q5_0": 0.05, "Q5_K": 0.0365, "Q5_1": 0.042, "Q6_K": 0.018, "Q8_0": 0.006,
      ]
      #expect(errors.count == most.count)
      for (name, error) in errors { #expect(error < most[name] ?? 0, "\(name)") }
    }
  }

  @Test func whatIsNotFiniteReadsAsNone() throws {
    for odd in [Float.infinity, -.infinity, .nan] {
      var numbers = [Float](repeating: 0.5, count: 512)
      numbers[300] = odd
      let tensor = StoredTensor(try Tensor(numbers, shape: [1, 512]))
      for type in GGUFType.quantizable {
        let bytes = try #require(try tensor.quantized(toBlocksOf: type))
        let values = try #require(try bytes.dequantized(fromBlocksOf: type)).load().elements(Float.self)
        let first = 300 / type.blockCount * type.blockCount
        for (place, value) in values.enumerated() {
          let isIn = (first..<first + type.blockCount).contains(place)
          #expect(isIn ? value.isNaN : value.isFinite, "\(type.name) \(place)")
        }
      }
    }
  }

  @Test func greatAndSmallNumbersEndNothing() throws {
    for scale in [Float.greatestFiniteMagnitude, 1e20, 1e-20, .leastNormalMagnitude, .leastNonzeroMagnitude] {
      let numbers = (0..<256).map { Float($0 % 5 - 2) / 2 * scale }
      let tensor = StoredTensor(try Tensor(numbers, shape: [1, 256]))
      for type in GGUFType.quantizable { _ = try tensor.quantized(toBlocksOf: type)?.load() }
    }
  }

  @Test func rowsThatAreNoWholeBlocksFallBack() throws {
    let odd = StoredTensor(try Tensor([Float](repeating: 0.5, count: 2 * 96), shape: [2, 96]))
    let expected: [GGUFType: GGUFType] = [
      .q2_k: .iq4_nl, .q3_k: .iq4_nl, .iq4_xs: .iq4_nl, .q4_k: .q5_0, .q5_k: .q5_1, .q6_k: .q8_0, .q4_0: .q4_0,
    ]
    for (type, other) in expected {
      #expect(GGUFFormat.type(of: try #require(try GGUFFormat.quantized(odd, as: type))) == other)
    }
    let narrow = StoredTensor(try Tensor([Float](repeating: 0.5, count: 2 * 48), shape: [2, 48]))
    #expect(try GGUFFormat.quantized(narrow, as: .q4_k) == nil)
  }
}
