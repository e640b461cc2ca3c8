import Foundation
import ModelZoo
import TestSupport
import Testing

/// From every format of weights to every other and back: nothing changes.
@Suite struct WeightMatrixTests {
  /// A .npy file holds one tensor and no name, a model of LIBLINEAR the heads of a network.
  private static let writable = WeightsFormat.all.filter { $0.isWritable && $0 != .numpyArray && $0 != .svm }
  private static let pairs = writable.flatMap { first in writable.map { (first.name, $0.name) } }
  private static let shared = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../shared/data").standardizedFileURL.path

  private static func format(_ name: String) throws -> WeightsFormat {
    try #require(writable.first { $0.name == name })
  }

  /// Tensors of `types` with every kind of bits: NaNs of any payload, infinities, signed zeros, denormals; also scalars
  /// and empty ones, and some that are longer than what is read at once.
  private static func tensors(_ types: Set<ElementType>) throws -> [NamedTensor] {
    var state: UInt64 = 1
    func random() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 32
    }
    return try ElementType.allCases.filter { types.contains($0) && $0 != .string }.flatMap { type in
      let shapes = [[3, 8], [], [0, 4], [1, 1, 2], type == .float32 ? [70, 10_007] : [33]]
      return try shapes.enumerated().map { index, shape in
        let tensor = try Tensor(type: type, shape: shape) { bytes in
          for place in bytes.indices { bytes[place] = UInt8(truncatingIfNeeded: random()) & (type == .bool ? 1 : 255) }
          // Bits behind the last element are none of its.
          let used = shape.reduce(1, *) * type.bitWidth % 8
          if used > 0 { bytes[bytes.count - 1] &= 1 << UInt8(used) - 1 }
        }
        return NamedTensor(name: "block.\(7 - index).\(type.name)", tensor: StoredTensor(tensor))
      }
    }
  }

  private static func check(_ tensors: [NamedTensor], _ first: String, _ second: String) throws {
    try withFolder { folder in
      var current = TensorFile(tensors: tensors)
      for (step, name) in [first, second, first].enumerated() {
        let path = "\(folder)/\(step)\(try format(name).endings[0])"
        try WeightTarget.file(format(name)).write(current, to: path)
        let read = try WeightSource(contentsOf: path)
        #expect(read.format?.name == name)
        let difference = try WeightDifference(tensors, read.file.tensors)
        #expect(difference.isNone && difference.hasSameOrder, "\(first) to \(second), step \(step): \(difference)")
        current = read.file
      }
    }
  }

  @Test(arguments: pairs) func everyTypeSurvives(_ first: String, _ second: String) throws {
    let types = try Self.format(first).types.intersection(Self.format(second).types)
    try Self.check(Self.tensors(types), first, second)
  }

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: shared + "/cifar_resnet"), "there are no published checkpoints"),
    arguments: pairs)
  func publishedWeightsSurvive(_ first: String, _ second: String) throws {
    let tensors = try WeightSource(contentsOf: Self.shared + "/cifar_resnet/resnet20-12fca82f.th").file.tensors
    #expect(tensors.count > 60)
    try Self.check(tensors, first, second)
  }

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: shared + "/minilm"), "there is no ../shared/data/minilm"),
    arguments: pairs)
  func sentenceEncodersSurvive(_ first: String, _ second: String) throws {
    let tensors = try WeightSource(contentsOf: Self.shared + "/minilm").file.tensors
    try Self.check(tensors, first, second)
  }

  @Test func foldersOfShardsAreWhatTheyWere() throws {
    try withFolder { folder in
      let tensors = try Self.tensors(try Self.format("safetensors").types)
      for (size, count) in [(100_000, 3), (1 << 30, 1), (1_000_000, 3)] {
        try WeightTarget.folder(shardSize: size).write(TensorFile(tensors: tensors), to: folder + "/model")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/model").sorted()
        // Files of the model that was there are gone.
        #expect(names.count == (count == 1 ? 1 : count + 1), "\(names)")
        let read = try WeightSource(contentsOf: folder + "/model").file.tensors
        let difference = try WeightDifference(tensors, read)
        #expect(difference.isNone && difference.hasSameOrder, "\(difference)")
      }
    }
  }
}
