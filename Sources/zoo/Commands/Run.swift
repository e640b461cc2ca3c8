import ArgumentParser
import Files
import ModelZoo
import NumPyFormat

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a model on tensors.",
    discussion: """
      Tensors are NumPy's .npy files. With --seed, inputs that are not given are standard normal (SplitMix64 and \
      Box-Muller; integers and booleans are 0 or 1), the same on every machine.
      """)

  @Argument(help: "A .zoo or .onnx file, or a name in the zoo.", completion: .models)
  var model: String

  @OptionGroup var tensors: TensorOptions

  @Option(
    help: ArgumentHelp(
      "Write each output to DIR/NAME.npy; what is printed says which file is which.", valueName: "DIR"),
    completion: .directory)
  var outputDir: String?

  @OptionGroup var precision: PrecisionOption
  @OptionGroup var memory: MemoryOption
  @OptionGroup var writing: WritingOptions
  @OptionGroup var options: CommonOptions

  // What is for predict is often given to run.
  @Argument(help: .hidden)
  var others: [String] = []

  func validate() throws {
    guard let other = others.first else { return }
    throw ValidationError(
      "run takes tensors, as --input NAME=FILE.npy; zoo predict \(model) \(other) answers about photographs and texts.")
  }

  func run() throws {
    let model = try options.open(self.model, precision: precision.value, memory)
    let inputs = try tensors.exactInputs(of: model, named: self.model)
    let outputs = try Diagnostics.timed("ran") {
      try ZooError.locating(self.model) {
        try model.run(exactly: inputs.map { ($0.name, .tensor($0.tensor)) }).flatMap(Self.tensors)
      }
    }
    let files = try write(outputs)
    var report = Report(
      model: model.metadata.name.isEmpty ? self.model : model.metadata.name,
      inputs: inputs.sorted { $0.name < $1.name }.map { TensorReport($0.name, $0.tensor) }, outputs: [])
    for (index, output) in outputs.enumerated() {
      var item = TensorReport(output.name, output.tensor)
      item.columns = output.columns
      item.file = files?[index]
      report.outputs.append(item)
    }
    if options.json { return try Console.printJSON(report) }
    Console.print(table(report.outputs.map(\.row)))
  }

  /// A tensor that is shown, and what its columns stand for.
  private struct Shown {
    var name: String
    var tensor: Tensor
    var columns: [String]?
  }

  /// The tensors of a value: of a sequence each element, under its number, but of maps with the same keys one matrix.
  private static func tensors(of name: String, _ value: Value) throws -> [Shown] {
    switch value {
    case .tensor(let tensor): return [Shown(name: name, tensor: tensor)]
    case .optional(let element): return try element.map { try tensors(of: name, $0) } ?? []
    case .map(let keys, let values): return [Shown(name: name, tensor: values, columns: keys.keyTexts)]
    case .sequence(let elements):
      if let matrix = try matrix(of: name, elements) { return [matrix] }
      return try elements.enumerated().flatMap { try tensors(of: "\(name)[\($0)]", $1) }
    }
  }

  private static func matrix(of name: String, _ elements: [Value]) throws -> Shown? {
    var (columns, numbers) = ([String]?.none, [Float]())
    for element in elements {
      guard case .map(let keys, let values) = element, values.type == .float32,
        columns.map({ $0 == keys.keyTexts }) ?? true
      else { return nil }
      columns = keys.keyTexts
      numbers += try values.elements(Float.self)
    }
    guard let columns else { return nil }
    return Shown(name: name, tensor: try Tensor(numbers, shape: [elements.count, columns.count]), columns: columns)
  }

  /// Writes the outputs into the folder that was asked for, all of them or none; gives each one's file.
  private func write(_ outputs: [Shown]) throws -> [String]? {
    guard let outputDir else { return nil }
    try Folder.make(outputDir)
    var names = FileNames(ending: ".npy")
    let paths = names.add(outputs.map(\.name)).map { "\(outputDir)/\($0)" }
    try paths.forEach(writing.check)
    var files = NewFiles()
    for (output, path) in zip(outputs, paths) { try files.add(NumPyFile.newFile(output.tensor, at: path)) }
    try files.commit()
    return paths
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
    var (least, greatest, sum) = (Double.infinity, -Double.infinity, 0.0)
    guard tensor.count > 0,
      (try? tensor.forEachNumber({ number in
        if number < least { least = number }
        if number > greatest { greatest = number }
        sum += number
      })) != nil
    else { return }
    // NaN are left out, but the mean says so.
    if least > greatest { (least, greatest) = (.nan, .nan) }
    (min, max, mean) = (least, greatest, sum / Double(tensor.count))
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
