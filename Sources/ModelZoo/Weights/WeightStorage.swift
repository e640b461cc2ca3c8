import OpsetConversion
import ZooCompiler
import ZooRuntime
import ZooNumbers

/// How a file holds a model's weights. The network computes with float32 weights in any case, unless its precision says
/// otherwise; these are rounded once, when they are stored.
package enum WeightStorage: String, Sendable, Hashable, CaseIterable, Codable {
  /// As they are; weights that were rounded stay so, but take four bytes each again.
  case float32 = "fp32"
  /// bfloat16 and a Cast: half the size, 8 bits of mantissa.
  case bfloat16 = "bf16"
  /// Integers from -127 to 127 and a DequantizeLinear with a scale for each output channel: a quarter of the size
  /// (Jacob et al. 2018; Krishnamoorthi 2018, section 3.1.2).
  case int8
}

/// What it costs to store weights rounded.
package struct WeightRounding: Sendable, Hashable, Codable {
  /// `WeightStorage`'s name, or that of GGUF's blocks: `q4_k`.
  package var storage: String
  /// Tensors that were rounded.
  package var tensors = 0
  /// Bytes of all the model's constants, before and after.
  package var bytesBefore = 0
  package var bytesAfter = 0
  /// The largest error of a weight, relative to the largest weight of its tensor.
  package var largestError = 0.0
  /// The largest error of a tensor: √(Σ error² / Σ weight²).
  package var worstTensorError = 0.0
  /// The tensor that has it.
  package var worstTensor: String?
  /// Tensors that are kept as they are since they hold numbers that are not finite.
  package var kept: [String] = []
  /// Tensors that are in blocks of another type, since their rows are no whole blocks of the one that was asked for.
  package var fallbacks: [String: String] = [:]
  /// Tensors that are kept as they are since their rows are no whole blocks, and how long those are.
  package var unfit: [String: Int] = [:]

  enum CodingKeys: String, CodingKey {
    case storage, tensors, kept, fallbacks, unfit
    case bytesBefore = "bytes_before"
    case bytesAfter = "bytes_after"
    case largestError = "largest_error"
    case worstTensorError = "worst_tensor_error"
    case worstTensor = "worst_tensor"
  }

  /// Makes names of files of a graph's.
  mutating func showNames() {
    kept = kept.map(InternalName.shown)
    worstTensor = worstTensor.map(InternalName.shown)
    fallbacks = Dictionary(fallbacks.map { (InternalName.shown($0.key), $0.value) }) { $1 }
    unfit = Dictionary(unfit.map { (InternalName.shown($0.key), $0.value) }) { $1 }
  }
}

extension ModelDefinition {
  /// The model with its large weights stored in another way, and what that costs.
  ///
  /// Weights of Conv, ConvTranspose, Gemm and MatMul from 1024 elements on are rounded, and other float32 constants that
  /// are large (matrices for bfloat16 from 1024 elements on, anything from 65536). The model stays one of ONNX's standard
  /// operators: each weight becomes the output of a Cast or a DequantizeLinear of what is stored, which the runtime
  /// undoes while it packs the weight. Weights are rounded when the model is written; here they are read once or twice, to
  /// find scales and errors. Rounded weights leave no accuracy in the metadata: it has to be measured anew.
  ///
  /// ```swift
  /// let (small, cost) = try ModelDefinition(contentsOf: "resnet50.onnx").storingWeights(as: .int8)
  /// try small.write(to: "resnet50-int8.zoo", format: .package)
  /// ```
  ///
  /// - Throws: `ZooError` (`unsupported`) for a model that imports ONNX's operators in a version before 13, which has
  ///   neither form, and what reading the weights throws.
  package func storingWeights(as storage: WeightStorage) throws -> (model: ModelDefinition, cost: WeightRounding) {
    var cost = WeightRounding(storage: storage.rawValue)
    cost.bytesBefore = graph.constantByteCount
    var model = withInternalNames
    try model.graph.expandWeights()
    if storage != .float32 {
      let version = version(ofDomain: "") ?? 0
      guard version >= 13 else {
        throw ZooError(
          .unsupported,
          "the model imports version \(version) of ONNX's operators; weights in \(storage.rawValue) need 13",
          at: metadata.location, advice: "export the model for version 13 or later")
      }
      try model.graph.roundWeights(to: storage, &cost)
      // It was measured with other weights.
      if cost.tensors > 0 { model.metadata.accuracy = [] }
    }
    cost.bytesAfter = model.graph.constantByteCount
    cost.showNames()
    return (model.withFileNames, cost)
  }
}

