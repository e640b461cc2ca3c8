import ArgumentParser
import ModelZoo

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what photographs show.",
    discussion: """
      An INPUT is a JPEG, PNG or WebP file, - for standard input, or a folder, which stands for all such files in it. \
      An input that can't be read is reported, and the rest is answered all the same.
      """)

  @Argument(help: "A .zoo or .onnx file, or a name in the zoo.")
  var model: String

  @Argument(help: "Image files and folders.")
  var inputs: [String]

  @Option(help: "Show the most probable K classes.")
  var top = 5

  @Option(
    help: ArgumentHelp(
      "Write the picture with the boxes that were found; for several inputs, a folder of them.", valueName: "OUT.png"))
  var draw: String?

  @Option(help: "Show objects with this score or more, in place of the model's own limit: 0 to 1.")
  var threshold: Float?

  @OptionGroup var precision: PrecisionOption
  @OptionGroup var options: CommonOptions

  func validate() throws {
    if top < 1 { throw ValidationError("--top takes a number of 1 or more.") }
    if let threshold, !(0...1).contains(threshold) { throw ValidationError("--threshold takes a number from 0 to 1.") }
    if inputs.isEmpty { throw ValidationError("Missing expected argument '<inputs> ...'.") }
  }

  func run() throws {
    var modelOptions = try options.modelOptions(precision: precision.value)
    modelOptions.scoreThreshold = threshold
    let model = try Model(named: self.model, options: modelOptions)
    if threshold != nil, model.metadata.task != .objectDetection {
      throw ZooError(.usage, "only models that find objects have a threshold", at: "--threshold")
    }
    let files = inputs.flatMap(expand)
    var drawn = try draw.map { try DrawnFiles($0, inputs: files.count, model: model) }
    var failures = Failures()
    var report = Report(model: model.metadata.name.isEmpty ? self.model : model.metadata.name, predictions: [])
    var waiting: [(path: String, image: Image)] = []

    func flush() throws {
      let answers = try locating(self.model) { try model.predict(waiting.map { .image($0.image) }) }
      for (input, answer) in zip(waiting, answers) {
        let item = PredictionReport(input: input.path, answer, top: top)
        report.predictions.append(item)
        if !options.json { Console.print(item.text(isBrief: top == 1)) }
        if case .detections(let found) = answer { try drawn?.write(input.image, found, input: input.path) }
      }
      waiting = []
    }

    for (index, (path, failure)) in files.enumerated() {
      if files.count > 32 { options.progress("\(index) of \(files.count) images") }
      do {
        if let failure { throw failure }
        waiting.append((path, try Image(contentsOf: path == "-" ? "/dev/stdin" : path)))
      } catch {
        try flush()
        failures.report(error)
        report.predictions.append(PredictionReport(input: path, error: error))
      }
      if waiting.count == 32 { try flush() }
    }
    try flush()
    Console.clearProgress()
    if options.json { try Console.printJSON(report) }
    try failures.finish()
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
  var embedding: [Float]?
  var error: String?

  init(input: String, _ prediction: Prediction, top: Int) {
    self.input = input
    switch prediction {
    case .classes(let all): classes = Array(all.prefix(top))
    case .detections(let all): detections = all
    case .text(let answer): text = answer
    case .embedding(let vector): embedding = vector
    // Photographs never give a model without a task an answer: predict throws.
    case .tensors: break
    }
  }

  init(input: String, error: any Error) {
    self.input = input
    self.error = "\(error)"
  }

  func text(isBrief: Bool) -> String {
    if let classes {
      if isBrief, let best = classes.first { return "\(input): \(best.label) \(percent(best.probability))" }
      return input + "\n" + table(classes.map { [percent($0.probability), $0.label] }, right: [0], indent: "  ")
    }
    if let detections {
      let rows = detections.map { detection in
        let box = detection.box
        let corners = [box.left, box.top, box.right, box.bottom].map { fixed(Double($0), 0) }
        return [percent(detection.score), detection.label, corners.joined(separator: " ")]
      }
      return input + "\n" + table(rows, right: [0], indent: "  ")
    }
    if let text { return text }
    return input + "\n  " + (embedding ?? []).map { "\($0)" }.joined(separator: " ")
  }

  private func percent(_ fraction: Float) -> String { fixed(Double(fraction) * 100, 2) + " %" }
}
