import Tokenizers
import ZooRuntime
import ZooSystem

/// Text in, text out: what `predict` and `stream` do for models that translate or continue a text.
struct TextGenerator: Sendable {
  private let programs: GenerationPrograms
  private let sessions: KeptSessions
  private let guesser: DraftModel?
  /// What asynchronous calls ask for.
  private let shared: SharedStreams
  private let mostRowBytes: Int
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
  /// Memory for the caches of texts that grow together.
  private static let mostRowBytes = 1 << 30

  /// - Throws: `ZooError`: `badData` for a model that lacks what generating needs, `unsupported` for a graph that can't
  ///   be split.
  init(_ model: Model) throws {
    (task, name) = (model.metadata.task, model.metadata.location)
    guard let source = model.metadata.tokenizerSource, var settings = model.metadata.generation else {
      throw ZooError(
        .badData, "the model claims to generate text, but it has no tokenizer or no settings for it", at: name,
        advice: "package it again from a folder with config.json and tokenizer.json, or a GGUF file with its tokenizer")
    }
    let tokenizer = try Tokenizer(source)
    var ends = tokenizer.endTokens.map(Int.init).sorted()
    // Where an answer in a conversation ends, config.json may have what ends a text.
    let named = model.metadata.chat?.tokens.last { $0.name == "eos_token" }
    if let end = named.flatMap({ tokenizer.id(of: $0.text) }) { ends.append(Int(end)) }
    for end in ends where !settings.endTokens.contains(end) { settings.endTokens.append(end) }
    (self.tokenizer, self.settings) = (tokenizer, settings)
    // A template that is none spoils conversations, and no texts.
    chat = model.metadata.chat.map { settings in Result { try ChatPrompt(settings, tokenizer) } }
    programs = try GenerationPrograms(
      model.definition, registry: model.registry, options: model.compiled.options, cacheType: model.cacheType)
    let memory = model.compiled.options.memoryLimit / 4
    sessions = KeptSessions(limit: min(memory, Self.mostKeptBytes))
    mostRowBytes = min(memory, Self.mostRowBytes)
    shared = SharedStreams(
      Self.batch(programs, sessions, positionCount: settings.maximumLength, mostBytes: mostRowBytes))
    guesser = try model.draft.map { draft in
      try draft.textGenerator().asDraft(of: tokenizer)
    }
    let vocabulary = programs.graphs.vocabulary
    let special = settings.endTokens + [settings.startToken, settings.padToken].compactMap { $0 }
    guard settings.maximumLength > 0, special.allSatisfy((0..<vocabulary).contains) else {
      throw ZooError(.badData, "the settings for generating don't fit a vocabulary of \(vocabulary) tokens", at: name)
    }
    guard task == .textGeneration || programs.encoder != nil && settings.startToken != nil else {
      throw ZooError(.badData, "the model claims to translate, but it has no encoder or no start token", at: name)
    }
  }

  /// This as what guesses for a model with `other` for a tokenizer.
  private func asDraft(of other: Tokenizer) throws -> DraftModel {
    let different = (0..<max(tokenizer.vocabularySize, other.vocabularySize)).first {
      tokenizer.token(of: Int32($0)) != other.token(of: Int32($0))
    }
    if let different {
      throw ZooError(
        .usage, "a draft model has the same tokens as the model that it guesses for, and token \(different) is another",
        at: name, advice: "take a smaller model of the same family")
    }
    return DraftModel(programs: programs, kept: sessions, maximumLength: settings.maximumLength)
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
    var wantsMore = true
    let drafts = try inputs.enumerated().map { number, input in
      try draft(try request(input, number: number, options, settings), options, settings) { piece in
        if wantsMore, let progress { wantsMore = try progress(number, piece) }
        return wantsMore
      }
    }
    let isWatched = progress != nil || !options.stop.isEmpty
    if growsByToken(settings) {
      try grow(drafts, options, settings, isWatched: isWatched) { wantsMore }
    } else {
      try search(drafts, options, settings, isWatched: isWatched) { wantsMore }
    }
    return drafts.map(\.answer)
  }

  /// Whether texts grow one by one or among any others; what translates, or follows several hypotheses, has rows that begin
  /// together.
  private func growsByToken(_ settings: GenerationSettings) -> Bool {
    task == .textGeneration && settings.beams == 1
  }

