import Foundation
import ModelZoo
import TestSupport
import Testing
import TensorFiles

/// From every format of weights to every other and back: nothing changes.
@Suite struct WeightMatrixTests {
  /// A .npy file holds one tensor and no name, a model of LIBLINEAR the heads of a network.
  private static let writable = WeightsFormat.all.filter { $0.isWritable && $0 != .numpyArray && $0 != .svm }
  private static let pairs = writable.flatMap { first in writable.map { (first.name, $0.name) } }

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

  /// As safetensors asks for.
  private static func takesWholeBytes(_ item: NamedTensor) -> Bool {
    item.tensor.shape.reduce(1, *) * item.tensor.type.bitWidth % 8 == 0
  }

  @Test func partsOfBytesAreRefused() throws {
    let tensor = try Tensor(type: .float4e2m1, shape: [3]) { _ in }
    try withFolder { folder in
      let error = #expect(throws: ZooError.self) {
        try WeightTarget.file(Self.format("safetensors")).write(
          TensorFile(tensors: [NamedTensor(name: "w", tensor: StoredTensor(tensor))]), to: folder + "/a.safetensors")
      }
      #expect(error?.message.contains("whole bytes") == true, "\(error as Any)")
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

  /// Names are their bytes, whatever characters these make: composed and not, and combined with what separates parts.
  @Test(arguments: pairs) func namesOfOneLookStayTwo(_ first: String, _ second: String) throws {
    let names = ["\u{E9}", "e\u{301}", "\u{212B}.x", "\u{C5}.x", "A\u{30A}.x", "x.\u{301}y", "x.y"]
    let tensors = try names.enumerated().map { index, name in
      NamedTensor(name: name, tensor: try StoredTensor(Tensor([Float(index), 1], shape: [2])))
    }
    try Self.check(tensors, first, second)
  }

  @Test(arguments: pairs) func everyTypeSurvives(_ first: String, _ second: String) throws {
    let types = try Self.format(first).types.intersection(Self.format(second).types)
    let tensors = try Self.tensors(types)
    try Self.check(
      [first, second].contains("safetensors") ? tensors.filter(Self.takesWholeBytes) : tensors, first, second)
  }

  @Test(
    .needs(.data("cifar_resnet")),
    arguments: pairs)
  func publishedWeightsSurvive(_ first: String, _ second: String) throws {
    for (name, count) in [("resnet20-12fca82f.th", 97), ("resnet56-4bfd9763.th", 277)] {
      let tensors = try WeightSource(contentsOf: Need.dataPath("cifar_resnet/\(name)")).file.tensors
      #expect(tensors.count == count)
      try Self.check(tensors, first, second)
    }
  }

  /// One file goes through every pair of formats once: a walk over all of them instead of three files for each.
  @Test(
    .needs(MiniLM.need))
  func sentenceEncodersSurvive() throws {
    let tensors = try WeightSource(contentsOf: try #require(MiniLM.folder)).file.tensors
    #expect(tensors.count == 104)
    let walk = Self.walk
    #expect(walk.count == Self.pairs.count + 1)
    try withFolder { folder in
      var current = TensorFile(tensors: tensors)
      for (step, format) in walk.enumerated() {
        let path = "\(folder)/\(step)\(format.endings[0])"
        try WeightTarget.file(format).write(current, to: path)
        let read = try WeightSource(contentsOf: path)
        #expect(read.format == format)
        let difference = try WeightDifference(tensors, read.file.tensors)
        #expect(difference.isNone && difference.hasSameOrder, "step \(step), to \(format.name): \(difference)")
        current = read.file
        // The file before is mapped no more.
        if step > 0 { try FileManager.default.removeItem(atPath: "\(folder)/\(step - 1)\(walk[step - 1].endings[0])") }
      }
    }
  }

  /// Formats one after the other, so that each follows each, itself included, exactly once.
  private static let walk: [WeightsFormat] = {
    var walk = [writable[0]]
    for (index, format) in writable.enumerated() {
      // Itself, then to and fro between it and those behind it, then on to the next.
      walk.append(format)
      for other in writable[(index + 1)...].dropFirst() { walk += [other, format] }
      if index + 1 < writable.count { walk.append(writable[index + 1]) }
    }
    // Back along the neighbours.
    return walk + writable.dropLast().reversed()
  }()

  @Test func foldersOfShardsAreWhatTheyWere() throws {
    try withFolder { folder in
      let tensors = try Self.tensors(try Self.format("safetensors").types).filter(Self.takesWholeBytes)
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
