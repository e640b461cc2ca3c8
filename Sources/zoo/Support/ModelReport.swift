import ModelZoo
import PackageFormat

/// A model as `inspect` shows it.
struct ModelReport: Encodable {
  var path: String
  var format: ModelFormat
  /// Bytes of the file.
  var fileBytes: Int
  /// Bytes of the weights in memory.
  var tensorBytes: Int
  /// Bytes of the weights in the file, of a package.
  var storedBytes: Int?
  /// `storedBytes / tensorBytes`.
  var compression: Double?
  var parameters: Int
  /// The weights by the type that the file holds them in, the largest share first.
  var storage: [Storage]
  private var described: Metadata
  var metadata: ModelMetadata { described.value }
  var producer: String
  /// What the file says of itself besides, such as a GGUF file's hyper-parameters.
  var properties: [Setting]
  var operatorSets: [OperatorSet]
  var inputs: [Value]
  var outputs: [Value]
  var nodes: Int
  /// Nodes by operator.
  var operators: [String: Int]
  var functions: Int
  var tensors: [Tensor]
  var regions: [CompiledReport]?

  enum CodingKeys: String, CodingKey {
    case path, format, compression, parameters, producer, inputs, outputs, nodes, operators, functions
    case tensors, regions, storage, properties
    case described = "metadata"
    case fileBytes = "file_bytes"
    case tensorBytes = "tensor_bytes"
    case storedBytes = "stored_bytes"
    case operatorSets = "operator_sets"
  }

  struct OperatorSet: Encodable {
    var domain: String
    var version: Int64
  }

  struct Setting: Encodable {
    var name, value: String
  }

  struct Storage: Encodable {
    var type: String
    var tensors: Int
    var parameters: Int
    /// In memory, as they are stored.
    var bytes: Int

    /// - Parameter blocks: Constants in blocks, by name.
    static func list(_ initializers: [NamedTensor], _ blocks: [String: BlockContents]) -> [Storage] {
      Dictionary(grouping: initializers, by: { blocks[$0.name]?.type ?? $0.tensor.type.name }).map { type, constants in
        Storage(
          type: type, tensors: constants.count,
          parameters: constants.reduce(0) { $0 + (blocks[$1.name]?.count ?? $1.tensor.shape.reduce(1, *)) },
          bytes: constants.reduce(0) { $0 + $1.tensor.byteCount })
      }.sorted { ($1.bytes, $0.type) < ($0.bytes, $1.type) }
    }

    var text: String { "\(parameters) \(type) in \(tensors) tensors, \(byteText(bytes))" }
  }

  struct Value: Encodable {
    var name: String
    var type: String
    var shape: [ExtentReport]?
    /// For people, the type with the shape.
    let text: String

    enum CodingKeys: CodingKey {
      case name, type, shape
    }

    init(_ value: ValueInfo) {
      (name, text) = (value.name, typeText(value.type))
      let report = TypeReport(value.type)
      (type, shape) = (report.name, report.shape)
    }
  }

  /// What is said of the model, its task by the name that options have for it.
  struct Metadata: Encodable {
    private enum Key: CodingKey {
      case task
    }

    let value: ModelMetadata

    func encode(to encoder: any Encoder) throws {
      try value.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(value.task.name, forKey: .task)
    }
  }

  struct Tensor: Encodable {
    var name: String
    var type: String
    var shape: [Int]
    var bytes: Int
    var storedBytes: Int?
    var statistics: TensorStatistics?

    enum CodingKeys: String, CodingKey {
      case name, type, shape, bytes, statistics
      case storedBytes = "stored_bytes"
    }

    init(name: String, type: String, shape: [Int], bytes: Int, storedBytes: Int?) {
      (self.name, self.type, self.shape, self.bytes, self.storedBytes) = (name, type, shape, bytes, storedBytes)
    }

    init(_ named: NamedTensor, statistics: Bool = false) throws {
      let tensor = named.tensor
      self.init(
        name: named.name, type: named.blockType ?? tensor.type.name, shape: tensor.shape, bytes: tensor.byteCount,
        storedBytes: nil)
      if statistics { try addStatistics(of: tensor) }
    }

    mutating func addStatistics(of tensor: StoredTensor) throws {
      guard tensor.type != .string else { return }
      statistics = try ZooError.locating("tensor \"\(name)\"") { try TensorStatistics(tensor) }
    }

    static func table(_ tensors: [Tensor]) -> String {
      let isStored = tensors.contains { $0.storedBytes != nil }
      let isCounted = tensors.contains { $0.statistics != nil }
      func text(_ number: Double?) -> String { number.map(numberText) ?? "" }
      var head = ["tensor", "type", "shape", "bytes"]
      if isStored { head.append("stored") }
      if isCounted { head += ["min", "max", "mean", "std", "NaN", "infinite"] }
      let rows = tensors.map { tensor in
        var row = [tensor.name, tensor.type, shapeText(tensor.shape), String(tensor.bytes)]
        if isStored { row.append(tensor.storedBytes.map { String($0) } ?? "") }
        if let numbers = tensor.statistics {
          row += [numbers.least, numbers.greatest, numbers.mean, numbers.deviation].map(text)
          row += [String(numbers.nans), String(numbers.infinities)]
        }
        return row
      }
      return zoo.table([head] + rows, right: Set(3...10))
    }
  }

