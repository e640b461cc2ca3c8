import ArgumentParser
import ModelZoo

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what photographs show, or what texts mean.",
    discussion: """
      For a model of photographs an INPUT is a JPEG, PNG, WebP, GIF, BMP or TIFF file, - for standard input, or a folder, \
      which stands for all such files in it. For a model of texts it is a text, or - for standard input, each line of which is \
      one and is answered when it comes. \
      A model that embeds both takes what names a file or a folder for photographs. \
      An input that can't be read is reported, and the rest is answered all the same.
      """)

  @Argument(help: "A .zoo or .onnx file, or a name in the zoo.", completion: .models)
  var model: String

  @Argument(help: "Image files and folders; texts for a model of texts.", completion: .file())
  var inputs: [String] = []

  @Option(help: ArgumentHelp("Texts, one a line.", valueName: "FILE"), completion: .file())
  var file: String?

  @Option(help: ArgumentHelp("Show the K most probable classes, 1 or more (default: 5).", valueName: "K"))
  var top: Int?

  @Option(
    help: ArgumentHelp(
      "Write the picture with the boxes that were found; for several inputs, a folder of them.", valueName: "OUT.png"),
    completion: .file())
  var draw: String?

  @Option(help: "Show objects with this score or more, in place of the model's own limit: 0 to 1.")
  var threshold: Float?

  @Option(
    help: ArgumentHelp(
      "Put the model's prompt of this name before each text, such as query: for models that embed texts.",
      valueName: "NAME"))
  var prompt: String?

  @Option(
    help: ArgumentHelp(
      "What each text may answer, or the first of two texts: for models that rank or classify pairs.", valueName: "TEXT"
    ))
  var query: String?

  @Flag(help: "Write a generated text piece by piece, as it comes.")
  var stream = false

  @Flag(
    help:
      "Print a line of JSON for each input as soon as it is answered; - is lines, texts or names of image files, each a question."
  )
  var jsonLines = false

  @OptionGroup var generation: GenerationArguments
  @OptionGroup var precision: PrecisionOption
  @OptionGroup var memory: MemoryOption
  @OptionGroup var cache: CacheOption
  @OptionGroup var writing: WritingOptions
  @OptionGroup var options: CommonOptions

  func validate() throws {
    if let top, top < 1 { throw ValidationError("--top takes a number of 1 or more.") }
    if let threshold, !(0...1).contains(threshold) { throw ValidationError("--threshold takes a number from 0 to 1.") }
    if inputs.isEmpty, file == nil { throw ValidationError("Missing expected argument '<inputs> ...'.") }
    if jsonLines, options.json {
      throw ValidationError("--json is one document, --json-lines are many: leave one out.")
    }
  }

  func run() throws {
    let draft = try generation.draft.map { try options.open($0, precision: precision.value, memory) }
    let model = try options.open(self.model, precision: precision.value, memory) {
      ($0.scoreThreshold, $0.draft, $0.cacheType) = (threshold, draft, cache.type)
    }
    try checkOptions(for: model.metadata)
    if let draw, FileKind(path: draw) != .folder { try writing.check(draw) }
    let predictions =
      switch model.metadata.task {
      case .textEmbedding: try embeddings(model)
      case .translation, .textGeneration, .textClassification, .tokenClassification, .textRanking:
        try aboutTexts(model, inputs, file: file)
      case .none, .imageClassification, .objectDetection: try aboutImages(model, inputs)
      }
    Console.clearProgress()
    let name = model.metadata.name.isEmpty ? self.model : model.metadata.name
    if options.json { try Console.printJSON(Report(model: name, predictions: predictions.reports)) }
    try predictions.failures.finish()
  }

  /// Refuses options that mean nothing for such a model.
  private func checkOptions(for metadata: ModelMetadata) throws {
    let task = metadata.task
    if threshold != nil, task != .objectDetection {
      throw ZooError(.usage, "only models that find objects have a threshold", at: "--threshold")
    }
    if query != nil, ![.textRanking, .textClassification].contains(task) {
      throw ZooError(.usage, "only models that rank or classify texts take two", at: "--query", advice: "leave it out")
    }
    if query == nil, task == .textRanking {
      throw ZooError(.usage, "the model tells how well texts answer a query", at: model, advice: "give one by --query")
    }
    if top != nil, ![.imageClassification, .textClassification].contains(task) {
      throw ZooError(.usage, "only classifiers have classes to show", at: "--top", advice: "leave it out")
    }
    if prompt != nil, task != .textEmbedding {
      throw ZooError(.usage, "only models that embed texts have prompts", at: "--prompt", advice: "leave it out")
    }
    if let file, [.imageClassification, .objectDetection].contains(task) || metadata.tokenizerSource == nil {
      throw ZooError(.usage, "the model takes photographs, not texts", at: "--file \(file)", advice: "give image files")
    }
    if stream || generation.isGiven, ![.translation, .textGeneration].contains(task) {
      throw ZooError(
        .usage, "the model generates no text", at: model, advice: "leave --stream and the options of generating out")
    }
    if stream, options.json || jsonLines {
      throw ZooError(.usage, "a JSON document does not come piece by piece", at: "--stream", advice: "leave one out")
    }
    if draw != nil, task != .objectDetection {
      throw ZooError(
        .usage, "only models that find objects have something to draw", at: "--draw",
        advice: "leave --draw out; zoo inspect tells what a model does")
    }
  }

  private typealias Predictions = (reports: [PredictionReport], failures: Failures)

  /// Of texts, or of photographs where the model takes them: then what names a file or a folder, or ends as photographs'
  /// names do, is no text.
  private func embeddings(_ model: Model) throws -> Predictions {
    guard model.metadata.image != nil else { return try aboutTexts(model, inputs, file: file) }
    guard model.metadata.tokenizerSource != nil else { return try aboutImages(model, inputs) }
    var predictions: Predictions = ([], Failures())
    var rest = inputs[...]
    while let first = rest.first {
      // Those of one kind that follow each other run together.
      let isPicture = Self.isPicture(first)
      let like = Array(rest.prefix { Self.isPicture($0) == isPicture })
      rest = rest.dropFirst(like.count)
      let part = try isPicture ? aboutImages(model, like) : aboutTexts(model, like, file: nil)
      predictions.reports += part.reports
      predictions.failures.join(part.failures)
    }
    if file != nil {
      let part = try aboutTexts(model, [], file: file)
      predictions.reports += part.reports
      predictions.failures.join(part.failures)
    }
    return predictions
  }

  private static func isPicture(_ input: String) -> Bool { FileKind(path: input) != nil || isImageName(input) }

  /// Shows an answer, and keeps it where all are one document.
  private func tell(_ report: PredictionReport, of reports: inout [PredictionReport]) throws {
    if jsonLines {
      try Console.printJSONLine(report)
    } else if options.json {
      reports.append(report)
    } else if report.error == nil {
      Console.print(report.text(isBrief: top == 1))
    }
  }

  private func aboutTexts(_ model: Model, _ inputs: [String], file: String?) throws -> Predictions {
    var predictions: Predictions = ([], Failures())
    var texts = TextInputs(inputs, file: file, isLenient: jsonLines)
    var count = 0
    while true {
      // Many at once: the model runs those of like length together.
      let part = try texts.next(stream ? 1 : Self.textsAtOnce)
      guard !part.isEmpty else { return predictions }
      if stream {
        try ZooError.locating(self.model) { try show(model.stream(.text(part[0]), generation: generation.value)) }
        continue
      }
      try Diagnostics.timed("answered \(part.count) texts") { try answer(texts: part, model, &predictions) }
      count += part.count
      options.progress("\(count) texts")
    }
  }

  /// Answers texts together, or one by one where one of them can't be answered.
  private func answer(texts: [String], _ model: Model, _ predictions: inout Predictions) throws {
    do {
      if let bad = texts.first(where: { !$0.isText }) { throw ZooError(.badData, "no UTF-8 text", at: bad) }
      let inputs = texts.map { text in query.map { Input.text($0, pair: text) } ?? Input.text(text, prompt: prompt) }
      let reports = try ZooError.locating(self.model) {
        if [.translation, .textGeneration].contains(model.metadata.task) {
          return try zip(texts, model.generate(inputs, options: generation.value)).map {
            PredictionReport(input: $0, $1)
          }
        }
        return try zip(texts, model.predict(inputs)).map {
          PredictionReport(input: $0, $1, top: top ?? Self.usualTop)
        }
      }
      for report in reports { try tell(report, of: &predictions.reports) }
    } catch let error as ZooError where error.kind == .badData {
      guard texts.count == 1 else {
        for text in texts { try answer(texts: [text], model, &predictions) }
        return
      }
      predictions.failures.report(error)
      try tell(PredictionReport(input: texts[0], error: error), of: &predictions.reports)
    }
  }

  /// Writes the pieces of one text when they come.
  private func show(_ pieces: AsyncThrowingStream<String, any Error>) throws {
    try waiting {
      for try await piece in pieces { Console.write(piece) }
      Console.print("")
    }
  }

  private static let textsAtOnce = 1024
  private static let picturesAtOnce = 32
  private static let usualTop = 5

  private func aboutImages(_ model: Model, _ inputs: [String]) throws -> Predictions {
    var predictions: Predictions = ([], Failures())
    if jsonLines, inputs == ["-"] {
      var lines = StandardLines(isLenient: true)
      while true {
        let names = try lines.next(Self.picturesAtOnce)
        guard !names.isEmpty else { return predictions }
        try answer(pictures: names, model, &predictions)
      }
    }
    try answer(pictures: inputs, model, &predictions)
    return predictions
  }

  /// Answers about pictures, some at a time.
  private func answer(pictures inputs: [String], _ model: Model, _ predictions: inout Predictions) throws {
    let files = inputs.flatMap(expand)
    var drawn = try draw.map { try DrawnFiles($0, inputs: files.count, model: model, writing) }
    var waiting: [(path: String, image: Image)] = []

    func flush() throws {
      guard !waiting.isEmpty else { return }
      let answers = try Diagnostics.timed("answered \(waiting.count) images") {
        try ZooError.locating(self.model) { try model.predict(waiting.map { .image($0.image) }) }
      }
      for (input, answer) in zip(waiting, answers) {
        try tell(
          PredictionReport(input: input.path, answer, top: top ?? Self.usualTop), of: &predictions.reports)
        if case .detections(let found) = answer { try drawn?.write(input.image, found, input: input.path) }
      }
      waiting = []
    }

    for (index, (path, failure)) in files.enumerated() {
      if files.count > Self.picturesAtOnce { options.progress("\(index) of \(files.count) images") }
      do {
        if let failure { throw failure }
        waiting.append((path, try Image(contentsOf: path == "-" ? "/dev/stdin" : path)))
      } catch {
        try flush()
        predictions.failures.report(error)
        try tell(PredictionReport(input: path, error: error), of: &predictions.reports)
      }
      if waiting.count == Self.picturesAtOnce { try flush() }
    }
    try flush()
  }

  /// The images that `input` stands for, or why there are none.
  private func expand(_ input: String) -> [(path: String, failure: (any Error)?)] {
    do { return try imageFiles(at: input).map { ($0, nil) } } catch { return [(input, error)] }
  }

  private struct Report: Encodable {
    var model: String
    var predictions: [PredictionReport]
  }
}

