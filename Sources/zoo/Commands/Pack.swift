import ArgumentParser
import GraphBuilder
import ModelZoo
import ResNet

struct Pack: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a package of an architecture and a user's weights.",
    discussion: """
      Architectures: \(architectures.flatMap { $0.names }.joined(separator: ", ")).
      Weights are safetensors or PyTorch's state dictionaries (.pth, .pt, .th), with the key names of torchvision or of \
      the published CIFAR networks, or a folder that holds such (model.safetensors, pytorch_model.bin, model.pth) beside \
      config.json and tokenizer.json. \
      Without --labels, names are the checkpoint's own "labels", if it has them, or the usual ones of \
      ImageNet or CIFAR-10. The package is replaced if it is there.
      A folder as Hugging Face's libraries save one (config.json, safetensors or pytorch_model.bin, the tokenizer's files) \
      says its architecture itself: zoo pack FOLDER makes packages of encoders such as BERT and CLIP, which embed texts, of \
      language models such as Llama, and of networks for photographs such as ViT. So does a GGUF file, whose weights stay \
      in their blocks.
      """)

  @Argument(
    help: "The architecture: resnet50, …; or a folder of Hugging Face's, or a GGUF file.", completion: .directory)
  var arch: String

  @Option(help: ArgumentHelp("The checkpoint, or the folder that holds it.", valueName: "PATH"), completion: .file())
  var weights: String?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The package (default: NAME.zoo in this folder).", valueName: "OUT.zoo"),
    completion: .file())
  var output: String?

  @Option(name: .customLong("store"), help: WeightStorage.help)
  var storage: WeightStorage?

  @Option(name: .customLong("quantize"), help: BlockName.help)
  var blocks: BlockName?

  @Flag(help: "Stride in the first 1×1 convolution of a bottleneck, as in the paper, not in the 3×3 as in torchvision.")
  var v1 = false

  @OptionGroup var description: DescriptionOptions
  @OptionGroup var writing: WritingOptions

  @Flag(help: "Print one JSON document instead of text.")
  var json = false

  func run() throws {
    if let output { try writing.check(output) }
    var model = try packedModel()
    let rounding: WeightRounding?
    (model, rounding) = try ZooError.locating(weights ?? arch) { try model.storing(storage, blocks) }
    try description.apply(to: &model.metadata)
    let path = output ?? model.metadata.name + ".zoo"
    guard try ModelFormat(extensionOf: path) == .package else {
      throw ZooError(
        .usage, "pack writes packages", at: path, advice: "end the name with .zoo; zoo convert makes ONNX of it")
    }
    if output == nil { try writing.check(path) }
    try model.write(to: path, format: .package)
    try WrittenFile(model, path, rounding: rounding).show(json: json)
  }

  private func packedModel() throws -> ModelDefinition {
    guard let weights else {
      let kind = FileKind(path: arch)
      guard kind == .folder || kind == .file && arch.hasSuffix(".gguf") else {
        _ = try chosenArchitecture()
        throw ZooError(.usage, "the weights are missing", at: "pack \(arch)", advice: "add --weights FILE")
      }
      guard description.labels == nil, !v1 else {
        throw ZooError(
          .usage, "--labels and --v1 are for networks of photographs", at: arch, advice: "leave them out")
      }
      return try kind == .folder ? ModelDefinition(pretrainedFolder: arch) : ModelDefinition(contentsOf: arch)
    }
    let architecture = try chosenArchitecture()
    let files = try WeightFiles(contentsOf: weights)
    let labels = try description.labels.map(LabelsFile.read) ?? files.values["labels"]?.texts
    var model = try ZooError.locating(weights) {
      try architecture.model(weights: files.tensors, values: files.values, labels: labels)
    }
    model.metadata.tokenizer = files.tokenizer ?? model.metadata.tokenizer
    return model
  }

  private func chosenArchitecture() throws -> any Architecture {
    let architecture = try architectures.architecture(named: arch)
    guard v1 else { return architecture }
    guard let network = architecture as? ResNet, !network.variant.isForCIFAR, network.variant.depth >= 50 else {
      throw ZooError(.usage, "\(architecture.title) has no bottlenecks", at: "--v1", advice: "leave --v1 out")
    }
    return ResNet(network.variant, bottleneckStride: .v1)
  }
}
