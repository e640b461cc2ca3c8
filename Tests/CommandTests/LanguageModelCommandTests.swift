import Foundation
import ModelZoo
import TestSupport
import Testing

/// Commands on a GGUF file that holds a model.
@Suite(.needs(Zoo.built)) struct LanguageModelCommandTests {
  private static let file = Zoo.root + "/Tests/ModelZooTests/Fixtures/language/gguf/llama.gguf"

  @Test func fileIsShownAndPacked() throws {
    try withFolder { folder in
      let shown = try Zoo.run("inspect", Self.file)
      #expect(shown.status == 0, "\(shown.errors)")
      for text in ["Llama", "llama.block_count uint32:1", "llama.rope.freq_base float32:10000.0", "Q5_1 in 1 tensors"] {
        #expect(shown.output.contains(text), "\(text) in \(shown.output)")
      }
      let package = folder + "/tiny.zoo"
      #expect(try Zoo.run("pack", Self.file, "-o", package).status == 0)
      let report = try Zoo.run("inspect", package, "--json").json()
      let storage = try #require(report["storage"] as? [[String: Any]])
      let counts = Dictionary(
        uniqueKeysWithValues: storage.map { ($0["type"] as? String ?? "", $0["tensors"] as? Int) })
      #expect(counts["Q4_1"] == 2 && counts["Q8_0"] == 2 && counts["Q5_0"] == 1 && counts["Q4_0"] == 1)
      #expect(try Zoo.run("compare", package, "--reference", Self.file, "--seed", "1", "--dim", "T=5").status == 0)
    }
  }

  /// Weights leave the file as tensors under its own names, as before.
  @Test func fileIsTensorsToFormatsOfWeights() throws {
    try withFolder { folder in
      #expect(try Zoo.run("convert", Self.file, folder + "/copy.gguf").status == 0)
      let copy = try Data(contentsOf: URL(fileURLWithPath: folder + "/copy.gguf"))
      #expect(try copy == Data(contentsOf: URL(fileURLWithPath: Self.file)))
    }
  }
}