extension Graph {
  var constantByteCount: Int { initializers.reduce(0) { $0 + $1.tensor.byteCount } }

  /// Makes float32 initializers of those that a Cast, a DequantizeLinear or a DequantizeBlocks turns into float32.
  ///
  /// - Parameter keepsTables: Whether what is transposed stays where other nodes read it as it is: a table that is a factor, too.
  mutating func expandWeights(keepsTables: Bool = false) throws {
    let replaceable = Set(inputs.map(\.name))
    let constants = Dictionary(
      initializers.filter { !replaceable.contains($0.name) }.map { ($0.name, $0.tensor) }, uniquingKeysWith: { $1 })
    var expanded: [NamedTensor] = []
    var unread: Set<String> = []
    var uses: [String: Int] = [:]
    for name in nodes.flatMap(\.inputs) { uses[name, default: 0] += 1 }
    nodes = try nodes.filter { node in
      if keepsTables, node.operatorType == "Transpose", uses[node.inputs.first ?? "", default: 0] > 1 { return true }
      guard node.outputs.count == 1, !node.outputs[0].isEmpty,
        let tensor = try convertedConstant(node, of: node.inputs.map { constants[$0] })
      else { return true }
      expanded.append(NamedTensor(name: node.outputs[0], tensor: tensor))
      unread.formUnion(node.inputs)
      return false
    }
    guard !expanded.isEmpty else { return }
    unread.subtract(readNames)
    initializers.removeAll { unread.contains($0.name) }
    initializers += expanded
  }

  /// Every name that a value of this graph or of its subgraphs has.
  var valueNames: Set<String> {
    var names = Set(initializers.map(\.name) + inputs.map(\.name))
    for node in nodes {
      names.formUnion(node.outputs)
      for graph in node.subgraphs { names.formUnion(graph.valueNames) }
    }
    return names
  }

  fileprivate mutating func roundWeights(to storage: WeightStorage, _ cost: inout WeightRounding) throws {
    var taken = valueNames
    let replaceable = Set(inputs.map(\.name))
    let axes = channelAxes
    var added: [Node] = []
    var stored: [NamedTensor] = []

    func add(_ name: String, _ suffix: String, like original: NamedTensor, _ tensor: StoredTensor) -> String {
      var unique = name + suffix
      while !taken.insert(unique).inserted { unique += "_" }
      var named = original
      (named.name, named.tensor) = (unique, tensor)
      stored.append(named)
      return unique
    }

    for initializer in initializers {
      let (name, tensor) = (initializer.name, initializer.tensor)
      guard !replaceable.contains(name), tensor.type == .float32,
        isLarge(tensor, isFactor: axes[name] != nil, storage)
      else {
        stored.append(initializer)
        continue
      }
      let axis = axes[name] ?? 0
      guard let rounded = try rounding(of: initializer, along: axis, storage, &cost) else {
        stored.append(initializer)
        cost.kept.append(name)
        continue
      }
      var node = Node("Cast", inputs: [], outputs: [name], attributes: [Attribute("to", .int(1))])
      switch rounded.form {
      case .bfloat16: node.inputs = [add(name, "_bf16", like: initializer, try rounded.stored())]
      case .int8(let scales, _):
        node.operatorType = "DequantizeLinear"
        node.inputs = [
          add(name, "_int8", like: initializer, try rounded.stored()),
          add(
            name, "_scale", like: NamedTensor(name: "", tensor: tensor),
            StoredTensor(try Tensor(scales, shape: [scales.count]))),
        ]
        node.attributes = [Attribute("axis", .int(Int64(axis)))]
      }
      node.name = InternalName.shown(node.inputs[0]) + "/" + node.operatorType
      added.append(node)
      cost.tensors += 1
    }
    initializers = stored
    nodes = added + nodes
  }

