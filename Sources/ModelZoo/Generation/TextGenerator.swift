import Tokenizers
import ZooRuntime

/// Text in, text out: what `predict` and `stream` do for models that translate or continue a text.
struct TextGenerator: Sendable {
  private let programs: GenerationPrograms
  private let tokenizer: Tokenizer
  private let settings: GenerationSettings
  private let task: ModelMetadata.Task
  private let name: String?

  /// At most so many texts, and so much memory for caches, at once.
  private static let mostTexts = 64
  private static let mostCacheBytes = 256 << 20

  /// - Throws: `ZooError`: `badData` for a model that lacks what generating needs, `unsupported` for a graph that can't
  ///   be split.
  init(_ model: Model) throws {
    (task, name) = (model.metadata.task, model.metadata.location)
    guard let json = model.metadata.tokenizer, var settings = model.metadata.generation else {
      throw ZooError(
        .badData, "the model claims to generate text, but it has no tokenizer or no settings for it", at: name,
        advice: "package it again from a folder with config.json and tokenizer.json, or a GGUF file with its tokenizer")
    }
    let tokenizer = try Tokenizer(json: json)
    settings.endTokens += tokenizer.endTokens.map(Int.init).filter { !settings.endTokens.contains($0) }.sorted()
    (self.tokenizer, self.settings) = (tokenizer, settings)
    programs = try GenerationPrograms(
      model.definition, registry: model.registry, options: model.compiled.options)
    let vocabulary = programs.graphs.vocabulary
    let special = settings.endTokens + [settings.startToken, settings.padToken].compactMap { $0 }
    guard settings.maximumLength > 0, special.allSatisfy((0..<vocabulary).contains) else {
      throw ZooError(.badData, "the settings for generating don't fit a vocabulary of \(vocabulary) tokens", at: name)
    }
    guard task == .textGeneration || programs.encoder != nil && settings.startToken != nil else {
      throw ZooError(.badData, "the model claims to translate, but it has no encoder or no start token", at: name)
    }
  }

  /// The answer to each of `texts`, in their order.
  ///
  /// - Parameter progress: Is told the number of a text and the beginning of its answer, as far as that can't change any
  ///   more; false ends everything.
  /// - Throws: `ZooError`: `usage` for options that make no sense, `badData` for a text that is too long.
  func answers(
    to texts: [String], options: GenerationOptions, progress: ((_ text: Int, _ answer: String) throws -> Bool)? = nil
  ) throws -> [String] {
    let settings = try options.applied(to: settings)
    let requests = try texts.enumerated().map { try Request($1, number: $0, options, settings, self) }
    var answers = [String](repeating: "", count: texts.count)
    // Texts of like length go together, the longest first: what memory that takes is known at once.
    var waiting = requests.filter { $0.limit > 0 }.sorted { ($1.size, $0.number) < ($0.size, $1.number) }[...]
    while let longest = waiting.first {
      let rowBytes = max(1, longest.size * programs.cacheByteCount * settings.beams)
      let batch = Array(waiting.prefix(min(Self.mostTexts, max(1, Self.mostCacheBytes / rowBytes))))
      waiting = waiting.dropFirst(batch.count)
      var wantsMore = true
      let watch = progress.map { progress -> GenerationProgress in
        { place, tokens in
          wantsMore = try progress(batch[place].number, text(tokens, after: batch[place]))
          return wantsMore
        }
      }
      let generated = try generate(batch, options, settings, progress: watch)
      guard wantsMore else { break }
      for (request, tokens) in zip(batch, generated) { answers[request.number] = try text(tokens[...], after: request) }
    }
    return answers
  }

  /// One text to answer.
  private struct Request {
    var number: Int
    /// Of the text, special ones included.
    var tokens: [Int]
    /// What the answer's row begins with, and the most tokens of the answer.
    var beginning: [Int]
    var limit: Int

    var size: Int { beginning.count + limit + tokens.count }

