import ArgumentParser
import ModelZoo

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how fast a model runs.",
    discussion: """
      Inputs that are not given are standard normal. The time to the first result runs from opening the file; the \
      others are those of runs after that, and the processors' time is a run's, of all threads. Peak memory is the \
      whole process's. Dimensions behind the first that the model leaves open are 128.

      --prompt and --generate measure a model that continues texts as one answers with it: how many tokens a second it \
      takes of a prompt of so many, and how many it generates one after the other behind it; with --streams of several texts together.
      """)

  /// The extent of open dimensions, the batch aside.
  private static let openExtent = 128
  /// Runs in a profile, and those of them in a trace, which should stay small enough to look at.
  private static let (profiledRuns, tracedRuns) = (100, 10)

  @Argument(help: "A .zoo or .onnx file, or a name in the zoo.", completion: .models)
  var model: String?

  @OptionGroup var precision: PrecisionOption

  @Option(help: "Run for about this long, 0 to 86400.")
  var seconds = 3.0

  @Option(
    defaultAsFlag: "", parsing: .next,
    help: ArgumentHelp(
      "Also show the time that each operator takes; to FILE goes when each node ran, for https://ui.perfetto.dev.",
      valueName: "FILE"), completion: .file())
  var profile: String?

  @Option(
    help: ArgumentHelp("Tokens of a prompt, drawn evenly, 1 or more (default with --generate: 256).", valueName: "N"))
  var prompt: Int?

  @Option(help: ArgumentHelp("Tokens to generate behind it, 1 or more (default with --prompt: 64).", valueName: "N"))
  var generate: Int?

  @Option(help: ArgumentHelp("Texts that grow together, with --prompt or --generate, 1 or more.", valueName: "N"))
  var streams: Int?

  @OptionGroup var tensors: TensorOptions
  @OptionGroup var memory: MemoryOption
  @OptionGroup var cache: CacheOption
  @OptionGroup var writing: WritingOptions
  @OptionGroup var options: CommonOptions

  mutating func validate() throws {
    if model == nil, let profile, !profile.isEmpty {
      // `bench --profile MODEL`: the parser can't know that no file was meant.
      (model, self.profile) = (profile, "")
    }
    if model == nil { throw ValidationError("Missing expected argument '<model>'") }
    for (name, value) in [("prompt", prompt), ("generate", generate), ("streams", streams)] {
      if let value, value < 1 { throw ValidationError("--\(name) takes a number of 1 or more.") }
    }
    if streams != nil, prompt == nil, generate == nil {
      throw ValidationError("--streams is for --prompt and --generate.")
    }
    if prompt != nil || generate != nil, profile != nil || tensors.isGiven {
      throw ValidationError("--prompt and --generate measure answers, not runs of the network on given tensors.")
    }
    if !(seconds >= 0 && seconds <= 86400) { throw ValidationError("--seconds takes a number from 0 to 86400.") }
  }

  func run() throws {
    let name = model ?? ""
    if let profile, !profile.isEmpty { try writing.check(profile) }
    let clock = ContinuousClock()
    let start = clock.now
    let model = try options.open(name, precision: precision.value, memory) { $0.cacheType = cache.type }
    // Making the inputs is not the model's time.
    let opened = clock.now
    if prompt != nil || generate != nil { return try measureAnswers(of: model, named: name, opened: opened - start) }
    let definition = model.definition
    let inputs = try tensors.inputs(of: model, named: name, defaultSeed: 0, others: Self.openExtent)
    let asked = clock.now
    _ = try ZooError.locating(name) { try model.run(inputs) }
    let first = (opened - start + (clock.now - asked)).inSeconds

    var times: [Double] = []
    let (measuring, spent) = (clock.now, processorSeconds())
    repeat {
      let before = clock.now
      _ = try model.run(inputs)
      times.append((clock.now - before).inSeconds)
      options.progress("\(times.count) runs")
    } while times.count < 3 || (clock.now - measuring).inSeconds < seconds
    let processors = (processorSeconds() - spent) / Double(times.count)
    let peak = peakMebibytes()
    let profile = try profile == nil ? nil : makeProfile(model, inputs)
    Console.clearProgress()
    let report = Report(
      model: model.metadata.name.isEmpty ? name : model.metadata.name,
      batch: tensors.dimensions.batch ?? model.inputs.first.flatMap { inputs[$0.name]?.shape.first } ?? 1,
      threads: model.threads, precision: precision.precision.rawValue, inputs: inputs.mapValues(\.shape),
      firstResult: first,
      median: median(of: times), minimum: times.min() ?? 0, processors: processors,
      peak: peak, runs: times.count, profile: profile)
    if options.json { return try Console.printJSON(report) }
    var rows = [["model", "\(report.model), batch \(report.batch), \(report.threads) threads, \(report.precision)"]]
    let open = try openDimensions(of: definition)
    if !open.isEmpty {
      rows.append(["left open", "\(open.joined(separator: ", ")): taken as \(Self.openExtent) (--dim SYMBOL=N)"])
    }
    rows += [
      ["median", secondsText(report.median)], ["fastest", "\(secondsText(report.minimum)) of \(report.runs) runs"],
      ["processors", "\(secondsText(report.processors)) a run"],
      ["first result", "\(secondsText(first)) from opening the file"],
      ["peak memory", "\(fixed(report.peak, 1)) MiB"],
    ]
    Console.print(table(rows) + (profile.map { "\n\n\($0.text)" } ?? ""))
  }

  private func measureAnswers(of model: Model, named name: String, opened: Duration) throws {
    let (prompt, count, streams) = (prompt ?? 256, generate ?? 64, streams ?? 1)
    let clock = ContinuousClock()
    let start = clock.now
    let trial = try ZooError.locating(name) {
      try GenerationTrial(model, promptLength: prompt, count: count, streams: streams)
    }
    let made = clock.now - start
    let answered = try trial.run().prompt
    let first = (opened + made + answered).inSeconds
    var (prompts, tokens): ([Double], [Double]) = ([], [])
    let (measuring, spent) = (clock.now, processorSeconds())
    repeat {
      let times = try trial.run()
      prompts.append(times.prompt.inSeconds)
      tokens.append(times.generation.inSeconds / Double(times.generatedCount))
      options.progress("\(prompts.count) answers")
    } while prompts.count < 3 || (clock.now - measuring).inSeconds < seconds
    let processors = (processorSeconds() - spent) / Double(prompts.count)
    Console.clearProgress()
    let report = AnswerReport(
      model: model.metadata.name.isEmpty ? name : model.metadata.name, threads: model.threads,
      precision: precision.precision.rawValue, streams: streams, promptTokens: prompt, generatedTokens: count,
      promptSpeed: Double(streams * prompt) / median(of: prompts), generationSpeed: 1 / median(of: tokens),
      firstToken: first, processors: processors, peak: peakMebibytes(), rounds: prompts.count)
    if options.json { return try Console.printJSON(report) }
    Console.print(
      table([
        ["model", "\(report.model), \(report.threads) threads, \(report.precision)"],
        ["texts", "\(streams) together"],
        ["prompt", "\(fixed(report.promptSpeed, 1)) tokens a second, of \(prompt)"],
        ["generation", "\(fixed(report.generationSpeed, 1)) tokens a second, of \(count)"],
        ["rounds", "\(report.rounds), of which medians are shown"],
        ["processors", "\(secondsText(processors)) a round"],
        ["first token", "\(secondsText(first)) from opening the file"],
        ["peak memory", "\(fixed(report.peak, 1)) MiB"],
      ]))
  }

  private struct AnswerReport: Encodable {
    var model: String
    var threads: Int
    var precision: String
    var streams, promptTokens, generatedTokens: Int
    /// Tokens a second, of all texts.
    var promptSpeed, generationSpeed: Double
    var firstToken: Double
    var processors: Double
    var peak: Double
    var rounds: Int

    enum CodingKeys: String, CodingKey {
      case model, threads, precision, rounds, streams
      case promptTokens = "prompt_tokens"
      case generatedTokens = "generated_tokens"
      case promptSpeed = "prompt_tokens_per_s"
      case generationSpeed = "generated_tokens_per_s"
      case firstToken = "first_token_s"
      case processors = "cpu_s"
      case peak = "peak_mib"
    }
  }

  /// Runs the model for as long as it was measured, and writes the trace where one is wanted.
  private func makeProfile(_ model: Model, _ inputs: [String: Tensor]) throws -> ProfileReport {
    let clock = ContinuousClock()
    let start = clock.now
    var profiles: [Profile] = []
    repeat {
      profiles.append(try model.profile(inputs))
      options.progress("\(profiles.count) profiled runs")
    } while profiles.count < Self.profiledRuns && (clock.now - start).inSeconds < seconds
    if let profile, !profile.isEmpty {
      try TraceFile.write(profiles.suffix(Self.tracedRuns), to: profile)
    }
    return ProfileReport(profiles, trace: profile)
  }

  /// What the inputs' shapes leave open and nobody gave, by name, the batch aside.
  private func openDimensions(of definition: ModelDefinition) throws -> [String] {
    let given = try tensors.dimensions.symbols()
    var names: [String] = []
    for input in definition.requiredInputs where !tensors.files.contains(where: { $0.hasPrefix(input.name + "=") }) {
      guard case .tensor(_, let shape?)? = input.type?.form else { continue }
      for (axis, dimension) in shape.enumerated().dropFirst() {
        switch dimension.extent {
        case .fixed: continue
        case .symbol(let symbol):
          if given[symbol] == nil, !names.contains(symbol) { names.append(symbol) }
        case .unknown: names.append("dimension \(axis) of \(input.name)")
        }
      }
    }
    return names
  }

  private struct Report: Encodable {
    var model: String
    var batch: Int
    var threads: Int
    var precision: String
    var inputs: [String: [Int]]
    var firstResult: Double
    var median: Double
    var minimum: Double
    var processors: Double
    var peak: Double
    var runs: Int
    var profile: ProfileReport?

    enum CodingKeys: String, CodingKey {
      case model, batch, threads, precision, inputs, runs, profile
      case firstResult = "first_result_s"
      case median = "median_s"
      case minimum = "min_s"
      case processors = "cpu_s"
      case peak = "peak_mib"
    }
  }
}

private func median(of times: [Double]) -> Double {
  let sorted = times.sorted()
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

/// What the process has used of all processors.
private func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The most memory that the process has held, in MiB.
private func peakMebibytes() -> Double {
  #if os(Linux)
    // getrusage counts what the process was before exec too: the caller, if that was larger.
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    if let size = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) }) {
      return size / 1024
    }
  #endif
  var usage = rusage()
  #if canImport(Glibc)
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  #else
    getrusage(RUSAGE_SELF, &usage)
  #endif
  #if canImport(Darwin)
    return Double(usage.ru_maxrss) / 1_048_576
  #else
    return Double(usage.ru_maxrss) / 1024
  #endif
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