/// One input's answer.
private struct PredictionReport: Encodable {
  var input: String
  var classes: [Classification]?
  var detections: [Detection]?
  var text: String?
  var entities: [Entity]?
  var score: Float?
  var finishReason: GeneratedText.FinishReason?
  var promptTokenCount: Int?
  var tokenCount: Int?
  var embedding: [Float]?
  var error: ErrorReport?

  init(input: String, _ answer: GeneratedText) {
    (self.input, text, finishReason) = (input, answer.text, answer.finishReason)
    (promptTokenCount, tokenCount) = (answer.promptTokenCount, answer.tokenCount)
  }

  init(input: String, _ prediction: Prediction, top: Int) {
    self.input = input
    switch prediction {
    case .classes(let all): classes = Array(all.prefix(top))
    case .detections(let all): detections = all
    case .text(let answer): text = answer
    case .entities(let all): entities = all
    case .score(let number): score = number
    case .embedding(let vector): embedding = vector
    // Photographs never give a model without a task an answer: predict throws.
    case .tensors: break
    }
  }

  init(input: String, error: any Error) {
    self.input = input
    self.error = ErrorReport(error)
  }

  func text(isBrief: Bool) -> String {
    if let classes {
      if isBrief, let best = classes.first { return "\(input): \(best.label) \(percent(best.probability))".visibleLine }
      return input.visibleLine + "\n"
        + table(classes.map { [percent($0.probability), $0.label] }, right: [0], indent: "  ")
    }
    if let detections {
      let rows = detections.map { detection in
        let box = detection.box
        let corners = [box.left, box.top, box.right, box.bottom].map { fixed(Double($0), 0) }
        return [percent(detection.score), detection.label, corners.joined(separator: " ")]
      }
      return input.visibleLine + "\n" + table(rows, right: [0], indent: "  ")
    }
    if let text { return text }
    if let score { return "\(fixed(Double(score), 4))  \(input)".visibleLine }
    if let entities {
      let rows = entities.map { [percent($0.score), $0.label, "\($0.start)–\($0.end)", $0.text.visibleLine] }
      return input.visibleLine + "\n" + (rows.isEmpty ? "  nothing" : table(rows, right: [0], indent: "  "))
    }
    return input.visibleLine + "\n  " + Self.summary(embedding ?? [])
  }

  /// A vector's first components; a person has no use for hundreds of them.
  private static func summary(_ vector: [Float]) -> String {
    let shown = vector.prefix(8).map { fixed(Double($0), 4) }.joined(separator: " ")
    return "\(shown)\(vector.count > 8 ? " …" : "") (\(vector.count) components; --json has all)"
  }

  private func percent(_ fraction: Float) -> String { fixed(Double(fraction) * 100, 2) + " %" }
}
