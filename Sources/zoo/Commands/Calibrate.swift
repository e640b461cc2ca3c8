import ArgumentParser
import ModelZoo
import ZooEvaluation

struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Record the ranges of a model's values on samples, for --precision int8.",
    discussion: """
      The model runs in fp32 on each SAMPLE, and the file written records between which numbers the values lie that \
      products read. Without it, int8 arithmetic looks at the values of every run.

      For classifiers of images a SAMPLE is an image, a folder of images, or a dataset as eval takes it (labels don't \
      matter). For any model it is a .npy file for the only input, a .npz file with an array for each input, or a \
      folder of those; an array may hold several samples along its first axis. --input and --seed, as run takes them, \
      are one sample more. A hundred samples or two of what the model will see are enough.
      """)

  @Argument(help: "A .zoo or .onnx file, or a name in the zoo.", completion: .models)
  var model: String

  @Argument(help: ArgumentHelp("Samples.", valueName: "sample"), completion: .file())
  var samples: [String] = []

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file to write, a .zoo or .onnx file.", valueName: "OUT"),
    completion: .file())
  var output: String

  @Option(help: ArgumentHelp("Run at most this many samples, 1 or more, evenly spread (default: 256).", valueName: "N"))
  var limit = 256

  @OptionGroup var tensors: TensorOptions
  @OptionGroup var memory: MemoryOption
  @OptionGroup var writing: WritingOptions
  @OptionGroup var options: CommonOptions

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit takes a number of 1 or more.") }
    if samples.isEmpty, !tensors.isGiven { throw ValidationError("Missing expected argument '<sample> ...'.") }
  }

  func run() throws {
    let format = try ModelFormat(extensionOf: output)
    try writing.check(output)
    let model = try options.open(self.model, memory)
    let inputs = tensors.isGiven ? [try tensors.inputs(of: model, named: self.model)] : []
    let calibration: Calibration
    do {
      calibration = try model.calibration(on: samples, inputs: inputs, limit: limit) { done, all in
        options.progress("\(done) of \(all) samples")
      }
    } catch let error as ZooError {
      throw error.location == nil ? error.located(self.model) : error
    }
    Console.clearProgress()
    guard !calibration.ranges.isEmpty else {
      throw ZooError(
        .unsupported, "the model has no products of values that are computed", at: self.model,
        advice: "int8 has no effect on it")
    }
    var definition = model.definition
    definition.metadata.calibration = calibration
    try definition.write(to: output, format: format)
    if options.json {
      return try Console.printJSON(Report(path: output, samples: calibration.samples, ranges: calibration.ranges))
    }
    Console.print("\(output): \(calibration.ranges.count) ranges of \(calibration.samples) samples".visibleLine)
  }

  private struct Report: Encodable {
    var path: String
    var samples: Int
    var ranges: [Calibration.ValueRange]
  }
}
