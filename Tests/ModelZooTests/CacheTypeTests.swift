import Foundation
import TestSupport
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem

@testable import ModelZoo

/// Keys and values that are kept in fewer bits.
@Suite struct CacheTypeTests {
  /// What rounding may do to logits, of the largest.
  private static let tolerances: [CacheType: Float] = [.float32: 0, .float16: 2e-3, .int8: 3e-2]

  private func opened(_ type: CacheType) throws -> GenerationSession {
    let programs = try GenerationPrograms(
      SmallLanguageModel.decoder(), registry: Plugins.linked.registry(), options: CompileOptions(threads: 2),
      cacheType: type)
    return GenerationSession(programs, rows: 1, limit: 64)
  }

  private func logits(_ session: GenerationSession, _ pieces: [[Int]]) throws -> [[Float]] {
    try pieces.map { Array(try session.append([$0]).prefix(11)) }
  }

  @Test(arguments: CacheType.allCases) func logitsAreThoseOfTheWholeNetworkButForRounding(type: CacheType) throws {
    let pieces: [[Int]] = [Array(0..<9), [3], [7], [1, 2, 9], Array(repeating: 4, count: 20), [5], [0]]
    let exact = try logits(opened(.float32), pieces)
    let session = try opened(type)
    let found = try logits(session, pieces)
    for (found, exact) in zip(found, exact) {
      let largest = exact.map(abs).max() ?? 0
      let worst = zip(found, exact).map { abs($0 - $1) }.max() ?? 0
      #expect(worst <= (Self.tolerances[type] ?? 0) * largest)
      #expect(type == .float32 || worst > 0, "nothing was rounded")
    }
  }

  /// One layer of two heads, of four numbers each: int8 has a scale for each head.
  @Test func cachesTakeTheirTypesMemory() throws {
    let bytes = try CacheType.allCases.map { type in
      let session = try opened(type)
      _ = try session.append([Array(0..<9)])
      return session.cacheByteCount
    }
    #expect(bytes[0] == 2 * 32 * 8 * 4 && bytes[1] == bytes[0] / 2 && bytes[2] == 2 * 32 * (8 + 2 * 4))
  }

  /// Rows move, join and leave with all that belongs to them.
  @Test(arguments: CacheType.allCases) func rowsKeepTheirCaches(type: CacheType) throws {
    let texts: [[Int]] = [[1, 2, 3], [4, 5, 6, 7, 8], [9, 1]]
    let alone = try texts.map { try logits(opened(type), [$0, [6]])[1] }
    let session = try opened(type)
    _ = try session.append([texts[0]])
    for text in texts.dropFirst() {
      let other = try opened(type)
      _ = try other.append([text])
      try session.join(other)
    }
    try session.reorder([2, 0, 1])
    try session.resize(slots: 4, capacity: 64)
    let together = Array(try session.append([[6], [6], [6]]).prefix(33))
    for (row, text) in [2, 0, 1].enumerated() {
      for (found, wanted) in zip(together[row * 11..<(row + 1) * 11], alone[text]) {
        #expect(abs(found - wanted) <= 1e-5)
      }
    }
  }

  @Test(arguments: CacheType.allCases) func filesAnswerWithIt(type: CacheType) throws {
    try withFolder { folder in
      let path = folder + "/small.gguf"
      try SmallLanguageModel.write(to: path, end: "</s>")
      func texts(_ type: CacheType) throws -> [String] {
        try Model(contentsOf: path, options: Model.Options(cacheType: type))
          .generate([.text("abc"), .text("ba")], options: GenerationOptions(maximumTokens: 12)).map(\.text)
      }
      #expect(try texts(type) == texts(type))
      if type == .float16 { #expect(try texts(type) == texts(.float32)) }
    }
  }

  @Test func onlyModelsThatGenerateHaveCaches() throws {
    let error = #expect(throws: ZooError.self) {
      try Model(named: "resnet20-cifar10", options: Model.Options(cacheType: .float16))
    }
    #expect(error?.kind == .usage)
  }
}
