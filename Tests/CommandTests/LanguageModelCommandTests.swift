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

  @Test func weightsArePutIntoBlocks() throws {
    try withFolder { folder in
      let report = try Zoo.run("convert", Self.file, folder + "/m.zoo", "--quantize", "q8_0", "--json").json()
      let rounding = try #require(report["rounding"] as? [String: Any])
      #expect(rounding["storage"] as? String == "q8_0" && (rounding["tensors"] as? Int ?? 0) > 0, "\(rounding)")
      #expect(
        try Zoo.run("compare", folder + "/m.zoo", "--reference", Self.file, "--seed", "1", "--dim", "T=5").status == 0)
      let tensors = try Zoo.run("convert", Self.file, folder + "/m.gguf", "--quantize", "Q4_0", "--json", "--quiet")
        .json()
      #expect((tensors["cast"] as? [String: Any])?["tensors"] as? Int ?? 0 > 0, "\(tensors)")
      #expect(try Zoo.run("inspect", folder + "/m.gguf").output.contains("Q4_0"))
      for target in ["m.onnx", "m.safetensors"] {
        #expect(try Zoo.run("convert", Self.file, folder + "/" + target, "--quantize", "q8_0").status == 64)
      }
    }
  }

  @Test func textsAreForetoldAndTimed() throws {
    try withFolder { folder in
      let package = folder + "/gpt2.zoo"
      #expect(try Zoo.run("pack", Zoo.root + "/Tests/ModelZooTests/Fixtures/gpt2", "-o", package).status == 0)
      let text = String(repeating: "the cat sleeps on the mat, and the dog runs. ", count: 6)
      try text.write(toFile: folder + "/text.txt", atomically: true, encoding: .utf8)
      let found = try Zoo.run("eval", package, folder + "/text.txt", "--context", "16", "--json").json()
      #expect((found["perplexity"] as? Double ?? 0) > 1 && (found["windows"] as? Int ?? 0) > 1, "\(found)")
      let compared = try Zoo.run(
        "eval", package, folder + "/text.txt", "--context", "16", "--reference", package, "--json"
      ).json()
      #expect(compared["agreement"] as? Double == 1, "\(compared)")
      #expect(try Zoo.run("eval", package, folder + "/text.txt").status == 64)
      let times = try Zoo.run(
        "bench", package, "--prompt", "8", "--generate", "4", "--seconds", "0", "--json"
      ).json()
      for name in ["prompt_tokens_per_s", "generated_tokens_per_s", "first_token_s", "cpu_s"] {
        #expect((times[name] as? Double ?? 0) > 0, "\(times)")
      }
      #expect(times["rounds"] as? Int == 3)
      #expect(try Zoo.run("bench", package, "--prompt", "60", "--generate", "10").status == 64)
    }
  }

  @Test func textsAreClassified() throws {
    try withFolder { folder in
      let fixtures = Zoo.root + "/Tests/ModelZooTests/Fixtures/"
      for (name, arguments, key) in [
        ("bert-sequence", ["a dog runs"], "classes"), ("bert-entities", ["a dog runs"], "entities"),
        ("bert-ranking", ["a dog runs", "--query", "the cat"], "score"),
      ] {
        let package = folder + "/\(name).zoo"
        #expect(try Zoo.run("pack", fixtures + name, "-o", package).status == 0)
        let report = try Zoo.run(["predict", package] + arguments + ["--json"]).json()
        let answers = try #require(report["predictions"] as? [[String: Any]])
        #expect(answers.count == 1 && answers[0][key] != nil, "\(report)")
        let shown = try Zoo.run(["predict", package] + arguments)
        #expect(shown.status == 0 && shown.output.contains("a dog runs"), "\(shown)")
      }
      #expect(try Zoo.run("predict", folder + "/bert-ranking.zoo", "a dog").status == 64)
    }
  }
}
