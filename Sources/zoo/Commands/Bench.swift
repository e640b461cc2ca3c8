import ArgumentParser
import ModelZoo

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
      Inputs are standard normal. The time to the first result runs from opening the file; the others are those of \
      runs after that. Peak memory is the whole process's.
      """)

  @Argument(help: "A .zoo or .onnx file, or a name in the zoo.")
  var model: String

  @Option(help: "The arithmetic: fp32.")
  var precision = "fp32"

  @Option(help: "Run for about this long.")
  var seconds = 3.0

  @OptionGroup var dimensions: DimensionOptions
  @OptionGroup var options: CommonOptions

  func validate() throws {
    if !(seconds >= 0 && seconds <= 86400) { throw ValidationError("--seconds takes a number from 0 to 86400.") }
    if precision != "fp32" {
      let known = ["bf16", "int8"].contains(precision)
      throw ValidationError(
        known ? "--precision \(precision) is not offered yet; use fp32." : "--precision takes fp32, not \(precision).")
    }
  }

  func run() throws {
    let path = try ModelCatalog.standard.path(of: model)
    let clock = ContinuousClock()
    // Making the inputs is not the model's time.
    let inputs = try ModelDefinition(contentsOf: path).randomInputs(
      seed: 0, batch: dimensions.batch, dimensions: dimensions.symbols())
    let modelOptions = try options.modelOptions()
    let start = clock.now
    let model = try Model(contentsOf: path, options: modelOptions)
    _ = try locating(self.model) { try model.run(inputs) }
    let first = (clock.now - start).inSeconds

    var times: [Double] = []
    let measuring = clock.now
    repeat {
      let before = clock.now
      _ = try model.run(inputs)
      times.append((clock.now - before).inSeconds)
      options.progress("\(times.count) runs")
    } while times.count < 3 || (clock.now - measuring).inSeconds < seconds
    Console.clearProgress()
    times.sort()
    let report = Report(
      model: model.metadata.name.isEmpty ? self.model : model.metadata.name,
      batch: dimensions.batch ?? model.inputs.first.flatMap { inputs[$0.name]?.shape.first } ?? 1,
      threads: model.threads, precision: precision, firstResult: first,
      median: (times[(times.count - 1) / 2] + times[times.count / 2]) / 2, minimum: times[0], peak: peakMebibytes(),
      runs: times.count)
    if options.json { return try Console.printJSON(report) }
    Console.print(
      table([
        ["model", "\(report.model), batch \(report.batch), \(report.threads) threads, \(report.precision)"],
        ["median", secondsText(report.median)], ["fastest", "\(secondsText(report.minimum)) of \(report.runs) runs"],
        ["first result", "\(secondsText(first)) from opening the file"],
        ["peak memory", "\(fixed(report.peak, 1)) MiB"],
      ]))
  }

  private struct Report: Encodable {
    var model: String
    var batch: Int
    var threads: Int
    var precision: String
    var firstResult: Double
    var median: Double
    var minimum: Double
    var peak: Double
    var runs: Int

    enum CodingKeys: String, CodingKey {
      case model, batch, threads, precision, runs
      case firstResult = "first_result_s"
      case median = "median_s"
      case minimum = "min_s"
      case peak = "peak_mib"
    }
  }
}

/// The most memory that the process has held, in MiB.
private func peakMebibytes() -> Double {
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
