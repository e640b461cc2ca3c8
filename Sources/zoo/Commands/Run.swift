import ArgumentParser
import ModelZoo

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a model on tensors.",
    discussion: """
      Tensors are NumPy's .npy files. With --seed, inputs that are not given are standard normal (SplitMix64 and \
      Box-Muller; integers and booleans are 0 or 1), the same on every machine.
      """)

  @Argument(help: "A .zoo or .onnx file, or a name in the zoo.")
  var model: String

  @OptionGroup var tensors: TensorOptions

  @Option(help: ArgumentHelp("Write each output to DIR/NAME.npy.", valueName: "DIR"))
  var outputDir: String?

  @OptionGroup var precision: PrecisionOption
  @OptionGroup var options: CommonOptions

  func run() throws {
    let model = try Model(named: self.model, options: options.modelOptions(precision: precision.value))
    let inputs = try tensors.inputs(of: model, named: self.model)
    let outputs = try ZooError.locating(self.model) { try model.run(inputs) }
    if let outputDir {
      do {
        try FileManager.default.createDirectory(atPath: outputDir, withIntermediateDirectories: true)
      } catch {
        throw ZooError(.notFound, "the folder can't be made", at: outputDir)
      }
    }
    var report = Report(
      model: model.metadata.name.isEmpty ? self.model : model.metadata.name,
      inputs: inputs.sorted { $0.key < $1.key }.map { TensorReport($0.key, $0.value) }, outputs: [])
    let columns = model.definition.graph.columnNames()
    for (index, output) in model.outputs.enumerated() {
      guard let tensor = outputs[output.name] else { continue }
      var item = TensorReport(output.name, tensor)
      item.columns = columns[output.name]
      if let outputDir {
        let path = "\(outputDir)/\(fileName(for: output.name, index)).npy"
        try NumPyFile.write(tensor, to: path)
        item.file = path
      }
      report.outputs.append(item)
    }
    if options.json { return try Console.printJSON(report) }
    Console.print(table(report.outputs.map(\.row)))
  }

  /// A name that stays in the folder.
  private func fileName(for output: String, _ index: Int) -> String {
    let safe = String(output.map { $0 == "/" || $0 == "\0" || $0 == "\\" ? "_" : $0 })
    return safe.isEmpty || safe.hasPrefix(".") ? "output_\(index)" : safe
  }

  private struct Report: Encodable {
    var model: String
    var inputs: [TensorReport]
    var outputs: [TensorReport]
  }
}

/// A tensor in a few words.
private struct TensorReport: Encodable {
  var name: String
  var type: String
  var shape: [Int]
  var file: String?
  var min: Double?
  var max: Double?
  var mean: Double?
  /// The classes that the columns belong to, where the network names them by ZipMap.
  var columns: [String]?

  init(_ name: String, _ tensor: Tensor) {
    self.name = name
    type = tensor.type.name
    shape = tensor.shape
    guard let values = try? tensor.numbers(), !values.isEmpty else { return }
    min = values.min()
    max = values.max()
    mean = values.reduce(0, +) / Double(values.count)
  }

  var row: [String] {
    let range =
      if let min, let max, let mean { "min \(short(min))  mean \(short(mean))  max \(short(max))" } else { "" }
    let classes = columns.map { "columns " + $0.joined(separator: ", ") } ?? ""
    return [name, type, shapeText(shape), range, file.map { "→ \($0)" } ?? "", classes]
  }

  private func short(_ value: Double) -> String {
    value != 0 && (value.magnitude < 1e-3 || value.magnitude >= 1e7) ? "\(Float(value))" : fixed(value, 4)
  }
}
