import Foundation
import TestSupport
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooSystem

@testable import ModelZoo

/// Texts that grow together, beside the same ones alone.
@Suite struct StreamBatchTests {
  private func programs() throws -> GenerationPrograms {
    try GenerationPrograms(
      SmallLanguageModel.decoder(positions: Self.window), registry: Plugins.linked.registry(),
      options: CompileOptions(threads: 2))
  }

  private static let window = 600

  private func batch(_ programs: GenerationPrograms, mostBytes: Int = 1 << 30) -> StreamBatch {
    StreamBatch(programs, kept: KeptSessions(limit: 1 << 20), positionCount: Self.window, mostBytes: mostBytes)
  }

  /// What a text is asked for, and what came of it.
  private final class Asked {
    let prompt: [Int]
    let limit: Int
    let options: GenerationOptions
    var control = RunControl()
    var result: Result<TextStream.Grown, any Error>?
    private var chooser: TokenChooser?

    var tokens: [Int]? { (try? result?.get()).map { Array($0.tokens) } }
    var choices: [TokenChooser.Choice] { chooser?.choices ?? [] }

    init(_ prompt: [Int], limit: Int, _ options: GenerationOptions = GenerationOptions(reusesPrompts: false)) {
      (self.prompt, self.limit, self.options) = (prompt, limit, options)
    }

    func stream(endTokens: Set<Int>, progress: ((ArraySlice<Int>) throws -> GenerationStep)? = nil) throws -> TextStream
    {
      let settings = try options.applied(to: GenerationSettings(endTokens: [], maximumLength: window))
      if settings.temperature > 0 || options.choosesTokens {
        chooser = TokenChooser(options, settings, row: 0, after: prompt, form: nil)
      }
      return TextStream(
        TextStream.Request(
          beginning: prompt, limit: limit, endTokens: endTokens, chooser: chooser, reusesPrompt: options.reusesPrompts,
          control: control, progress: progress, done: { self.result = $0 }))
    }
  }

  /// Greedy, drawn and penalised texts of many lengths; prompts that are read in one, two and three pieces.
  private func various() -> [Asked] {
    (0..<14).map { number in
      let length = [1, 2, 9, 30, 70, 256, 257, 300, 515, 12][number % 10]
      let prompt = (0..<length).map { ($0 * $0 + 3 * number) % 11 }
      let options: GenerationOptions =
        switch number % 4 {
        case 0: GenerationOptions(reusesPrompts: number % 8 == 0)
        case 1: GenerationOptions(temperature: 1, topP: 0.9, seed: UInt64(number), reusesPrompts: false)
        case 2: GenerationOptions(temperature: 0.7, logProbabilities: 2, seed: 4, reusesPrompts: false)
        default: GenerationOptions(presencePenalty: 0.5, reusesPrompts: false)
        }
      return Asked(prompt, limit: 3 + number * 7 % 40, options)
    }
  }

  /// They come in at different times, and leave when they end: by an end token, their length or the window's end.
  @Test(arguments: [1 << 30, 12_000]) func textsAreThoseOfRunsAlone(mostBytes: Int) throws {
    let programs = try programs()
    let (alone, together) = (various(), various())
    let endless = various()[5]
    let first = batch(programs)
    first.add(try endless.stream(endTokens: []))
    while !first.isEmpty { first.turn() }
    // One that a text has soon; every other text may have it.
    let end = try #require(endless.tokens?.dropFirst().first)
    func ends(_ asked: Asked) -> Set<Int> { asked.limit % 2 == 0 ? [] : [end] }
    for asked in alone {
      let batch = batch(programs)
      batch.add(try asked.stream(endTokens: ends(asked)))
      while !batch.isEmpty { batch.turn() }
    }
    let batch = batch(programs, mostBytes: mostBytes)
    var waiting = together[...]
    while !waiting.isEmpty || !batch.isEmpty {
      for _ in 0..<min(waiting.count, waiting.count % 3) {
        let next = waiting.removeFirst()
        batch.add(try next.stream(endTokens: ends(next)))
      }
      if waiting.count % 3 == 0, let next = waiting.popFirst() { batch.add(try next.stream(endTokens: ends(next))) }
      batch.turn()
      batch.turn()
    }
    for (number, (asked, wanted)) in zip(together, alone).enumerated() {
      #expect(try #require(asked.tokens) == #require(wanted.tokens), "text \(number)")
      #expect(asked.choices.map(\.token) == wanted.choices.map(\.token))
      for (choice, other) in zip(asked.choices, wanted.choices) {
        #expect(abs(choice.logProbability - other.logProbability) < 1e-4)
      }
    }
    // It is no test if all of them end alike.
    let lengths = zip(alone, alone.map { $0.tokens?.count ?? 0 })
    #expect(lengths.contains { $0.limit == $1 } && lengths.contains { $0.limit > $1 })
  }

