import ArgumentParser
import ModelZoo

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a model is made of.",
    discussion:
      "Of files and folders of weights it shows the tensors, which --tensors lists by the names that pack looks for.",
    aliases: ["show"])

  @Argument(help: "A file of a model or of weights, a folder with weights, or a name in the zoo.", completion: .models)
  var model: String

  @Flag(
    help:
      "Also show how the model is computed: regions, their nodes after folding and fusion, and bodies of If and Loop.")
  var compiled = false

  @Flag(help: "Also list every tensor (--json always does).")
  var tensors = false

  @Flag(
    help: "Also list every tensor with its least, greatest and mean number, standard deviation, NaNs and infinities.")
  var stats = false

  @OptionGroup var dimensions: DimensionOptions
  @OptionGroup var precision: PrecisionOption
  @OptionGroup var memory: MemoryOption
  @OptionGroup var options: CommonOptions

  func validate() throws {
    guard !compiled else { return }
    for (option, isGiven) in [
      ("--batch", dimensions.batch != nil), ("--dim", !dimensions.dimensions.isEmpty),
      ("--precision", precision.precision != .fp32), ("--memory-limit", memory.limit != nil),
    ] where isGiven {
      throw ValidationError("\(option) is for --compiled, which says how the model is computed.")
    }
  }

  func run() throws {
    let path = FileKind(path: model) == .folder ? model : try ModelCatalog.standard.path(of: model)
    if !compiled, let report = try CheckpointReport(path, statistics: stats) {
      if options.json { return try Console.printJSON(report) }
      return Console.print(report.text(listsTensors: tensors || stats))
    }
    var report = try ModelReport(path, statistics: stats)
    if compiled {
      let model = try options.open(path, precision: precision.value, memory)
      let shapes = try model.definition.inputShapes(batch: dimensions.batch, dimensions: dimensions.symbols())
      report.regions = try ZooError.locating(self.model) { try model.regions(for: shapes).map(CompiledReport.init) }
    }
    if options.json { return try Console.printJSON(report) }
    Console.print(report.text(listsTensors: tensors || stats))
  }
}
