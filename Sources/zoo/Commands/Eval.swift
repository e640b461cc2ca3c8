import ArgumentParser
import ModelZoo
import ZooEvaluation

struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Measure how often a classifier is right, how well a detector finds objects, or a model translates or foretells texts.",
    discussion: """
      A DATASET is a folder CLASS/IMAGE, a .tar or .tar.gz file of one, or an .npz file with arrays "images" and \
      "labels". Several count as one. top1 and top5 are the shares of images whose label is the most probable class, \
      or among the five most probable.

      For a model that finds objects, a DATASET has the layout of Pascal VOC (Annotations/NAME.xml, JPEGImages/NAME.jpg, \
      ImageSets/Main/LIST.txt): a folder, or a .tar or .tar.gz file of one. map50 is the mean of ap50, the average \
      precision of each class over all recalls, where a box finds an object if their intersection over union is 0.5.

      For a model that translates the datasets are two text files, a sentence a line: the source, and a reference for \
      each sentence; either may be compressed by gzip. bleu is sacreBLEU's lower-case BLEU.

      For a model that continues texts the dataset is one text file, which may be compressed by gzip. perplexity is \
      llama.cpp's: the text is cut into windows of --context tokens, each begins as texts of the model begin, and the second \
      half of each is foretold.

      --compare also runs the model in fp32 (or --reference, another model), and shows its accuracy, how often both find \
      the same class the most probable, and how far apart their outputs are, relative to the largest; or its perplexity, how \
      often both find the same token the most probable, and their divergence (Kullback and Leibler).
      """)

  @Argument(help: "A .zoo or .onnx file, or a name in the zoo.", completion: .models)
  var model: String

  @Argument(help: ArgumentHelp("Datasets.", valueName: "dataset"), completion: .file())
  var datasets: [String]

  @Option(
    help: ArgumentHelp(
      "Which list of a Pascal VOC data set (default: val, or all pictures where there is none).", valueName: "LIST"))
  var list: String?

  @Option(help: ArgumentHelp("Tokens of a window, 4 or more (default: 512).", valueName: "N"))
  var context: Int?

  @Flag(help: "Also show what fp32 gives, and how far this is from it.")
  var compare = false

  @OptionGroup var generation: GenerationArguments
  @OptionGroup var reference: ReferenceOption
  @OptionGroup var precision: PrecisionOption
  @OptionGroup var memory: MemoryOption
  @OptionGroup var cache: CacheOption
  @OptionGroup var options: CommonOptions

  func validate() throws {
    if datasets.isEmpty { throw ValidationError("Missing expected argument '<dataset> ...'.") }
    if let context, context < 4 { throw ValidationError("--context takes a number of 4 or more.") }
  }

  func run() throws {
    let model = try options.open(self.model, precision: precision.value, memory) { $0.cacheType = cache.type }
    do {
      if generation.draft != nil {
        throw ZooError(.usage, "what is measured is not guessed", at: "--draft", advice: "leave it out")
      }
      if generation.isGiven, model.metadata.task != .translation {
        throw ZooError(.usage, "only for translations text is generated", advice: "leave the options for it out")
      }
      if list != nil, model.metadata.task != .objectDetection {
        throw ZooError(.usage, "only data sets for detectors have lists", at: "--list")
      }
      let isComparable = [.imageClassification, .textGeneration].contains(model.metadata.task)
      if compare || reference.reference != nil, !isComparable {
        throw ZooError(
          .usage, "only classifiers and models that continue texts can be compared", at: "--compare",
          advice: "measure both models")
      }
      if context != nil, model.metadata.task != .textGeneration {
        throw ZooError(.usage, "only texts that a model continues have windows", at: "--context")
      }
      switch model.metadata.task {
      case .objectDetection:
        return try show(try model.detectionAccuracy(on: datasets, list: list, progress: progress))
      case .translation: return try measureTranslation(by: model)
      case .textGeneration: return try measurePerplexity(of: model)
      case .none, .imageClassification, .textEmbedding, .textClassification, .tokenClassification, .textRanking: break
      }
      guard compare || reference.reference != nil else {
        return try show(try model.accuracy(on: datasets, progress: progress))
      }
      let other = try options.open(reference.reference ?? self.model, memory)
      try show(try model.accuracy(on: datasets, comparedWith: other, progress: progress))
    } catch let error as ZooError {
      throw error.location == nil ? error.located(self.model) : error
    }
  }

  private func measureTranslation(by model: Model) throws {
    guard datasets.count == 2, !compare, reference.reference == nil else {
      throw ZooError(
        .usage, "a translator is measured with two text files, source and reference, and compared with nothing else")
    }
    let quality = try model.translationQuality(of: datasets[0], reference: datasets[1], generation: generation.value) {
      done, all in options.progress("\(done) of \(all) sentences")
    }
    Console.clearProgress()
    if options.json { return try Console.printJSON(quality) }
    Console.print("\(quality.sentences) sentences\n" + table([["BLEU", fixed(quality.bleu, 2)]], right: [1]))
  }

  private func measurePerplexity(of model: Model) throws {
    guard datasets.count == 1 else {
      throw ZooError(.usage, "a model that continues texts is measured with one text file")
    }
    func progress(_ done: Int, _ all: Int) { options.progress("\(done) of \(all) windows") }
    guard compare || reference.reference != nil else {
      let found = try model.perplexity(on: datasets[0], context: context ?? 512, progress: progress)
      Console.clearProgress()
      if options.json { return try Console.printJSON(found) }
      let value = "\(fixed(found.perplexity, 4)) ± \(fixed(found.standardError, 4))"
      return Console.print(summary(of: found) + "\n" + table([["perplexity", value]]))
    }
    let other = try options.open(reference.reference ?? self.model, memory)
    let found = try model.perplexity(on: datasets[0], comparedWith: other, context: context ?? 512, progress: progress)
    Console.clearProgress()
    if options.json { return try Console.printJSON(PerplexityReport(found)) }
    Console.print(
      summary(of: found.perplexity) + "\n"
        + table([
          ["perplexity", fixed(found.perplexity.perplexity, 4)],
          ["of \(reference.reference ?? "fp32")", fixed(found.reference.perplexity, 4)],
          ["same first token", percentText(found.agreement)], ["divergence", fixed(found.divergence, 6)],
        ]))
  }

  private func summary(of found: Perplexity) -> String {
    "\(found.tokens) tokens in \(found.windows) windows of \(found.context)"
  }

  private struct PerplexityReport: Encodable {
    var tokens, windows, context: Int
    var perplexity, standardError: Double
    var reference: Perplexity
    var agreement, divergence: Double

    init(_ comparison: PerplexityComparison) {
      let own = comparison.perplexity
      (tokens, windows, context) = (own.tokens, own.windows, own.context)
      (perplexity, standardError) = (own.perplexity, own.standardError)
      (reference, agreement, divergence) = (comparison.reference, comparison.agreement, comparison.divergence)
    }

    enum CodingKeys: String, CodingKey {
      case tokens, windows, context, perplexity, reference, agreement, divergence
      case standardError = "standard_error"
    }
  }

  private func progress(_ done: Int, _ all: Int) { options.progress("\(done) of \(all) images") }

  private func show(_ accuracy: ClassificationAccuracy) throws {
    Console.clearProgress()
    if options.json { return try Console.printJSON(accuracy) }
    let rows = [("top 1", accuracy.top1), ("top 5", accuracy.top5)].map { name, share in
      [name, fixed(share * 100, 2) + " %", "error \(fixed((1 - share) * 100, 2)) %"]
    }
    Console.print("\(accuracy.images) images\n" + table(rows, right: [1]))
  }

  private func show(_ accuracy: DetectionAccuracy) throws {
    Console.clearProgress()
    if options.json { return try Console.printJSON(accuracy) }
    let rows = accuracy.ap50.sorted { $0.key < $1.key }.map { [$0.key, fixed($0.value * 100, 2) + " %"] }
    Console.print(
      "\(accuracy.images) images\n" + table([["mean AP50", fixed(accuracy.map50 * 100, 2) + " %"]] + rows, right: [1]))
  }

  private func show(_ comparison: AccuracyComparison) throws {
    Console.clearProgress()
    let (own, other) = (comparison.accuracy, comparison.reference)
    if options.json { return try Console.printJSON(Report(comparison)) }
    func row(_ name: String, _ left: Double, _ right: Double) -> [String] {
      let change = fixed((left - right) * 100, 2)
      return [
        name, fixed(left * 100, 2) + " %", fixed(right * 100, 2) + " %",
        (left > right && change != "0.00" ? "+" : "") + change,
      ]
    }
    let name = reference.reference ?? "fp32"
    Console.print(
      "\(own.images) images\n"
        + table(
          [
            ["", precision.precision.rawValue, name, "points"], row("top 1", own.top1, other.top1),
            row("top 5", own.top5, other.top5),
          ], right: [1, 2, 3]))
    Console.print(
      table([
        ["same first class", percentText(comparison.agreement)],
        ["largest difference", "\(percentText(comparison.largestDifference)) of the largest output"],
        ["mean difference", "\(percentText(comparison.meanDifference)) of the largest output"],
      ]))
  }

  private struct Report: Encodable {
    var images: Int
    var top1: Double
    var top5: Double
    var reference: ClassificationAccuracy
    var agreement: Double
    var largestDifference: Double
    var meanDifference: Double

    init(_ comparison: AccuracyComparison) {
      (images, top1, top5) = (comparison.accuracy.images, comparison.accuracy.top1, comparison.accuracy.top5)
      reference = comparison.reference
      agreement = comparison.agreement
      largestDifference = comparison.largestDifference
      meanDifference = comparison.meanDifference
    }

    enum CodingKeys: String, CodingKey {
      case images, top1, top5, reference, agreement
      case largestDifference = "largest_difference"
      case meanDifference = "mean_difference"
    }
  }
}