  @Test func whoIsCancelledLeavesAtOnce() throws {
    let programs = try programs()
    let alone = Asked([1, 2, 3], limit: 40)
    var batch = batch(programs)
    batch.add(try alone.stream(endTokens: []))
    while !batch.isEmpty { batch.turn() }
    let asked = [[1, 2, 3], [4], [5, 6], (0..<500).map { $0 % 11 }].map { Asked($0, limit: 40) }
    batch = self.batch(programs)
    for asked in asked { batch.add(try asked.stream(endTokens: [])) }
    for _ in 0..<5 { batch.turn() }
    #expect(asked.allSatisfy { $0.result == nil })
    for asked in asked.dropFirst() { asked.control.cancel() }
    batch.turn()
    for asked in asked.dropFirst() {
      let error = #expect(throws: ZooError.self) { try asked.result?.get() }
      #expect(error?.kind == .cancelled)
    }
    #expect(asked[0].result == nil)
    while !batch.isEmpty { batch.turn() }
    #expect(asked[0].tokens == alone.tokens && alone.tokens?.count == 40)
  }

  /// One ends by what its text says, one by an error: neither troubles the others.
  @Test func endsOfOneAreNotTheOthers() throws {
    struct Trouble: Error {}
    let programs = try programs()
    let asked = [[1, 2, 3], [4], [5, 6]].map { Asked($0, limit: 20) }
    let batch = batch(programs)
    batch.add(try asked[0].stream(endTokens: []))
    batch.add(try asked[1].stream(endTokens: []) { $0.count == 6 ? .endText : .goOn })
    batch.add(
      try asked[2].stream(endTokens: []) {
        if $0.count == 4 { throw Trouble() }
        return .goOn
      })
    while !batch.isEmpty { batch.turn() }
    #expect(asked[0].tokens?.count == 20 && asked[1].tokens?.count == 6)
    #expect(throws: Trouble.self) { try asked[2].result?.get() }
  }

