import ArgumentParser
import ModelZoo
import OpsetConversion

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Convert models and weights between formats.",
    discussion: """
      The format of IN is told by its contents, that of OUT by its name. OUT is replaced if it is there, when all is \
      written; it may be IN itself.

      Models (.zoo, .onnx, .tflite, Caffe's .prototxt beside its .caffemodel, .keras and .h5 of Keras, models of LIBLINEAR \
      and LIBSVM) become .zoo or .onnx, with nothing lost. The options that describe a model record what predicting needs, \
      which ONNX files of others don't tell. With --weights the file holds weights rounded, as standard operators of ONNX: \
      a Cast of bfloat16, a DequantizeLinear of int8. --weights fp32 makes plain weights of such again. With --quantize a \
      .zoo holds them in GGUF's blocks, on which products are computed. With --opset, ONNX's \
      operators have the forms of that operator set; where that can't be, an error names the node. A model that is a support \
      vector machine also becomes a model of LIBSVM, a linear one of LIBLINEAR (.model). A folder as Hugging Face's libraries \
      save one becomes .onnx as the network that its config.json describes (zoo pack makes a package of it).

      Weights become files of any format of weights: \(writableEndings), or a folder as Hugging Face's libraries \
      write one (OUT/, or --shard-size). IN is such a file, a folder, or a model, of which it is the constants. Names, order \
      and bits stay as they are but for the options --include, --exclude, --to-arch, --rename, --dtype and --quantize, which \
      are applied in this order; what a cast changes is told.
      """)

  static let writableEndings = WeightsFormat.all.filter(\.isWritable).flatMap(\.endings).joined(separator: ", ")

  @Argument(
    help: ArgumentHelp(
      "A file of a model or of weights, a folder with weights, or a name in the zoo.", valueName: "in"),
    completion: .models)
  var input: String

  @Argument(help: ArgumentHelp("The file or folder to write.", valueName: "out"), completion: .file())
  var output: String

  @Option(name: [.customLong("weights"), .customLong("store")], help: WeightStorage.help)
  var storage: WeightStorage?

  @Option(
    help: ArgumentHelp(
      "Write ONNX's operators as version N of the operator set has them (\(ModelDefinition.writableOperatorSets.lowerBound) to "
        + "\(ModelDefinition.writableOperatorSets.upperBound)).", valueName: "N"))
  var opset: Int64?

  @Option(name: .customLong("quantize"), help: BlockName.help)
  var blocks: BlockName?

  @OptionGroup(title: "Description of a model") var description: DescriptionOptions
  @OptionGroup(title: "Weights") var conversion: ConversionOptions
  @OptionGroup var writing: WritingOptions

  @Flag(help: "Print one JSON document instead of text.")
  var json = false

  @Flag(help: "Show no progress.")
  var quiet = false

  func run() throws {
    try writing.check(output)
    let path = FileKind(path: input) == .folder ? input : try ModelCatalog.standard.path(of: input)
    let source = try WeightSource(contentsOf: path)
    if let model = source.model, conversion.target(output) == nil || namesModel {
      return try convert(model)
    }
    if let model = source.model, model.holdsMachine, opset == nil, blocks == nil, conversion.isEmpty,
      conversion.target(output)?.isSVM == true
    {
      return try write(machine: model)
    }
    if conversion.target(output) == nil, namesModel, FileKind(path: path) == .folder {
      return try convert(ModelDefinition(pretrainedFolder: path))
    }
    guard storage == nil, opset == nil, description.isEmpty else {
      throw ZooError(
        .usage, "a file of weights holds tensors alone", at: output,
        advice: "leave the options that describe, round or retarget a model out; --dtype casts tensors")
    }
    guard let target = conversion.target(output) else { throw unknownTarget(source) }
    try write(source, from: path, to: target)
  }

  /// Whether the name of what is to be written is a model's.
  private var namesModel: Bool { (try? ModelFormat(extensionOf: output)) != nil }

  private func unknownTarget(_ source: WeightSource) -> ZooError {
    guard !namesModel else {
      return ZooError(
        .usage, "weights without a graph can't become a model of that format", at: output,
        advice: "make a package of them with the architecture that they belong to, zoo pack ARCH --weights \(input)")
    }
    return ZooError(
      .usage, "the name does not say which format to write", at: output,
      advice: "end it with \(Self.writableEndings), or with / for a folder")
  }

  private func convert(_ original: ModelDefinition) throws {
    let format = try ModelFormat(extensionOf: output)
    guard conversion.isEmpty else {
      throw ZooError(
        .usage, "tensors of a model are renamed, chosen and cast only where the model's graph is left out", at: output,
        advice: "choose a format of weights (\(Self.writableEndings)) or leave these options out; --weights rounds")
    }
    guard blocks == nil || format == .package else {
      throw ZooError(
        .usage, "ONNX has no weights in GGUF's blocks", at: output,
        advice: "end the name with .zoo, or round by --weights")
    }
    let (stored, rounding) = try ZooError.locating(input) { try original.storing(storage, blocks) }
    var model = stored
    if let opset { model = try ZooError.locating(input) { try model.converted(toOperatorSet: opset) } }
    try description.apply(to: &model.metadata)
    try description.checkLabels(of: model)
    try model.write(to: output, format: format)
    try WrittenFile(model, output, rounding: rounding).show(json: json)
  }

  private func write(machine model: ModelDefinition) throws {
    guard storage == nil, description.isEmpty else {
      throw ZooError(
        .usage, "a file of LIBSVM or LIBLINEAR holds the machine alone", at: output,
        advice: "leave the options that describe or round a model out")
    }
    try ZooError.locating(input) { try model.write(to: output, format: .svm) }
    var written = try WrittenFile(tensors: [], output)
    written.model = model.metadata.name
    try written.show(json: json)
  }

  private func write(_ source: WeightSource, from path: String, to target: WeightTarget) throws {
    var file = source.file
    var conversion = try conversion.conversion()
    conversion.blocks = blocks?.type
    guard blocks == nil || target.isGGUF else {
      throw ZooError(
        .usage, "weights in blocks are GGUF's", at: output, advice: "end the name with .gguf, or cast to bf16")
    }
    if !quiet, conversion.type != nil || blocks != nil { Console.progress("looking at what the cast changes") }
    let (tensors, cost) = try ZooError.locating(input) { try conversion.apply(to: file.tensors) }
    Console.clearProgress()
    // What Hugging Face's libraries ask for before they read a file.
    if source.format != .safetensors, target.isSafetensors, !file.metadata.contains(where: { $0.key == "format" }) {
      file.metadata.append(Property(key: "format", value: "pt"))
    }
    let progress = TransferProgress(total: tensors.reduce(0) { $0 + $1.tensor.byteCount })
    file.tensors = quiet ? tensors : try ReadMeter { progress.update($0) }.metering(tensors)
    try target.write(file, to: output)
    progress.finish()
    if case .folder = target, FileKind(path: path) == .folder { try copyCompanions(from: path) }
    var written = try WrittenFile(
      tensors: tensors, output, cost: cost, dequantized: target.isGGUF ? [] : tensors.compactMap(\.blockType))
    written.unread = file.unread
    try written.show(json: json)
  }

  /// Copies what makes a model's folder whole beside its weights.
  private func copyCompanions(from folder: String) throws {
    let names = [
      "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
      "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "preprocessor_config.json", "modules.json",
      "sentence_bert_config.json", "1_Pooling/config.json",
    ]
    for name in names where FileKind(path: "\(folder)/\(name)") == .file {
      try copyFile("\(folder)/\(name)", to: "\(output)/\(name)")
    }
  }
}
