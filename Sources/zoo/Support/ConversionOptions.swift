import ArgumentParser
import ModelZoo

extension FloatType: ExpressibleByArgument {}

/// What `convert` does to weights on their way.
struct ConversionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Take only tensors whose names hold a match; may be repeated.", valueName: "REGEX"))
  var include: [String] = []

  @Option(help: ArgumentHelp("Leave out tensors whose names hold a match; may be repeated.", valueName: "REGEX"))
  var exclude: [String] = []

  @Option(
    help: ArgumentHelp(
      "Give tensors the names that they have in the zoo's own checkpoints of an architecture (resnet50, bert, …).",
      valueName: "NAME"))
  var toArch: String?

  @Option(
    help: ArgumentHelp(
      "Replace every match in a name; \\1 or $1 is what the first group matched. May be repeated.",
      valueName: "REGEX=REPLACEMENT"))
  var rename: [String] = []

  @Option(help: "Cast floating-point tensors to fp32, fp16 or bf16.")
  var dtype: FloatType?

  @Option(
    help: ArgumentHelp(
      "Write a folder with files of at most so many bytes of tensors: 5GB, 500MB, … (default for a folder: 5GB).",
      valueName: "SIZE"))
  var shardSize: String?

  private var shardBytes: Int?

  mutating func validate() throws {
    guard let shardSize else { return }
    let units = ["TB": 1e12, "GB": 1e9, "MB": 1e6, "KB": 1e3, "B": 1, "": 1]
    let digits = shardSize.prefix { $0.isNumber || $0 == "." }
    guard let number = Double(digits), let unit = units[shardSize.dropFirst(digits.count).uppercased()],
      number * unit >= 1, number * unit < 1e18
    else { throw ValidationError("--shard-size takes a size such as 5GB or 500MB.") }
    shardBytes = Int(number * unit)
  }

  /// Whether tensors stay as they are, in one file.
  var isEmpty: Bool {
    include.isEmpty && exclude.isEmpty && toArch == nil && rename.isEmpty && dtype == nil && shardSize == nil
  }

  func conversion() throws -> WeightConversion {
    var conversion = WeightConversion()
    conversion.included = include
    conversion.excluded = exclude
    conversion.architecture = toArch
    conversion.renamings = try rename.map(Renaming.init)
    conversion.type = dtype
    return conversion
  }

  /// What the name `output` asks for; `nil` where it does not say.
  func target(_ output: String) -> WeightTarget? {
    if output.hasSuffix("/") || FileKind(path: output) == .folder || shardBytes != nil {
      return .folder(shardSize: shardBytes ?? WeightTarget.usualShardSize)
    }
    return WeightsFormat(nameOf: output).map { .file($0) }
  }
}

extension WeightTarget {
  var isGGUF: Bool {
    guard case .file(let format) = self else { return false }
    return format == .gguf
  }

  var isSVM: Bool {
    guard case .file(let format) = self else { return false }
    return format == .svm
  }

  var isSafetensors: Bool {
    switch self {
    case .folder: true
    case .file(let format): format == .safetensors
    }
  }
}
