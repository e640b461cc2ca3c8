import PackageFormat
import PyTorchFormat
import SafetensorsFormat

// A format is wired here: a constant, and its place in the list.

extension WeightsFormat {
  /// Every format, in the order in which files are asked whether they are of it.
  public static let all: [WeightsFormat] = [.package, .pytorch, .safetensors]

  /// The project's own package, here one without a graph.
  public static let package = WeightsFormat(
    name: "zoo", title: "ModelZoo package", endings: [".zoo"], types: Set(ElementType.allCases),
    sniff: { beginning, _ in PackageFormat.sniff(Array(beginning)) },
    read: { WeightsContents(file: try PackageFormat.read($0).tensorFile) },
    write: { try PackageFormat.write(ModelDefinition($0), to: $1) })

  /// What `torch.save` writes.
  public static let pytorch = WeightsFormat(
    name: "pytorch", title: "PyTorch checkpoint", endings: [".pth", ".pt", ".bin"],
    types: [
      .float32, .float64, .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .uint8,
      .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64, .bool, .complex64, .complex128,
    ],
    sniff: { beginning, _ in PyTorchFormat.sniff(beginning) },
    read: {
      let checkpoint = try PyTorchFormat.read($0)
      return WeightsContents(
        file: TensorFile(tensors: checkpoint.tensors), values: checkpoint.values, dictionary: checkpoint.path)
    }, write: nil)

  /// Hugging Face's, one file or the index of several.
  public static let safetensors = WeightsFormat(
    name: "safetensors", title: "safetensors file", endings: [".safetensors"],
    types: Set(ElementType.allCases.filter { SafetensorsFormat.holds($0) }),
    sniff: { beginning, path in
      path.hasSuffix(".safetensors.index.json") || SafetensorsFormat.sniff(beginning)
    },
    read: {
      let file = try SafetensorsFormat.read($0)
      let values = file.metadata.map { ($0.key, CheckpointValue.text($0.value)) }
      return WeightsContents(file: file, values: Dictionary(values, uniquingKeysWith: { $1 }))
    }, write: { try SafetensorsFormat.write($0, to: $1) })
}
