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

  @OptionGroup var tensors: TensorOptions
  @OptionGroup var memory: MemoryOption
  @OptionGroup var writing: WritingOptions
  @OptionGroup var options: CommonOptions

  mutating func validate() throws {
    if model == nil, let profile, !profile.isEmpty {
      // `bench --profile MODEL`: the parser can't know that no file was meant.
      (model, self.profile) = (profile, "")
    }
    if model == nil { throw ValidationError("Missing expected argument '<model>'") }
    if !(seconds >= 0 && seconds <= 86400) { throw ValidationError("--seconds takes a number from 0 to 86400.") }
  }

  func run() throws {
    let name = model ?? ""
    if let profile, !profile.isEmpty { try writing.check(profile) }
    let clock = ContinuousClock()
    let start = clock.now
    let model = try options.open(name, precision: precision.value, memory)
    // Making the inputs is not the model's time.
    let opened = clock.now
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
    times.sort()
    let report = Report(
      model: model.metadata.name.isEmpty ? name : model.metadata.name,
      batch: tensors.dimensions.batch ?? model.inputs.first.flatMap { inputs[$0.name]?.shape.first } ?? 1,
      threads: model.threads, precision: precision.precision.rawValue, inputs: inputs.mapValues(\.shape),
      firstResult: first,
      median: (times[(times.count - 1) / 2] + times[times.count / 2]) / 2, minimum: times[0], processors: processors,
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
