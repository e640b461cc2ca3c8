import ArgumentParser
import ModelZoo
import ZooPluginHost
import ZooSystem

/// What most commands take.
struct CommonOptions: ParsableArguments {
  @Option(
    name: .customLong("plugin"), help: "Also load this plugin, before those of the search path; may be repeated.",
    completion: .file())
  var plugins: [String] = []

  @Option(help: "Use at most this many threads, 1 to 1024; all processors if not given.")
  var threads: Int?

  @Flag(help: "Print one JSON document instead of text.")
  var json = false

  @Flag(help: "Show no progress.")
  var quiet = false

  @Flag(help: "Say on standard error what is loaded and chosen, and how long it takes.")
  var verbose = false

  mutating func validate() throws {
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads takes a number from 1 to 1024.") }
    Diagnostics.start(verbose: verbose)
  }

  /// - Throws: `ZooError` for a plugin that can't be loaded.
  func modelOptions(precision: Precision = .float32, _ memory: MemoryOption) throws -> Model.Options {
    var made = Model.Options(
      plugins: plugins.isEmpty ? .standard : try .at(plugins), threads: threads, precision: precision)
    made.memoryLimit = memory.limit?.byteCount
    return made
  }

  /// The model of that path or name.
  func open(
    _ name: String, precision: Precision = .float32, _ memory: MemoryOption,
    change: (inout Model.Options) -> Void = { _ in }
  ) throws -> Model {
    let path = try ModelCatalog.standard.path(of: name)
    var chosen = try modelOptions(precision: precision, memory)
    change(&chosen)
    let model = try Diagnostics.timed("opened the model \(path)") { try Model(contentsOf: path, options: chosen) }
    Diagnostics.debug("computing with \(CPU.current.isa) kernels and \(model.threads) threads")
    return model
  }

  func progress(_ text: @autoclosure () -> String) {
    if !quiet { Console.progress(text()) }
  }
}