    init(
      _ text: String, number: Int, _ options: GenerationOptions, _ settings: GenerationSettings,
      _ generator: TextGenerator
    ) throws {
      self.number = number
      tokens = try generator.tokenizer.encode(text).map(Int.init)
      if let strange = tokens.first(where: { !(0..<generator.programs.graphs.vocabulary).contains($0) }) {
        throw ZooError(.badData, "the tokenizer gives token \(strange), which the network does not have")
      }
      let room: Int
      if generator.task == .translation {
        beginning = settings.startToken.map { [$0] } ?? []
        room = settings.maximumLength
        let isEmpty = text.unicodeScalars.allSatisfy(\.properties.isWhitespace)
        limit = isEmpty ? 0 : room
        if let additional = settings.additionalLength { limit = min(limit, tokens.count + additional) }
      } else {
        // A text that begins with nothing begins as every text does.
        if tokens.isEmpty { tokens = [settings.startToken ?? settings.endTokens.first ?? 0] }
        beginning = tokens
        room = settings.maximumLength - 1
        limit = settings.maximumLength - tokens.count
        if let additional = settings.additionalLength { limit = min(limit, additional) }
      }
      if let most = options.maximumTokens {
        limit = limit == 0 ? 0 : min(most, settings.maximumLength - (generator.task == .translation ? 0 : tokens.count))
      }
      guard tokens.count <= room else {
        throw ZooError(
          .badData, "the text has \(tokens.count) tokens, and the model takes at most \(room)",
          at: generator.name, advice: "split it, for example into sentences")
      }
    }
  }

  private func generate(
    _ batch: [Request], _ options: GenerationOptions, _ settings: GenerationSettings,
    progress: GenerationProgress?
  ) throws -> [[Int]] {
    let (beginning, limits) = (batch.map(\.beginning), batch.map(\.limit))
    let isDrawn = settings.temperature > 0
    let copies = isDrawn ? 1 : settings.beams
    let session =
      task == .translation
      ? try GenerationSession(
        programs, sources: batch.map(\.tokens), copies: copies, padToken: settings.padToken ?? 0,
        limit: settings.maximumLength)
      : GenerationSession(programs, rows: batch.count * copies, limit: settings.maximumLength)
    let endTokens = Set(settings.endTokens)
    guard isDrawn else {
      if copies == 1, batch.count == 1 {
        let search = GreedySearch(endTokens: endTokens, guesses: options.guesses)
        return [try search.run(session, beginning: beginning[0], limit: limits[0], progress: progress)]
      }
      let search = BeamSearch(beams: copies, lengthPenalty: Double(settings.lengthPenalty), endTokens: endTokens)
      return try search.run(session, beginning: beginning, limits: limits, progress: progress)
    }
    let search = SampledSearch(endTokens: endTokens) { place in
      Sampler(
        temperature: settings.temperature, topK: settings.topK, topP: settings.topP, seed: options.seed,
        row: batch[place].number)
    }
    return try search.run(session, beginning: beginning, limits: limits, progress: progress)
  }

  /// The text of generated tokens: a translation, or what follows the beginning.
  private func text(_ tokens: ArraySlice<Int>, after request: Request) throws -> String {
    func decoded(_ tokens: [Int]) throws -> String { try tokenizer.decode(tokens.map { Int32($0) }) }
    guard task == .textGeneration else { return try decoded(Array(tokens)) }
    let before = Array(try decoded(request.beginning).utf8)
    let whole = Array(try decoded(request.beginning + tokens).utf8)
    guard whole.starts(with: before) else { return try decoded(Array(tokens)) }
    return String(decoding: whole[before.count...], as: UTF8.self)
  }
}

extension TextGenerator: Predictor {
  func predict(_ inputs: [Input]) throws -> [Prediction] {
    try predict(inputs, options: GenerationOptions()).map { .text($0) }
  }

  /// The answers about `inputs`, which have to be texts.
  func predict(
    _ inputs: [Input], options: GenerationOptions, progress: ((_ text: Int, _ answer: String) throws -> Bool)? = nil
  ) throws -> [String] {
    let texts = try inputs.map { input in
      guard case .text(let text, let prompt) = input.content else {
        throw ZooError(
          .usage, "the model \(task == .translation ? "translates" : "continues") text, and takes nothing else",
          at: name, advice: "give it text")
      }
      guard prompt == nil else {
        throw ZooError(.usage, "only models that embed texts have prompts, not one that generates text", at: name)
      }
      return text
    }
    return try answers(to: texts, options: options, progress: progress)
  }
}
