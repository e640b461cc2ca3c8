import Tokenizers
import ZooRuntime

/// Text in, text out: what `predict` and `stream` do for models that translate or continue a text.
struct TextGenerator: Sendable {
  private let programs: GenerationPrograms
  private let sessions: KeptSessions
  private let tokenizer: Tokenizer
  private let settings: GenerationSettings
  /// `nil` where the model was not made for talk.
  private let chat: Result<ChatPrompt, any Error>?
  private let task: ModelMetadata.Task
  private let name: String?

  /// At most so many texts, and so much memory for caches, at once.
  private static let mostTexts = 64
  private static let mostCacheBytes = 256 << 20
  /// Memory for what may be used again.
  private static let mostKeptBytes = 512 << 20

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
    var ends = tokenizer.endTokens.map(Int.init).sorted()
    // Where an answer in a conversation ends, config.json may have what ends a text.
    let named = model.metadata.chat?.tokens.last { $0.name == "eos_token" }
    if let end = named.flatMap({ tokenizer.id(of: $0.text) }) { ends.append(Int(end)) }
    for end in ends where !settings.endTokens.contains(end) { settings.endTokens.append(end) }
    (self.tokenizer, self.settings) = (tokenizer, settings)
    // A template that is none spoils conversations, and no texts.
    chat = model.metadata.chat.map { settings in Result { try ChatPrompt(settings, tokenizer) } }
    programs = try GenerationPrograms(
      model.definition, registry: model.registry, options: model.compiled.options)
    sessions = KeptSessions(limit: min(model.compiled.options.memoryLimit / 4, Self.mostKeptBytes))
    let vocabulary = programs.graphs.vocabulary
    let special = settings.endTokens + [settings.startToken, settings.padToken].compactMap { $0 }
    guard settings.maximumLength > 0, special.allSatisfy((0..<vocabulary).contains) else {
      throw ZooError(.badData, "the settings for generating don't fit a vocabulary of \(vocabulary) tokens", at: name)
    }
    guard task == .textGeneration || programs.encoder != nil && settings.startToken != nil else {
      throw ZooError(.badData, "the model claims to translate, but it has no encoder or no start token", at: name)
    }
  }

  /// The answer to each of `inputs`, in their order.
  ///
  /// - Parameter progress: Is told the number of an input and what is new of its answer, which does not change any more;
  ///   false ends everything.
  /// - Throws: `ZooError`: `usage` for options that make no sense and inputs that the model does not take, `badData` for a
  ///   text that is too long, `badInput` for such a conversation and one that the template refuses.
  func answers(
    to inputs: [Input], options: GenerationOptions, progress: ((_ input: Int, _ piece: String) throws -> Bool)? = nil
  ) throws -> [GeneratedText] {
    let settings = try options.applied(to: settings)
    let requests = try inputs.enumerated().map { try request($1, number: $0, options, settings) }
    var answers = requests.map {
      GeneratedText(text: "", finishReason: .stop, promptTokenCount: $0.tokens.count, tokenCount: 0)
    }
    // Texts of like length go together, the longest first: what memory that takes is known at once.
    var waiting = requests.filter { $0.limit > 0 }.sorted { ($1.size, $0.number) < ($0.size, $1.number) }[...]
    while let longest = waiting.first {
      let rowBytes = max(1, longest.size * programs.cacheByteCount * settings.beams)
      let batch = Array(waiting.prefix(min(Self.mostTexts, max(1, Self.mostCacheBytes / rowBytes))))
      waiting = waiting.dropFirst(batch.count)
      let texts = try batch.map { try AnswerText(tokenizer, after: $0.context, stop: options.stop) }
      let choosers = try batch.map { try chooser($0, options, settings) }
      var wantsMore = true
      func tell(_ place: Int, _ piece: String) throws {
        guard !piece.isEmpty, wantsMore, let progress else { return }
        wantsMore = try progress(batch[place].number, piece)
      }
      let watch: GenerationProgress = { place, tokens in
        try tell(place, texts[place].piece(tokens))
        return !wantsMore ? .endAll : texts[place].isStopped ? .endText : .goOn
      }
      let isWatched = progress != nil || !options.stop.isEmpty
      let (generated, reused) = try generate(
        batch, options, settings, choosers.compactMap(\.self), progress: isWatched ? watch : nil)
      for (place, tokens) in generated.enumerated() {
        let (number, text, chooser) = (batch[place].number, texts[place], choosers[place])
        try tell(place, text.piece(tokens[...]))
        try tell(place, text.rest())
        answers[number].text = text.text
        answers[number].tokenCount = tokens.count
        answers[number].reusedTokenCount = reused
        answers[number].tokens = chooser?.choices.prefix(tokens.count).map(told) ?? []
        // The end is counted in the limit, so that a text with so many tokens has none.
        let isEnded = text.isStopped || chooser?.isDone ?? false || tokens.count < batch[place].limit
        answers[number].finishReason = isEnded ? .stop : .length
      }
      guard wantsMore else { break }
    }
    return answers
  }

  /// What chooses the tokens of an answer; `nil` where they are searched.
  private func chooser(
    _ request: Request, _ options: GenerationOptions, _ settings: GenerationSettings
  ) throws -> TokenChooser? {
    let repetition = settings.repetitionPenalty ?? 1
    guard settings.temperature > 0 || options.choosesTokens || repetition != 1 else { return nil }
    if let token = options.logitBias.keys.first(where: { $0 >= programs.graphs.vocabulary }) {
      throw ZooError(
        .usage, "there is no token \(token) to make more or less probable", at: name,
        advice: "the vocabulary has \(programs.graphs.vocabulary)")
    }
    return TokenChooser(
      options, settings, row: request.number, after: request.beginning,
      form: try TextForm(options.format, tokenizer, endTokens: Set(settings.endTokens)))
  }

  private func told(_ choice: TokenChooser.Choice) -> GeneratedText.Token {
    func token(_ id: Int, _ logProbability: Float, _ best: [GeneratedText.Token] = []) -> GeneratedText.Token {
      GeneratedText.Token(
        id: id, bytes: tokenizer.bytes(of: Int32(id)) ?? [], logProbability: logProbability, best: best)
    }
    return token(choice.token, choice.logProbability, choice.best.map { token($0.token, $0.score) })
  }

  /// One input to answer.
  private struct Request {
    var number: Int
    /// Of the input, special ones included.
    var tokens: [Int]
    /// What the answer's row begins with, and the most tokens of the answer.
    var beginning: [Int]
    var limit: Int
    /// What the answer's text goes on from.
    var context: [Int]

    var size: Int { beginning.count + limit + tokens.count }
  }

  private func request(
    _ input: Input, number: Int, _ options: GenerationOptions, _ settings: GenerationSettings
  ) throws -> Request {
    let prompt = try prompt(input)
    if let strange = prompt.tokens.first(where: { !(0..<programs.graphs.vocabulary).contains($0) }) {
      throw ZooError(.badData, "the tokenizer gives token \(strange), which the network does not have")
    }
    var request = Request(number: number, tokens: prompt.tokens, beginning: [], limit: 0, context: [])
    let room: Int
    if task == .translation {
      request.beginning = settings.startToken.map { [$0] } ?? []
      room = settings.maximumLength
      request.limit = prompt.isBlank ? 0 : room
    } else {
      // A text that begins with nothing begins as every text does.
      if request.tokens.isEmpty { request.tokens = [settings.startToken ?? settings.endTokens.first ?? 0] }
      request.beginning = request.tokens
      if !prompt.isConversation { request.context = request.tokens }
      room = settings.maximumLength - 1
      request.limit = settings.maximumLength - request.tokens.count
    }
    if let additional = settings.additionalLength {
      request.limit = min(request.limit, additional + (task == .translation ? prompt.tokens.count : 0))
    }
    if let most = options.maximumTokens, request.limit > 0 {
      request.limit = min(most, settings.maximumLength - (task == .translation ? 0 : request.tokens.count))
    }
    guard request.tokens.count <= room else {
      throw ZooError(
        prompt.isConversation ? .badInput : .badData,
        "the \(prompt.isConversation ? "conversation" : "text") has \(request.tokens.count) tokens, and the model takes "
          + "at most \(room)",
        at: name, advice: prompt.isConversation ? "leave out earlier messages" : "split it, for example into sentences")
    }
    return request
  }

  /// The tokens of an input.
  private func prompt(_ input: Input) throws -> (tokens: [Int], isConversation: Bool, isBlank: Bool) {
    switch input.content {
    case .text(let text, prompt: nil):
      let isBlank = text.unicodeScalars.allSatisfy(\.properties.isWhitespace)
      return (try tokenizer.encode(text).map(Int.init), false, isBlank)
    case .text:
      throw ZooError(.usage, "only models that embed texts have prompts, not one that generates text", at: name)
    case .messages(let messages):
      guard let chat else {
        throw ZooError(
          .usage, "the model has no chat template, so that it takes no conversation", at: name,
          advice: task == .translation
            ? "give it a text" : "give it a text to go on with, or take a model made for chat")
      }
      return (try chat.get().tokens(of: messages, tokenizer), true, false)
    default:
      throw ZooError(
        .usage, "the model \(task == .translation ? "translates" : "continues") text, and takes nothing else",
        at: name, advice: "give it text")
    }
  }

  /// The tokens of the answers, and how many of the prompt's were known already.
  private func generate(
    _ batch: [Request], _ options: GenerationOptions, _ settings: GenerationSettings, _ choosers: [TokenChooser],
    progress: GenerationProgress?
  ) throws -> (tokens: [[Int]], reused: Int) {
    guard task == .textGeneration, batch.count == 1, settings.beams == 1, options.reusesPrompts else {
      let session = try session(batch, settings)
      let tokens = try search(session, batch, batch.map(\.beginning), options, settings, choosers, progress)
      return (tokens, 0)
    }
    let beginning = batch[0].beginning
    let session = try sessions.take(for: beginning) ?? session(batch, settings)
    // Also what was cancelled stays known, as far as it came.
    defer { sessions.keep(session) }
    let reused = session.tokens.count
    let rest = Array(beginning[reused...])
    return (try search(session, batch, [rest], options, settings, choosers, progress), reused)
  }

  private func session(_ batch: [Request], _ settings: GenerationSettings) throws -> GenerationSession {
    guard task == .translation else {
      return GenerationSession(programs, rows: batch.count * settings.beams, limit: settings.maximumLength)
    }
    return try GenerationSession(
      programs, sources: batch.map(\.tokens), copies: settings.beams, padToken: settings.padToken ?? 0,
      limit: settings.maximumLength)
  }

  private func search(
    _ session: GenerationSession, _ batch: [Request], _ beginning: [[Int]], _ options: GenerationOptions,
    _ settings: GenerationSettings, _ choosers: [TokenChooser], _ progress: GenerationProgress?
  ) throws -> [[Int]] {
    let (limits, endTokens) = (batch.map(\.limit), Set(settings.endTokens))
    if !choosers.isEmpty {
      let search = ChosenSearch(endTokens: endTokens, choosers: choosers)
      return try search.run(session, beginning: beginning, limits: limits, progress: progress)
    }
    if settings.beams == 1, batch.count == 1 {
      let search = GreedySearch(endTokens: endTokens, guesses: options.guesses)
      return [try search.run(session, beginning: beginning[0], limit: limits[0], progress: progress)]
    }
    let search = BeamSearch(
      beams: settings.beams, lengthPenalty: Double(settings.lengthPenalty), endTokens: endTokens)
    return try search.run(session, beginning: beginning, limits: limits, progress: progress)
  }
}

extension TextGenerator: Predictor {
  func predict(_ inputs: [Input]) throws -> [Prediction] {
    try answers(to: inputs, options: GenerationOptions()).map { .text($0.text) }
  }
}
