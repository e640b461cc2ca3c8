import ArgumentParser
import ModelZoo
import ZooSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

struct Chat: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Talk with a model.",
    discussion: """
      Each line is a message, and is answered as the model's chat template has it. Without a terminal for standard input, lines \
      are messages all the same, and nothing but answers is printed.

      \(ChatLine.commands)

      Ctrl-C ends an answer, which stays as far as it came; where a message is awaited, a second one ends the program.
      """)

  @Argument(help: "A .zoo, .onnx or .gguf file, or a name in the zoo, with a chat template.", completion: .models)
  var model: String

  @Option(help: ArgumentHelp("What the model is to be and do.", valueName: "TEXT"))
  var system: String?

  @Flag(help: "Print a line of JSON for each message as soon as it is answered.")
  var jsonLines = false

  @OptionGroup var generation: GenerationArguments
  @OptionGroup var precision: PrecisionOption
  @OptionGroup var memory: MemoryOption
  @OptionGroup var cache: CacheOption
  @OptionGroup var options: CommonOptions

  func validate() throws {
    if options.json { throw ValidationError("A talk is no single document: use --json-lines.") }
  }

  func run() throws {
    let draft = try generation.draft.map { try options.open($0, precision: precision.value, memory) }
    let model = try options.open(self.model, precision: precision.value, memory) {
      ($0.draft, $0.cacheType) = (draft, cache.type)
    }
    guard [.translation, .textGeneration].contains(model.metadata.task), model.metadata.chat != nil else {
      throw ZooError(
        .usage, "the model has no chat template, so that it takes no conversation", at: self.model,
        advice: "take a model made for chat; zoo predict goes on with texts")
    }
    var talk = Talk(model, name: self.model, system: system, asJSON: jsonLines)
    talk.options = try generation.value
    // Who names no seed wants another answer each time.
    talk.options.seed = generation.seed ?? .random(in: 0...UInt64.max)
    try talk.run()
  }
}

/// A line of a talk.
enum ChatLine: Equatable {
  case message(String)
  case bye
  case reset
  case system(String)
  case help
  /// What looks like a command and is none.
  case unknown(String)

  static let commands = """
    /bye ends the talk, as the end of the input does.
    /reset forgets all messages but the system's.
    /system TEXT says what the model is to be and do; without a text, nothing any more.
    /help shows this.
    //TEXT is a message that begins with a slash.
    """

  init(_ line: String) {
    guard line.hasPrefix("/") else {
      self = .message(line)
      return
    }
    guard !line.hasPrefix("//") else {
      self = .message(String(line.dropFirst()))
      return
    }
    let parts = line.split(maxSplits: 1, whereSeparator: \.isWhitespace)
    let text = parts.count > 1 ? String(parts[1]) : ""
    switch (parts.first ?? "", text.isEmpty) {
    case ("/bye", true): self = .bye
    case ("/reset", true): self = .reset
    case ("/help", true): self = .help
    case ("/system", _): self = .system(text)
    default: self = .unknown(String(parts.first ?? "/"))
    }
  }
}

/// A conversation at a terminal, or by way of pipes.
private struct Talk {
  private let model: Model
  private let name: String
  private let asJSON: Bool
  /// Whether somebody types.
  private let isTyped = isatty(STDIN_FILENO) == 1
  private var system: String?
  private var messages: [ChatMessage] = []
  private var failures = Failures()
  var options = GenerationOptions()

  init(_ model: Model, name: String, system: String?, asJSON: Bool) {
    (self.model, self.name, self.system, self.asJSON) = (model, name, system, asJSON)
  }

  mutating func run() throws {
    let interrupts = isTyped ? Interrupts(prompt: Self.prompt) : nil
    var lines = StandardLines(isLenient: true)
    tell("/help lists commands, /bye ends.")
    while true {
      if isTyped { Console.writePrompt(Self.prompt) }
      interrupts?.awaitLine()
      guard let line = try lines.next(1).first else { break }
      switch ChatLine(line) {
      case .message(let text):
        guard text.contains(where: { !$0.isWhitespace }) else { continue }
        try answer(text, interrupts)
      case .bye: return try failures.finish()
      case .reset: messages = []
      case .system(let text): system = text.isEmpty ? nil : text
      case .help: tell(ChatLine.commands)
      case .unknown(let command):
        try fail(
          ZooError(.badInput, "no command of a talk", at: command, advice: "/help lists them; //… is a message"), line)
      }
    }
    if isTyped { Console.writePrompt("\n") }
    try failures.finish()
  }

  private static let prompt = "> "

  /// Tells who types.
  private func tell(_ text: String) { if isTyped { Console.writeError(text) } }

  private mutating func fail(_ error: ZooError, _ input: String) throws {
    // Who types sees it, and goes on.
    if isTyped { Console.report(error) } else { failures.report(error) }
    if asJSON { try Console.printJSONLine(Answer(input: input, error: ErrorReport(error))) }
  }

  private mutating func answer(_ text: String, _ interrupts: Interrupts?) throws {
    let control = RunControl()
    let asked = messages + [ChatMessage(role: .user, content: text)]
    let isWritten = !asJSON
    var said = ""
    do {
      guard text.isText else { throw ZooError(.badInput, "no UTF-8 text", at: text) }
      let all = (system.map { [ChatMessage(role: .system, content: $0)] } ?? []) + asked
      interrupts?.awaitAnswer(control)
      let answer = try RunControl.$current.withValue(control) {
        try ZooError.locating(name) {
          try model.stream(.messages(all), generation: options) { piece in
            said += piece
            if isWritten { Console.write(piece) }
            return true
          }
        }
      }
      if isWritten { Console.print("") } else { try Console.printJSONLine(Answer(input: text, answer)) }
      if answer.finishReason == .length { tell("(The answer has as many tokens as it may.)") }
    } catch let error as ZooError {
      if isWritten, !said.isEmpty { Console.print("") }
      guard error.kind == .cancelled, control.isCancelled else { return try fail(error, text) }
      if isWritten, said.isEmpty { Console.print("") }
    }
    // Another answer to the next message, but the same to the same talk.
    options.seed &+= 1
    messages = said.isEmpty ? messages : asked + [ChatMessage(role: .assistant, content: said)]
  }

  private struct Answer: Encodable {
    var input: String
    var text: String?
    var finishReason: GeneratedText.FinishReason?
    var promptTokenCount: Int?
    var tokenCount: Int?
    var error: ErrorReport?

    init(input: String, _ answer: GeneratedText) {
      (self.input, text, finishReason) = (input, answer.text, answer.finishReason)
      (promptTokenCount, tokenCount) = (answer.promptTokenCount, answer.tokenCount)
    }

    init(input: String, error: ErrorReport) { (self.input, self.error) = (input, error) }
  }
}