  // MARK: Texts that grow among others

  /// The answers to `inputs`, computed beside those of other calls, on another thread, where the model and `options` allow.
  ///
  /// - Parameters:
  ///   - control: Ends them.
  ///   - piece: Is told the number of an input and what is new of its answer.
  ///   - done: Is told the same of how each ended, unless this throws.
  func answer(
    _ inputs: [Input], options: GenerationOptions, control: RunControl, piece: @escaping (Int, String) -> Void,
    done: @escaping (Int, Result<GeneratedText, any Error>) -> Void
  ) throws {
    let settings = try options.applied(to: settings)
    guard growsByToken(settings) else {
      let answers = try answers(to: inputs, options: options) { number, new in
        piece(number, new)
        return true
      }
      for (number, answer) in answers.enumerated() { done(number, .success(answer)) }
      return
    }
    let drafts = try inputs.enumerated().map { number, input in
      try draft(try request(input, number: number, options, settings), options, settings) { new in
        piece(number, new)
        return true
      }
    }
    for (number, draft) in drafts.enumerated() {
      guard draft.request.limit > 0 else {
        done(number, .success(draft.answer))
        continue
      }
      let stream = stream(draft, options, settings, isOnly: drafts.count == 1, control: control) { result in
        done(
          number,
          result.flatMap { grown in
            Result {
              try draft.end(grown)
              return draft.answer
            }
          })
      }
      shared.add(stream)
    }
  }

  private static func batch(
    _ programs: GenerationPrograms, _ sessions: KeptSessions, positionCount: Int, mostBytes: Int
  ) -> StreamBatch {
    StreamBatch(programs, kept: sessions, positionCount: min(positionCount, 1 << 24), mostBytes: mostBytes)
  }

  private func grow(
    _ drafts: [Draft], _ options: GenerationOptions, _ settings: GenerationSettings, isWatched: Bool,
    wantsMore: () -> Bool
  ) throws {
    let batch = Self.batch(
      programs, sessions, positionCount: settings.maximumLength, mostBytes: mostRowBytes)
    var failure: (any Error)?
    for draft in drafts where draft.request.limit > 0 {
      batch.add(
        stream(draft, options, settings, isOnly: drafts.count == 1, isWatched: isWatched) { result in
          do { try draft.end(result.get()) } catch { failure = failure ?? error }
        })
    }
    while !batch.isEmpty, wantsMore(), failure == nil { batch.turn() }
    batch.endAll()
    if let failure { throw failure }
  }

  /// - Parameter isOnly: Whether its call is about no other text: such may go on, and are kept for that.
  private func stream(
    _ draft: Draft, _ options: GenerationOptions, _ settings: GenerationSettings, isOnly: Bool,
    control: RunControl? = nil, isWatched: Bool = true, done: @escaping (Result<TextStream.Grown, any Error>) -> Void
  ) -> TextStream {
    TextStream(
      TextStream.Request(
        beginning: draft.request.beginning, limit: draft.request.limit, endTokens: Set(settings.endTokens),
        chooser: draft.chooser, guesses: options.guesses, draft: options.guesses ? guesser : nil,
        reusesPrompt: options.reusesPrompts && isOnly, control: control,
        progress: isWatched ? { try draft.grow($0) } : nil, done: done))
  }

  /// An answer that grows.
  private final class Draft {
    let request: Request
    let chooser: TokenChooser?
    private let text: AnswerText
    private let tokenizer: Tokenizer
    private let tell: (String) throws -> Bool
    private var wantsMore = true
    private(set) var answer: GeneratedText

    init(
      _ request: Request, chooser: TokenChooser?, text: AnswerText, _ tokenizer: Tokenizer,
      tell: @escaping (String) throws -> Bool
    ) {
      (self.request, self.chooser, self.text, self.tokenizer, self.tell) = (request, chooser, text, tokenizer, tell)
      answer = GeneratedText(
        text: "", finishReason: .stop, promptTokenCount: request.tokens.count, tokenCount: 0)
    }

    private func pass(_ piece: String) throws {
      guard !piece.isEmpty, wantsMore else { return }
      wantsMore = try tell(piece)
    }

    /// Tells what is new when the answer's tokens are `tokens`.
    func grow(_ tokens: ArraySlice<Int>) throws -> GenerationStep {
      try pass(text.piece(tokens))
      return !wantsMore ? .endAll : text.isStopped ? .endText : .goOn
    }

