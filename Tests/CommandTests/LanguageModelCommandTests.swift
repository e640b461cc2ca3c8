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

  @Test func aDraftGuesses() throws {
    try withFolder { folder in
      let package = folder + "/gpt2.zoo"
      #expect(try Zoo.run("pack", Zoo.root + "/Tests/ModelZooTests/Fixtures/gpt2", "-o", package).status == 0)
      for options in [[], ["--temperature", "1.5", "--seed", "4"]] {
        let asked = ["predict", package, "the cat", "--max-tokens", "20"] + options
        let (plain, guessed) = (try Zoo.run(asked), try Zoo.run(asked + ["--draft", package]))
        #expect(plain.status == 0 && guessed.status == 0 && plain.output == guessed.output, "\(guessed)")
      }
      let refused = [
        ["predict", package, "a", "--draft", package, "--no-guesses"],
        ["predict", package, "a", "--draft", "resnet20-cifar10"],
        ["predict", "transformer-en-de", "a", "--draft", package],
        ["eval", "transformer-en-de", folder, "--draft", package],
      ]
      for arguments in refused { #expect(try Zoo.run(arguments).status == 64, "\(arguments)") }
      #expect(try Zoo.run("predict", package, "a", "--draft", folder + "/none.gguf").status == 66)
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
      #expect(try Zoo.run("bench", package, "--streams", "2").status == 64)
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

  // MARK: Talks

  /// The fixture's network with a vocabulary of letters and a template.
  private func writeTalker(_ path: String, template: String?) throws {
    let letters = "abcdefghijklmnopqrstu".map { "\"\($0)\"" }.joined(separator: ",")
    var model = try ModelDefinition(contentsOf: Self.file)
    model.metadata.tokenizer = """
      {"ggml": {"model": "llama", "tokens": ["<unk>", "<s>", "</s>", \(letters)],
      "scores": [\((0..<24).map { "-\($0).5" }.joined(separator: ","))],
      "token_type": [2, 3, 3, \(Array(repeating: "1", count: 21).joined(separator: ","))],
      "bos_token_id": 1, "eos_token_id": 2, "add_space_prefix": false}}
      """
    model.metadata.chat = template.map { ChatSettings(template: $0) }
    model.metadata.task = .textGeneration
    try model.write(to: path, format: .package)
  }

  private func talk(_ lines: String, _ arguments: String..., template: String? = Self.template) throws -> Zoo.Outcome {
    try withFolder { folder in
      try writeTalker(folder + "/talker.zoo", template: template)
      try write(lines, to: folder + "/lines")
      let input = try #require(FileHandle(forReadingAtPath: folder + "/lines"))
      return try Zoo.run(["chat", folder + "/talker.zoo"] + arguments, input: input)
    }
  }

  private static let template =
    "{% for m in messages %}{% if m.content == 'q' %}{{ raise_exception('no q') }}{% endif %}{{ m.content }}{% endfor %}"

  @Test func linesAreMessages() throws {
    let plain = try talk("ab\n\ncd\n", "--max-tokens", "4")
    #expect(plain.status == 0 && plain.errors.isEmpty, "\(plain.errors)")
    #expect(plain.output.split(separator: "\n", omittingEmptySubsequences: false).count == 3)
    let json = try talk("ab\ncd\n/reset\n/system e\nab\n//b\n/bye\nz\n", "--max-tokens", "4", "--json-lines")
    let answers = try json.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(answers.map { $0["input"] as? String } == ["ab", "cd", "ab", "/b"])
    let said = try #require(answers[0]["text"] as? String)
    // What was said before is a part of the next question.
    #expect(answers[0]["prompt_token_count"] as? Int == 2 && answers[2]["prompt_token_count"] as? Int == 3)
    #expect(answers[1]["prompt_token_count"] as? Int == 4 + said.count)
    #expect(["stop", "length"].contains(answers[0]["finish_reason"] as? String))
    let lines = plain.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(answers.prefix(2).map { $0["text"] as? String } == lines.prefix(2).map(String.init))
  }

  @Test func badLinesEndNoTalk() throws {
    let talk = try talk("q\n/nonsense\nab\n", "--max-tokens", "3", "--json-lines")
    let answers = try talk.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(answers.count == 3 && answers[0]["error"] != nil && answers[1]["error"] != nil)
    #expect(answers[2]["prompt_token_count"] as? Int == 2 && talk.status == 65)
    #expect(talk.errors.contains("no q") && talk.errors.contains("/nonsense"))
  }

  @Test func modelsWithoutATemplateDoNotTalk() throws {
    let talk = try talk("ab\n", template: nil)
    #expect(talk.status == 64 && talk.errors.contains("chat template"))
    #expect(try Zoo.run("chat", Self.file, "--json").status == 64)
  }
}