  /// What a row knew when it left is used by the next text that begins so.
  @Test func rowsAreKept() throws {
    let programs = try programs()
    let options = GenerationOptions()
    let first = [[1, 2, 3, 4], [5, 6]].map { Asked($0, limit: 10, options) }
    let batch = batch(programs)
    for asked in first { batch.add(try asked.stream(endTokens: [])) }
    while !batch.isEmpty { batch.turn() }
    for asked in first {
      let all = asked.prompt + (try #require(asked.tokens))
      let (next, wanted) = (Asked(all + [3], limit: 10, options), Asked(all + [3], limit: 10))
      batch.add(try next.stream(endTokens: []))
      while !batch.isEmpty { batch.turn() }
      // All but the last token were computed.
      #expect(try next.result?.get().reusedCount == all.count - 1)
      batch.add(try wanted.stream(endTokens: []))
      while !batch.isEmpty { batch.turn() }
      #expect(next.tokens == wanted.tokens)
    }
  }

  // MARK: Models

  /// A network of weights in blocks, with a tokenizer of letters.
  private func withModel(_ body: (Model) async throws -> Void) async throws {
    let path = NSTemporaryDirectory() + "streams-\(UUID().uuidString).gguf"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try SmallLanguageModel.write(to: path, end: "<|im_end|>")
    try await body(Model(contentsOf: path))
  }

  /// On the caller's thread, where texts grow with those of the same call alone.
  private func blocking(_ model: Model, _ inputs: [Input], _ options: GenerationOptions) throws -> [GeneratedText] {
    try model.generate(inputs, options: options)
  }

  /// Asynchronous calls share their steps, whatever their options are.
  @Test(.timeLimit(.minutes(1))) func callsAtOnceAreAnsweredAsAlone() async throws {
    try await withModel { model in
      let window = try #require(model.metadata.generation?.maximumLength)
      let asked: [(Input, GenerationOptions)] = (0..<12).map { number in
        let text = String((0..<1 + number * 3).map { Array("abcdefghij")[($0 * $0 + number) % 10] })
        var options = GenerationOptions(beams: 1, maximumTokens: 20, reusesPrompts: false)
        if number % 3 == 0 { (options.beams, options.temperature, options.seed) = (nil, 1.5, UInt64(number)) }
        if number % 4 == 1 { options.stop = ["a", "e"] }
        if number == 5 { options.maximumTokens = nil }
        return (.text(number == 7 ? String(repeating: "b", count: window - 4) : text), options)
      }
      let alone = try asked.map { try blocking(model, [$0.0], $0.1)[0] }
      let together = try await withThrowingTaskGroup(of: (Int, GeneratedText).self) { group in
        for (number, (input, options)) in asked.enumerated() {
          group.addTask {
            guard number % 2 == 0 else { return (number, try await model.generate([input], options: options)[0]) }
            var pieces = ""
            for try await event in model.events(input, generation: options) {
              switch event {
              case .piece(let piece): pieces += piece
              case .end(let text):
                #expect(text.text == pieces)
                return (number, text)
              }
            }
            throw CancellationError()
          }
        }
        return try await group.reduce(into: [GeneratedText?](repeating: nil, count: asked.count)) { $0[$1.0] = $1.1 }
      }
      #expect(together == alone)
      #expect(Set(alone.map(\.finishReason)).count == 2)
      // Several of one call, which draw different tokens.
      let options = GenerationOptions(maximumTokens: 20, temperature: 1.5, reusesPrompts: false)
      let inputs = [Input](repeating: .text("abc"), count: 5)
      let several = try await model.generate(inputs, options: options)
      #expect(several == (try blocking(model, inputs, options)) && Set(several.map(\.text)).count > 1)
      #expect(several[0] == (try blocking(model, [.text("abc")], options)[0]))
    }
  }

  /// Whoever goes away ends his text alone.
  @Test(.timeLimit(.minutes(1))) func streamsThatNobodyReadsEnd() async throws {
    try await withModel { model in
      let options = GenerationOptions(beams: 1, maximumTokens: 30, logitBias: [2: -1000], reusesPrompts: false)
      let wanted = try blocking(model, [.text("abc")], options)[0]
      try await withThrowingTaskGroup(of: GeneratedText?.self) { group in
        for number in 0..<8 {
          group.addTask {
            for try await event in model.events(.text("abc"), generation: options) {
              if number % 2 == 1 { return nil }
              if case .end(let text) = event { return text }
            }
            return nil
          }
        }
        let texts = try await group.reduce(into: [GeneratedText]()) { if let text = $1 { $0.append(text) } }
        #expect(texts == Array(repeating: wanted, count: 4))
      }
      let late = Task { try await model.generate([.text("abc"), .text("b")], options: options) }
      late.cancel()
      let error = await #expect(throws: ZooError.self) { try await late.value }
      #expect(error?.kind == .cancelled)
      await #expect(throws: ZooError.self) {
        try await model.generate([.text("a")], options: GenerationOptions(beams: 0))
      }
      #expect(try await model.generate([], options: options).isEmpty)
    }
  }
}
