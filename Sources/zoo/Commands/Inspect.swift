import ArgumentParser
import ModelZoo

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a model is made of.",
    discussion: "Of a PyTorch checkpoint it shows the weights, which --tensors lists by the names that pack looks for.")

  @Argument(help: "A .zoo, .onnx, .tflite or .prototxt file, a name in the zoo, or weights.")
  var model: String

  @Flag(help: "Also show how the model is computed: its nodes after folding and fusion.")
  var compiled = false

  @Flag(help: "Also list every tensor (--json always does).")
  var tensors = false

  @OptionGroup var dimensions: DimensionOptions
  @OptionGroup var precision: PrecisionOption
  @OptionGroup var options: CommonOptions

  func run() throws {
    let path = try ModelCatalog.standard.path(of: model)
    if !compiled, let report = try CheckpointReport(path) {
      if options.json { return try Console.printJSON(report) }
      return Console.print(report.text(listsTensors: tensors))
    }
    var report = try ModelReport(path)
    if compiled {
      let model = try Model(contentsOf: path, options: options.modelOptions(precision: precision.value))
      let shapes = try model.definition.inputShapes(batch: dimensions.batch, dimensions: dimensions.symbols())
      report.steps = try locating(self.model) { try model.steps(for: shapes).map(ModelReport.Step.init) }
      report.arenaBytes = try model.arenaByteCount(for: shapes)
    }
    if options.json { return try Console.printJSON(report) }
    Console.print(report.text(listsTensors: tensors))
  }
}
