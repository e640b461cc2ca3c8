import Foundation
import GGUFFormat
import WeightBlocks
import Testing
import ZooCore

/// Lying, truncated and flipped files: an error or an intact read, never a crash.
@Suite struct HostileFileTests {
  private func check(_ change: (inout HandMadeFile) -> Void, _ word: String, _ kind: ZooError.Kind = .badData) throws {
    var file = HandMadeFile()
    change(&file)
    let error = try #require(throws: ZooError.self, "\(word)") { try read(file.contents) }
    #expect(error.description.contains(word) && error.kind == kind, "\(error)")
  }

  @Test func liesAreErrors() throws {
    #expect(try read(HandMadeFile().contents).tensors[0].tensor.shape == [4])
    try check({ $0.magic = Array("GGML".utf8) }, "no GGUF")
    try check({ $0.version = 1 }, "version 1", .unsupported)
    try check({ $0.version = 4 }, "version 4", .unsupported)
    try check({ $0.version = UInt32(3).byteSwapped }, "big-endian", .unsupported)
    try check({ $0.tensorCount = 1 << 40 }, "tensors are declared")
    try check({ $0.tensorCount = .max }, "tensors are declared")
    try check({ $0.valueCount = .max }, "values are declared")
    try check({ $0.tensorCount = 2 }, "tensor")
    try check({ $0.values.append($0.values[0]) }, "two values")
    try check({ $0.values[0] = string("a") + bytes(UInt32(13)) }, "unknown type 13")
    try check({ $0.values[0] = string("a") + bytes(UInt32(7)) + [2] }, "truth value")
    try check({ $0.values[0] = string("a") + bytes(UInt32(9)) + bytes(UInt32(0)) + bytes(UInt64.max) }, "declared")
    try check({ $0.values[0] = string("a") + bytes(UInt32(9)) + bytes(UInt32(8)) + bytes(UInt64(1 << 33)) }, "declared")
    try check({ $0.values[0] = string("a") + bytes(UInt32(8)) + bytes(UInt64.max) }, "length")
    let nested = (0..<2000).flatMap { _ in bytes(UInt32(9)) + bytes(UInt64(1)) }
    try check({ $0.values[0] = string("a") + bytes(UInt32(9)) + nested }, "deep")
    for alignment: UInt32 in [0, 24] {
      try check(
        { $0.values[0] = string("general.alignment") + bytes(UInt32(4)) + bytes(alignment) }, "power of two")
    }
    try check({ $0.values[0] = string("general.alignment") + bytes(UInt32(4)) + bytes(UInt32(1 << 31)) }, "beyond")
    try check({ $0.values[0] = string("general.alignment") + bytes(UInt32(8)) + string("x") }, "power of two")
    try check({ $0.tensors.append($0.tensors[0]) }, "two tensors")
    try check({ $0.tensors.append(.init(name: "v")) }, "overlaps")
    try check({ $0.tensors[0].offset = 32 }, "beyond")
    try check({ $0.tensors[0].offset = .max }, "beyond")
    try check(
      {
        $0.tensors[0].offset = 4; $0.tensors[0].extents = [1]
      }, "multiple of 32")
    try check({ $0.tensors[0].extents = [5] }, "beyond")
    try check({ $0.tensors[0].extents = [1 << 32, 1 << 32] }, "too large")
    try check({ $0.tensors[0].extents = [.max] }, "too large")
    try check({ $0.tensors[0].extents = [UInt64](repeating: 1, count: 1000) }, "1000 dimensions")
    try check({ $0.tensors[0].type = 2 }, "whole blocks")
    try check({ $0.tensors[0].type = 4 }, "\"w\"", .unsupported)
    try check({ $0.tensors[0].type = 31 }, "type 31", .unsupported)
    // Types that are only copied are named when somebody wants their elements.
    try check(
      {
        $0.tensors[0] = .init(name: "q1", extents: [128, 2], type: GGUFType.q1_0.rawValue)
        $0.data = [UInt8](repeating: 1, count: 36)
      }, "Q1_0", .unsupported)
  }

  @Test func everyTruncationIsAnError() throws {
    let whole = HandMadeFile().contents
    for count in whole.indices { #expect(throws: ZooError.self, "\(count) bytes") { try read(Array(whole[..<count])) } }
  }

  @Test func flippedBytesAreErrorsOrHarmless() throws {
    var file = HandMadeFile()
    file.values.append(
      string("list") + bytes(UInt32(9)) + bytes(UInt32(8)) + bytes(UInt64(2)) + string("a") + string("b"))
    file.tensors = [.init(), .init(name: "q", extents: [32], type: 8, offset: 32)]
    file.data = [UInt8](repeating: 1, count: 66)
    var damaged = file.contents
    _ = try read(damaged)
    for index in damaged.indices {
      let original = damaged[index]
      for value in [original ^ 1, original ^ 0x20, ~original] {
        damaged[index] = value
        do { try read(damaged) } catch is ZooError {}
      }
      damaged[index] = original
    }
  }
}
