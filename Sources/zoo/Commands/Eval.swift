import ArgumentParser
import ModelZoo

struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how often a classifier is right.",
    discussion: """
      A DATASET is a folder CLASS/IMAGE, a .tar or .tar.gz file of one, or an .npz file with arrays "images" and \
      "labels". Several count as one. top1 and top5 are the shares of images whose label is the most probable class, \
      or among the five most probable.
      """)

  @Argument(help: "A .zoo or .onnx file, or a name in the zoo.")
  var model: String

  @Argument(help: ArgumentHelp("Datasets.", valueName: "dataset"))
  var datasets: [String]

  @OptionGroup var precision: PrecisionOption
  @OptionGroup var options: CommonOptions

  func validate() throws {
    if datasets.isEmpty { throw ValidationError("Missing expected argument '<dataset> ...'.") }
  }

  func run() throws {
    let model = try Model(named: self.model, options: options.modelOptions(precision: precision.value))
    let accuracy: ClassificationAccuracy
    do {
      accuracy = try model.accuracy(on: datasets) { done, all in options.progress("\(done) of \(all) images") }
    } catch let error as ZooError {
      throw error.location == nil ? error.located(self.model) : error
    }
    Console.clearProgress()
    if options.json { return try Console.printJSON(accuracy) }
    let rows = [("top 1", accuracy.top1), ("top 5", accuracy.top5)].map { name, share in
      [name, fixed(share * 100, 2) + " %", "error \(fixed((1 - share) * 100, 2)) %"]
    }
    Console.print("\(accuracy.images) images\n" + table(rows, right: [1]))
  }
}