  private func isLarge(_ tensor: StoredTensor, isFactor: Bool, _ storage: WeightStorage) -> Bool {
    let (count, rank) = (tensor.shape.reduce(1, *), tensor.shape.count)
    if isFactor || storage == .bfloat16, rank >= 2, count >= 1 << 10 { return true }
    return count >= 1 << 16 && (rank >= 2 || storage == .bfloat16)
  }

  /// The axis of the output channels of each constant that is a factor of a product.
  private var channelAxes: [String: Int] {
    let ranks = Dictionary(initializers.map { ($0.name, $0.tensor.shape.count) }, uniquingKeysWith: { $1 })
    var axes: [String: Int] = [:]
    for node in nodes where node.domain.isEmpty || node.domain == "ai.onnx" {
      for (position, name) in node.inputs.enumerated() {
        guard let rank = ranks[name], rank >= 2, axes[name] == nil else { continue }
        switch (node.operatorType, position) {
        case ("Conv", 1): axes[name] = 0
        case ("ConvTranspose", 1): axes[name] = 1
        case ("MatMul", 1): axes[name] = rank - 1
        case ("MatMul", 0): axes[name] = rank - 2
        case ("Gemm", 0), ("Gemm", 1):
          var isTransposed = false
          if case .int(let value) = node[attribute: position == 0 ? "transA" : "transB"] { isTransposed = value != 0 }
          axes[name] = (position == 0) == isTransposed ? 1 : 0
        default: break
        }
      }
    }
    return axes
  }
}

/// How `constant` is rounded, and what that costs; `nil` for one that holds NaN, infinities, or what would become one.
private func rounding(
  of constant: NamedTensor, along axis: Int, _ storage: WeightStorage, _ cost: inout WeightRounding
) throws -> RoundedTensor? {
  let tensor = constant.tensor
  let channels = tensor.shape[axis]
  let inner = tensor.shape[(axis + 1)...].reduce(1, *)
  var largest = [Float](repeating: 0, count: channels)
  var isFinite = true
  try tensor.forEachPiece { first, elements in
    var place = ChannelPlace(of: first, channels: channels, inner: inner)
    for element in elements {
      let magnitude = element.magnitude
      isFinite = isFinite && magnitude.isFinite
      if magnitude > largest[place.channel] { largest[place.channel] = magnitude }
      place.advance()
    }
  }
  let top = largest.max() ?? 0
  // The largest numbers round to infinity.
  guard isFinite, storage == .int8 ? (top / 127 * 127).isFinite : top.bfloat16Bits < 0x7f80 else {
    return nil
  }
  // A scale must not vanish, or nothing could be divided by it; a channel of zeros has any.
  let scales = largest.map { $0 > 0 ? max($0 / 127, .leastNormalMagnitude) : 1 }
  var (worst, errors, squares) = (0.0, 0.0, 0.0)
  try tensor.forEachPiece { first, elements in
    var place = ChannelPlace(of: first, channels: channels, inner: inner)
    for element in elements {
      let rounded: Float
      if storage == .int8 {
        let scale = scales[place.channel]
        rounded = Float(RoundedTensor.int8(element, scale)) * scale
      } else {
        rounded = Float(bitPattern: UInt32(element.bfloat16Bits) << 16)
      }
      place.advance()
      let error = Double(element) - Double(rounded)
      worst = max(worst, error.magnitude)
      errors += error * error
      squares += Double(element) * Double(element)
    }
  }
  if top > 0 { cost.largestError = max(cost.largestError, worst / Double(top)) }
  let relative = squares > 0 ? (errors / squares).squareRoot() : 0
  if relative > cost.worstTensorError || cost.worstTensor == nil {
    (cost.worstTensorError, cost.worstTensor) = (relative, constant.name)
  }
  return RoundedTensor(exact: tensor, form: storage == .int8 ? .int8(scales: scales, inner: inner) : .bfloat16)
}
