import Foundation
import TestSupport
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem

@testable import ModelZoo

/// Texts whose tokens a smaller model guesses, beside the same ones without.
@Suite struct DraftModelTests {
  private static let window = 600

  private func programs(seed: UInt64) throws -> GenerationPrograms {
    try GenerationPrograms(
      SmallLanguageModel.decoder(positions: Self.window, seed: seed), registry: Plugins.linked.registry(),
      options: CompileOptions(threads: 2))
  }

  private func draft(seed: UInt64, maximumLength: Int = window) throws -> DraftModel {
    DraftModel(programs: try programs(seed: seed), kept: KeptSessions(limit: 1 << 20), maximumLength: maximumLength)
  }

  /// A text, and in how many steps behind its prompt it came to be.
  private struct Written: Equatable {
    var tokens: [Int]
    var choices: [Int]
    var steps: Int
  }

  private func written(
    _ programs: GenerationPrograms, _ draft: DraftModel?, _ options: GenerationOptions, prompt: [Int], limit: Int = 60,
    endTokens: Set<Int> = [], wanted: Int = .max
  ) throws -> Written {
    let settings = try options.applied(to: GenerationSettings(endTokens: [], maximumLength: Self.window))
    let chooser =
      settings.temperature > 0 || options.choosesTokens
      ? TokenChooser(options, settings, row: 0, after: prompt, form: nil) : nil
    let stream = TextStream(
      TextStream.Request(
        beginning: prompt, limit: limit, endTokens: endTokens, chooser: chooser, guesses: false, draft: draft,
        progress: { $0.count < wanted ? .goOn : .endText }, done: { _ in }))
    try stream.open(programs, KeptSessions(limit: 0), limit: Self.window)
    var steps = 0
    while !stream.isEnded {
      if !stream.isReading { steps += 1 }
      try stream.step()
    }
    stream.finish()
    let text = Array(stream.tokens.dropFirst(prompt.count))
    return Written(tokens: text, choices: (chooser?.choices ?? []).prefix(text.count).map(\.token), steps: steps)
  }

  private static let ways: [GenerationOptions] = [
    GenerationOptions(),
    GenerationOptions(temperature: 1.2, seed: 3),
    GenerationOptions(topK: 4, logProbabilities: 2, seed: 8),
    GenerationOptions(presencePenalty: 0.4, logitBias: [3: 1.5]),
  ]

  /// Whoever guesses, and however tokens are chosen.
  @Test(arguments: ways, [5, 6] as [UInt64])
  func textsAreThoseWithoutADraft(options: GenerationOptions, seed: UInt64) throws {
    let programs = try programs(seed: 5)
    let draft = try draft(seed: seed)
    for (number, length) in [1, 2, 40, 300].enumerated() {
      let prompt = (0..<length).map { ($0 * $0 + 3 * number) % 11 }
      let alone = try written(programs, nil, options, prompt: prompt)
      // The second time the draft knows the prompt.
      for _ in 0..<2 {
        let found = try written(programs, draft, options, prompt: prompt)
        #expect(found.tokens == alone.tokens && found.choices == alone.choices, "after \(length)")
        #expect(found.tokens.count == 60 && found.steps <= alone.steps)
        // What guesses as the network itself does is right, unless tokens are drawn.
        if seed == 5, options == GenerationOptions() { #expect(found.steps == 10, "after \(length)") }
      }
    }
  }

  /// An end among the guesses, and somebody who has enough.
  @Test(arguments: ways)
  func textsEndWhereTheyDoWithoutADraft(options: GenerationOptions) throws {
    let (programs, draft) = (try programs(seed: 5), try draft(seed: 5))
    for end in 0..<11 {
      let alone = try written(programs, nil, options, prompt: [4, 2], endTokens: [end])
      #expect(try written(programs, draft, options, prompt: [4, 2], endTokens: [end]).tokens == alone.tokens)
    }
    for wanted in [1, 2, 4, 7] {
      let alone = try written(programs, nil, options, prompt: [1], wanted: wanted)
      #expect(alone.tokens.count == wanted)
      #expect(try written(programs, draft, options, prompt: [1], wanted: wanted).tokens == alone.tokens)
      #expect(try written(programs, draft, options, prompt: [1], limit: wanted).tokens == alone.tokens)
    }
  }

  /// What is longer than the draft model takes goes on without it.
  @Test func longTextsGoOnWithoutADraft() throws {
    let programs = try programs(seed: 5)
    let alone = try written(programs, nil, GenerationOptions(), prompt: [4, 2])
    let found = try written(programs, draft(seed: 5, maximumLength: 20), GenerationOptions(), prompt: [4, 2])
    #expect(found.tokens == alone.tokens && found.steps > 40 && found.steps < alone.steps)
  }

  // MARK: Models

  private func withModels(ends: [String], _ body: ([String]) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "draft-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(
      try ends.enumerated().map { number, end in
        try SmallLanguageModel.write(to: "\(folder)/\(number).gguf", end: end)
        return "\(folder)/\(number).gguf"
      })
  }

  @Test func modelsHaveDrafts() throws {
    try withModels(ends: ["</s>"]) { paths in
      let plain = try Model(contentsOf: paths[0])
      let drafted = try Model(contentsOf: paths[0], options: Model.Options(draft: plain))
      for options in [
        GenerationOptions(maximumTokens: 30), GenerationOptions(maximumTokens: 30, temperature: 1.5, seed: 2),
      ] {
        let texts = ["abc", "b", "gfedcba"].map { Input.text($0) }
        #expect(try drafted.generate(texts, options: options) == plain.generate(texts, options: options))
      }
    }
  }

  @Test func whatIsNoDraftIsRefused() throws {
    try withModels(ends: ["</s>", "<|im_end|>"]) { paths in
      let other = try Model(contentsOf: paths[1])
      let drafted = try Model(contentsOf: paths[0], options: Model.Options(draft: other))
      let error = #expect(throws: ZooError.self) { try drafted.predict(.text("a")) }
      #expect(error?.kind == .usage)
      let classifier = try Model(named: "resnet20-cifar10")
      for (model, draft) in [(paths[0], classifier), ("resnet20-cifar10", other)] {
        let error = #expect(throws: ZooError.self) { try Model(named: model, options: Model.Options(draft: draft)) }
        #expect(error?.kind == .usage)
      }
    }
  }
}
