import Foundation
import HDF5Format
import KerasFormat
import TestSupport
import Testing
import ZooCore
import TensorFiles

/// Files that were damaged on purpose end in errors, within the memory and the time that they justify.
@Suite struct HostileFileTests {
  @Test func noDamageDoesMoreThanAnError() throws {
    try withFolder { folder in
      for name in ["frozen.h5", "frozen.keras", "graph.h5"] {
        let good = try [UInt8](Data(contentsOf: ModelTests.fixtures.appending(path: name)))
        var random = SeededGenerator(state: 7)
        for round in 0..<150 {
          var bytes = good
          for _ in 0..<[1, 1, 2, 4, 8, 30].randomElement(using: &random)! {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            bytes[place] = [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random)].randomElement(
              using: &random)!
          }
          if round % 5 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
          let path = "\(folder)/a"
          try Data(bytes).write(to: URL(filePath: path))
          do {
            for item in try KerasFormat.read(path).tensors { _ = try item.tensor.load() }
            for item in try KerasFormat.readModel(path).graph.initializers { _ = try item.tensor.load() }
          } catch let error as ZooError {
            #expect(error.kind != .defect, "\(name): \(error)")
          }
        }
      }
    }
  }

  /// A file of one dataset of 64 bytes, whose header is then given other extents.
  @Test func sizesThatLieAreRefused() throws {
    try withFolder { folder in
      let path = "\(folder)/a.h5"
      let tensor = try Tensor([Float](repeating: 1, count: 16), shape: [16])
      try HDF5Format.write(
        TensorFile(tensors: [NamedTensor(name: "x", tensor: StoredTensor(tensor))]), to: path)
      let good = try [UInt8](Data(contentsOf: URL(filePath: path)))
      let space: [UInt8] = [1, 1, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0]
      let start = try #require(good.indices.dropLast(16).first { good[$0..<$0 + 16].elementsEqual(space) })
      for extent: UInt64 in [1 << 40, 1 << 62, .max, 1 << 20] {
        var bytes = good
        withUnsafeBytes(of: extent.littleEndian) { bytes.replaceSubrange(start + 8..<start + 16, with: $0) }
        try Data(bytes).write(to: URL(filePath: path))
        let error = #expect(throws: ZooError.self) { try HDF5Format.read(path) }
        #expect(error?.kind == .badData)
      }
    }
  }

  @Test func namesThatAreNoPathsAreRefused() throws {
    try withFolder { folder in
      let one = try StoredTensor(Tensor([Float(1)], shape: [1]))
      for names in [["a//b"], ["/a"], ["a", "a"], ["a", "a/b"], ["a/b", "a"], ["."], [""]] {
        let file = TensorFile(tensors: names.map { NamedTensor(name: $0, tensor: one) })
        let error = #expect(throws: ZooError.self) { try HDF5Format.write(file, to: "\(folder)/a.h5") }
        #expect(error?.kind == .usage)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }
}

struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}