    func end(_ grown: TextStream.Grown) throws {
      let tokens = grown.tokens
      try pass(text.piece(tokens))
      try pass(text.rest())
      answer.text = text.text
      answer.tokenCount = tokens.count
      answer.reusedTokenCount = grown.reusedCount
      answer.tokens = chooser?.choices.prefix(tokens.count).map(told) ?? []
      // The end is counted in the limit, so that a text with so many tokens has none.
      let isEnded = text.isStopped || chooser?.isDone ?? false || tokens.count < request.limit
      answer.finishReason = isEnded ? .stop : .length
    }

    private func told(_ choice: TokenChooser.Choice) -> GeneratedText.Token {
      func token(_ id: Int, _ logProbability: Float, _ best: [GeneratedText.Token] = []) -> GeneratedText.Token {
        GeneratedText.Token(
          id: id, bytes: tokenizer.bytes(of: Int32(id)) ?? [], logProbability: logProbability, best: best)
      }
      return token(choice.token, choice.logProbability, choice.best.map { token($0.token, $0.score) })
    }
  }

  private func draft(
    _ request: Request, _ options: GenerationOptions, _ settings: GenerationSettings,
    tell: @escaping (String) throws -> Bool
  ) throws -> Draft {
    Draft(
      request, chooser: try chooser(request, options, settings),
      text: try AnswerText(tokenizer, after: request.context, stop: options.stop), tokenizer, tell: tell)
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

  // MARK: Texts that begin together

  private func search(
    _ drafts: [Draft], _ options: GenerationOptions, _ settings: GenerationSettings, isWatched: Bool,
    wantsMore: () -> Bool
  ) throws {
    // Texts of like length go together, the longest first: what memory that takes is known at once.
    var waiting = drafts.filter { $0.request.limit > 0 }
      .sorted { ($1.request.size, $0.request.number) < ($0.request.size, $1.request.number) }[...]
    while let longest = waiting.first, wantsMore() {
      let rowBytes = max(1, longest.request.size * programs.cacheByteCount * settings.beams)
      let batch = Array(waiting.prefix(min(Self.mostTexts, max(1, Self.mostCacheBytes / rowBytes))))
      waiting = waiting.dropFirst(batch.count)
      let watch: GenerationProgress = { place, tokens in try batch[place].grow(tokens) }
      let found = try search(batch, options, settings, isWatched ? watch : nil)
      for (draft, tokens) in zip(batch, found) { try draft.end(TextStream.Grown(tokens: tokens[...], reusedCount: 0)) }
    }
  }

  private func search(
    _ batch: [Draft], _ options: GenerationOptions, _ settings: GenerationSettings, _ progress: GenerationProgress?
  ) throws -> [[Int]] {
    let session = try session(batch.map(\.request), settings)
    let (beginning, limits) = (batch.map(\.request.beginning), batch.map(\.request.limit))
    let (endTokens, choosers) = (Set(settings.endTokens), batch.compactMap(\.chooser))
    if !choosers.isEmpty {
      let search = ChosenSearch(endTokens: endTokens, choosers: choosers)
      return try search.run(session, beginning: beginning, limits: limits, progress: progress)
    }
    if settings.beams == 1, batch.count == 1 {
      var search = GreedySearch(endTokens: endTokens, guesses: options.guesses)
      return [try search.run(session, beginning: beginning[0], limit: limits[0], progress: progress)]
    }
    let search = BeamSearch(
      beams: settings.beams, lengthPenalty: Double(settings.lengthPenalty), endTokens: endTokens)
    return try search.run(session, beginning: beginning, limits: limits, progress: progress)
  }

  private func session(_ batch: [Request], _ settings: GenerationSettings) throws -> GenerationSession {
    guard task == .translation else {
      return GenerationSession(programs, rows: batch.count * settings.beams, limit: settings.maximumLength)
    }
    return try GenerationSession(
      programs, sources: batch.map(\.tokens), copies: settings.beams, padToken: settings.padToken ?? 0,
      limit: settings.maximumLength)
  }
}

extension TextGenerator: Predictor {
  func predict(_ inputs: [Input]) throws -> [Prediction] {
    try answers(to: inputs, options: GenerationOptions()).map { .text($0.text) }
  }
}
