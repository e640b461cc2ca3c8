import ModelZoo

/// What `pack` and `convert` say at their end.
struct WrittenFile: Encodable {
  var model: String
  var path: String
  /// `nil` for a pipe.
  var bytes: Int?
  var tensorBytes: Int
  var ratio: Double?
  /// What it cost to store the weights rounded, where that was asked for.
  var rounding: WeightRounding?
  /// Whether every number is the one that it was.
  var exact = true
  /// What a cast changed, where one was asked for.
  var cast: CastCost?
  /// How many tensors left GGUF's blocks, by the blocks' type; their numbers are those that the blocks stand for.
  var dequantized: [String: Int] = [:]
  /// What the file that was read holds besides.
  var unread: [String] = []
  /// Operators of an ONNX file that other runtimes don't have.
  var ownOperators: [String] = []

  enum CodingKeys: String, CodingKey {
    case model, path, bytes, ratio, rounding, exact, cast, dequantized, unread
    case tensorBytes = "tensor_bytes"
    case ownOperators = "own_operators"
  }

  init(_ definition: ModelDefinition, _ path: String, rounding: WeightRounding? = nil) throws {
    try self.init(tensors: definition.graph.initializers, path)
    self.rounding = rounding
    exact = rounding.map { $0.tensors == 0 } ?? true
    model = definition.metadata.name
    if (try? ModelFormat(extensionOf: path)) == .onnx {
      ownOperators = try definition.dequantizingBlocks().ownOperators
    }
  }

  init(tensors: [NamedTensor], _ path: String, cost: CastCost? = nil, dequantized: [String] = []) throws {
    model = ""
    cast = cost
    exact = cost.map { $0.changedValues == 0 } ?? true
    self.dequantized = Dictionary(dequantized.map { ($0, 1) }, uniquingKeysWith: +)
    self.path = path
    let size = try fileSize(path)
    bytes = size > 0 ? size : nil
    let tensorBytes = tensors.reduce(0) { $0 + $1.tensor.byteCount }
    ratio = tensorBytes > 0 ? bytes.map { Double($0) / Double(tensorBytes) } : nil
    self.tensorBytes = tensorBytes
  }

  private static func text(_ cast: CastCost) -> String {
    var rows = [["cast", "\(cast.tensors) tensors; \(cast.changedValues) of \(cast.values) values changed"]]
    if let worst = cast.worstTensor {
      rows += [
        ["largest error", "\(numberText(cast.largestError)), in \(worst)"],
        ["relative", "at most \(percentText(cast.largestRelativeError)) of a value"],
      ]
    }
    if cast.overflows > 0 { rows.append(["overflows", "\(cast.overflows) finite values became infinite"]) }
    return table(rows, indent: "  ")
  }

  func show(json: Bool) throws {
    if json { return try Console.printJSON(self) }
    let share = ratio.map { ", \(fixed($0 * 100, 1)) % of its weights" } ?? ""
    Console.print("\(path): \(bytes.map(byteText) ?? "written")\(share)".visibleLine)
    for (type, count) in dequantized.sorted(by: { $0.key < $1.key }) {
      Console.print("  dequantized  \(count) tensors of \(type), exactly")
    }
    if !ownOperators.isEmpty {
      Console.print("  other runtimes can't run it: only ModelZoo has \(ownOperators.joined(separator: ", "))")
    }
    if let cast { Console.print(Self.text(cast)) }
    if !unread.isEmpty { Console.print("  left out  \(unread.joined(separator: ", "))") }
    guard let rounding else { return }
    for name in rounding.kept {
      Console.writeError(
        "zoo: \(path): tensor \"\(name)\": kept as it is, since it holds numbers that are not finite".visibleLine)
    }
    for (name, width) in rounding.unfit.sorted(by: { $0.key < $1.key }) {
      Console.writeError(
        "zoo: \(path): tensor \"\(name)\": kept as it is, since its rows of \(width) are no whole blocks".visibleLine)
    }
    var rows = [["weights", "\(byteText(rounding.bytesBefore)) became \(byteText(rounding.bytesAfter))"]]
    if rounding.storage != WeightStorage.float32.rawValue {
      rows.append(["rounded", "\(rounding.tensors) tensors to \(rounding.storage)"])
    }
    for (type, names) in Dictionary(grouping: rounding.fallbacks.keys.sorted(), by: { rounding.fallbacks[$0] ?? "" })
      .sorted(by: { $0.key < $1.key })
    {
      let shown = names.count > 3 ? "\(names[0]) and \(names.count - 1) more" : names.joined(separator: ", ")
      rows.append(["in \(type)", "\(shown), whose rows are no whole blocks of \(rounding.storage)"])
    }
    if let worst = rounding.worstTensor {
      rows += [
        ["largest error", "\(percentText(rounding.largestError)) of a tensor's largest weight"],
        ["worst tensor", "\(worst): \(percentText(rounding.worstTensorError)) in root mean square"],
      ]
    }
    Console.print(table(rows, indent: "  "))
  }
}
