import ArgumentParser
import ModelZoo

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show how far a model's outputs are from those in fp32.",
    discussion: """
      Both run on the same inputs. The reference is the same model in fp32, or another file, such as the one whose \
      weights were rounded. Errors are relative to the largest number of the reference's output.
      """)

  @Argument(help: "A .zoo or .onnx file, or a name in the zoo.", completion: .models)
  var model: String

  @OptionGroup var reference: ReferenceOption
  @OptionGroup var tensors: TensorOptions
  @OptionGroup var precision: PrecisionOption
  @OptionGroup var memory: MemoryOption
  @OptionGroup var options: CommonOptions

  func run() throws {
    let model = try options.open(self.model, precision: precision.value, memory)
    let other = try options.open(reference.reference ?? self.model, memory)
    let inputs = try tensors.inputs(of: model, named: self.model)
    let differences = try ZooError.locating(self.model) { try model.differences(from: other, on: inputs) }
    if options.json {
      return try Console.printJSON(
        Report(
          model: model.metadata.name.isEmpty ? self.model : model.metadata.name,
          reference: reference.reference ?? self.model, precision: precision.precision.rawValue, outputs: differences))
    }
    let rows = differences.map { output in
      [
        output.name, shapeText(output.shape), percentText(output.relative), percentText(output.mean),
        "\(Float(output.largest))", fixed(output.cosine, 6),
      ]
    }
    Console.print(
      table(
        [["output", "shape", "largest error", "mean error", "absolute", "cosine"]] + rows, right: [2, 3, 4, 5]))
  }

  private struct Report: Encodable {
    var model: String
    var reference: String
    var precision: String
    var outputs: [OutputDifference]
  }
}
