import ArgumentParser
import ModelZoo

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Convert models to .onnx or .zoo, or weights to safetensors.",
    discussion: """
      The format of IN is told by its contents, that of OUT by its name. Nothing is lost either way. The options record \
      what predicting needs, which ONNX files of others don't tell. OUT is replaced if it is there.

      With --weights the file holds weights rounded, as standard operators of ONNX: a Cast of bfloat16, a \
      DequantizeLinear of int8. --weights fp32 makes plain weights of such again.

      OUT.safetensors takes the tensors alone, of a PyTorch checkpoint, of safetensors in several files (by their index), or \
      of a model, bit by bit and in their order.
      """)

  @Argument(
    help: ArgumentHelp(
      "A .zoo, .onnx, .tflite or (Caffe) .prototxt file, weights, or a name in the zoo.", valueName: "in"))
  var input: String

  @Argument(help: ArgumentHelp("The file to write.", valueName: "out"))
  var output: String

  @Option(name: [.customLong("weights"), .customLong("store")], help: WeightStorage.help)
  var storage: WeightStorage?

  @OptionGroup var description: DescriptionOptions

  @Flag(help: "Print one JSON document instead of text.")
  var json = false

  func run() throws {
    let source = try ModelCatalog.standard.path(of: input)
    if output.lowercased().hasSuffix(".safetensors") { return try convertWeights(source) }
    let format = try ModelFormat(extensionOf: output)
    let original = try ModelDefinition(contentsOf: source)
    let (stored, rounding) = try locating(input) { try original.storing(storage) }
    var model = stored
    try description.apply(to: &model.metadata)
    try checkLabels(of: model)
    try model.write(to: output, format: format)
    try WrittenFile(model, output, rounding: rounding).show(json: json)
  }

  /// Writes the tensors of the file at `source`, one at a time.
  private func convertWeights(_ source: String) throws {
    guard storage == nil, description.isEmpty else {
      throw ZooError(
        .usage, "a safetensors file holds tensors alone, as they are", at: output,
        advice: "leave the options that describe or round a model out")
    }
    let tensors =
      try WeightsFormat(contentsOf: source) == nil
      ? ModelDefinition(contentsOf: source).graph.initializers : WeightFiles(contentsOf: source).tensors
    // What Hugging Face's libraries ask for before they read a file.
    try SafetensorsFormat.write(
      TensorFile(tensors: tensors, metadata: [Property(key: "format", value: "pt")]), to: output)
    try WrittenFile(tensors: tensors, output).show(json: json)
  }

  /// Labels that predict would refuse are refused at once, where the network's output tells how many there must be.
  private func checkLabels(of model: ModelDefinition) throws {
    guard let path = description.labels, let output = model.graph.outputs.first,
      case .tensor(_, let shape?)? = output.type?.form
    else { return }
    let extents = shape.dropFirst().map { if case .fixed(let extent) = $0.extent { Int(extent) } else { 0 } }
    let classes = extents.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    guard extents.isEmpty || extents.contains(where: { $0 <= 0 }) || model.metadata.labels.count == classes else {
      throw ZooError(
        .usage, "\(model.metadata.labels.count) labels are given for \(classes) classes", at: path,
        advice: "give one label for each class, in the order of the network's output \(output.name)")
    }
  }
}
