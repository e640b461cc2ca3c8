import ArgumentParser
import ModelZoo

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Show what a model is made of.")

  @Argument(help: "A .zoo or .onnx file, or a name in the zoo.")
  var model: String

  @Flag(help: "Also show how the model is computed: its nodes after folding and fusion.")
  var compiled = false

  @Flag(help: "Also list every tensor (--json always does).")
  var tensors = false

  @OptionGroup var dimensions: DimensionOptions
  @OptionGroup var options: CommonOptions

  func run() throws {
    let path = try ModelCatalog.standard.path(of: model)
    var report = try ModelReport(path)
    if compiled {
      let model = try Model(contentsOf: path, options: options.modelOptions())
      let shapes = try model.definition.inputShapes(batch: dimensions.batch, dimensions: dimensions.symbols())
      report.steps = try model.steps(for: shapes).map(ModelReport.Step.init)
      report.arenaBytes = try model.arenaByteCount(for: shapes)
    }
    if options.json { return try Console.printJSON(report) }
    Console.print(report.text(listsTensors: tensors))
  }
}