  init(_ path: String, statistics: Bool = false) throws {
    self.path = path
    format = try ModelFormat(contentsOf: path)
    fileBytes = try fileSize(path)
    let model = try ModelDefinition(contentsOf: path)
    described = Metadata(value: model.metadata)
    producer = [model.producerName, model.producerVersion].filter { !$0.isEmpty }.joined(separator: " ")
    operatorSets = model.operatorSets.map { OperatorSet(domain: $0.domain, version: $0.version) }
    inputs = model.requiredInputs.map(Value.init)
    outputs = model.graph.outputs.map(Value.init)
    nodes = model.graph.nodes.count
    operators = model.graph.nodes.reduce(into: [:]) { counts, node in
      counts[node.domain.isEmpty ? node.operatorType : "\(node.domain).\(node.operatorType)", default: 0] += 1
    }
    functions = model.functions.count
    properties = model.properties.map { Setting(name: $0.key, value: $0.value) }
    let blocks = model.blockConstants
    storage = Storage.list(model.graph.initializers, blocks)
    parameters = storage.reduce(0) { $0 + $1.parameters }
    if format == .package {
      let summary = try PackageFormat.summary(path)
      tensorBytes = summary.byteCount
      storedBytes = summary.storedByteCount
      compression = tensorBytes > 0 ? Double(summary.storedByteCount) / Double(tensorBytes) : nil
      tensors = summary.tensors.map {
        Tensor(
          name: $0.name, type: $0.type.name, shape: $0.shape, bytes: $0.byteCount, storedBytes: $0.storedByteCount)
      }
    } else {
      tensors = try model.graph.initializers.map { try Tensor($0) }
      tensorBytes = tensors.reduce(0) { $0 + $1.bytes }
    }
    for index in tensors.indices { tensors[index].type = blocks[tensors[index].name]?.type ?? tensors[index].type }
    guard statistics else { return }
    let constants = Dictionary(
      model.graph.initializers.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    for index in tensors.indices {
      if let tensor = constants[tensors[index].name] { try tensors[index].addStatistics(of: tensor) }
    }
  }

  func text(listsTensors: Bool) -> String {
    var rows: [[String]] = [["file", path]]
    func row(_ name: String, _ value: String) {
      if !value.isEmpty { rows.append([name, value]) }
    }
    row("model", metadata.name)
    row("architecture", metadata.architecture)
    row("summary", metadata.summary)
    if metadata.task != .none { row("task", metadata.task.name) }
    if !metadata.labels.isEmpty {
      let shown = metadata.labels.prefix(10).joined(separator: ", ")
      row("labels", "\(metadata.labels.count): \(shown)\(metadata.labels.count > 10 ? ", …" : "")")
    }
    if let image = metadata.image { row("image", Self.text(image)) }
    if let tokenizer = metadata.tokenizer { row("tokenizer", byteText(tokenizer.utf8.count)) }
    if let chat = metadata.chat { row("chat template", byteText(chat.template.utf8.count)) }
    if let prompts = metadata.embedding?.prompts, !prompts.isEmpty {
      let standard = metadata.embedding?.defaultPrompt.map { "; default \($0)" } ?? ""
      row("prompts", prompts.map(\.name).joined(separator: ", ") + standard)
    }
    for accuracy in metadata.accuracy { row("accuracy", accuracy.text) }
    row("license", metadata.license)
    row("source", metadata.source)
    row("producer", producer)
    for (index, property) in properties.enumerated() {
      let isLong = property.value.unicodeScalars.count > 80
      rows.append([
        index == 0 ? "properties" : "", "\(property.name) \(property.value.prefix(80))\(isLong ? "…" : "")",
      ])
    }
    row(
      "operator sets",
      operatorSets.map { "\($0.domain.isEmpty ? "ai.onnx" : $0.domain) \($0.version)" }.joined(separator: ", "))
    for input in inputs { row("input", "\(input.name): \(input.text)") }
    for output in outputs { row("output", "\(output.name): \(output.text)") }
    let counts = operators.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
    row("nodes", "\(nodes): \(counts.joined(separator: ", "))")
    if functions > 0 { row("functions", "\(functions)") }
    row("weights", "\(parameters) in \(tensors.count) tensors, \(byteText(tensorBytes))")
    if storage.count > 1 {
      for (index, part) in storage.enumerated() { rows.append([index == 0 ? "stored as" : "", part.text]) }
    }
    if let calibration = metadata.calibration {
      row("calibrated", "\(calibration.ranges.count) ranges of \(calibration.samples) samples")
    }
    let stored =
      storedBytes.map { ", weights \(byteText($0)): \(fixed((compression ?? 1) * 100, 1)) % of their size" } ?? ""
    row("file size", byteText(fileBytes) + stored)
    var text = table(rows)
    if listsTensors { text += "\n\n" + Tensor.table(tensors) }
    if let regions { text += "\n\n" + CompiledReport.text(regions) }
    return text
  }

  private static func text(_ image: ImagePreprocessing) -> String {
    let resize =
      switch image.resize {
      case .shorterSide(let side): "shorter side to \(side)"
      case .exact(let height, let width): "to \(width)×\(height)"
      case .none: "at its own size"
      }
    let mean = image.mean.map { "\($0)" }.joined(separator: " ")
    let deviation = image.deviation.map { "\($0)" }.joined(separator: " ")
    let sizes =
      image.resize == .none ? resize : "\(image.filter.rawValue) \(resize), centre \(image.width)×\(image.height)"
    return "\(sizes), \(image.colorOrder.rawValue), mean \(mean), deviation \(deviation)"
  }
}
