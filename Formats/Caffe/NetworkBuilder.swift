import GraphWriter
import ZooCore

/// Makes ONNX's operators of Caffe's layers, one after another; each kind of layer in a file of Layers/.
///
/// Blobs that layers overwrite in place become values of their own. The value that is last in a blob has the blob's name.
struct NetworkBuilder {
  /// What a blob holds at some time.
  struct Value {
    var name: String
    var shape: [Int]
  }

  /// One contents of a blob: who wrote it, and how often it is read.
  private struct Version {
    var reads = 0
    /// The last layer that reads it.
    var reader = 0
    var isLast = true
  }

  var writer: GraphWriter
  /// The layer that is being written.
  private(set) var layer = Layer(name: "", type: "", bottoms: [], tops: [], message: TextMessage())
  /// Whether all that was written so far works for any number of pictures.
  private(set) var batchIsFree = true
  private var versions: [Version] = []
  private var values: [Value?] = []
  /// By layer, the versions that it reads and writes.
  private var reads: [[Int]] = []
  private var writes: [[Int]] = []
  private var index = 0
  /// Batch normalizations that the layer which scales them will write, by the contents that they give.
  private var unscaled: [Int: UnscaledNormalization] = [:]
  private let inputNames: Set<String>

  private let network: NetworkLayers

  /// The name of the batch's extent.
  private static let batchSymbol = "N"

  init(_ network: NetworkLayers) {
    self.network = network
    inputNames = Set(network.inputs.map(\.name))
    writer = GraphWriter(name: network.name)
  }

  /// The whole network.
  mutating func model() throws -> ModelDefinition {
    guard !network.layers.isEmpty else {
      throw ZooError(.badData, "the network has no layers", advice: "is this a solver's file?")
    }
    var current: [String: Int] = [:]
    try connect(&current)
    try declareInputs()
    for (number, layer) in network.layers.enumerated() {
      (index, self.layer) = (number, layer)
      do { try write() } catch let error as ZooError { throw error.located(layer.label) }
    }
    let graph = try finished(current)
    return writer.model(graph, operatorSet: 17, producer: "Caffe")
  }

  // MARK: Blobs

  /// Finds which contents of its blobs each layer reads and writes.
  private mutating func connect(_ current: inout [String: Int]) throws {
    for input in network.inputs {
      current[input.name] = versions.count
      versions.append(Version())
    }
    for (index, layer) in network.layers.enumerated() {
      reads.append(
        try layer.bottoms.map { bottom in
          guard let version = current[bottom] else {
            throw ZooError(
              .badData, "the blob \"\(bottom)\", which it reads, is computed by no layer before", at: layer.label)
          }
          versions[version].reads += 1
          versions[version].reader = index
          return version
        })
      guard Set(layer.tops).count == layer.tops.count else {
        throw ZooError(.badData, "it writes one blob twice", at: layer.label)
      }
      writes.append(
        layer.tops.map { top in
          if let before = current[top] { versions[before].isLast = false }
          current[top] = versions.count
          versions.append(Version())
          return versions.count - 1
        })
    }
    values = Array(repeating: nil, count: versions.count)
    for input in network.inputs { writer.reserve(input.name) }
    for top in network.layers.flatMap(\.tops) { writer.reserve(top) }
  }

  /// Inputs that some layer reads. A network's answer may not need what training did, such as labels.
  private mutating func declareInputs() throws {
    let first = Set(
      zip(network.inputs.indices, network.inputs).filter { versions[$0.0].reads > 0 }.map { $1.shape.first })
    batchIsFree = first.count == 1
    for (index, input) in network.inputs.enumerated() where versions[index].reads > 0 {
      var shape: [Int] = []
      for (axis, extent) in input.shape.enumerated() {
        guard let extent = try extent ?? (axis == 1 ? channels(of: index) : nil) else {
          throw ZooError(
            .badData, "the prototxt does not say how large pictures are", at: "input \"\(input.name)\"",
            advice: "use the network's deploy.prototxt")
        }
        guard extent > 0 else { throw ZooError(.badData, "an extent is \(extent)", at: "input \"\(input.name)\"") }
        shape.append(extent)
      }
      if shape.isEmpty { batchIsFree = false }
      _ = try Tensor.elementCount(of: shape)
      values[index] = Value(name: input.name, shape: shape)
    }
  }

  /// What the first convolution over an input says of its channels.
  private func channels(of input: Int) throws -> Int? {
    for (layer, read) in zip(network.layers, reads) where layer.type == "Convolution" && read.first == input {
      guard let weight = layer.blobs.first, weight.shape.count > 1 else { continue }
      let (channels, overflow) = weight.shape[1].multipliedReportingOverflow(
        by: try layer.message.message("convolution_param").int("group") ?? 1)
      return overflow ? nil : channels
    }
    return nil
  }

  /// The graph with its inputs and outputs: blobs that nobody reads, as in Caffe.
  private mutating func finished(_ current: [String: Int]) throws -> Graph {
    func dimensions(_ shape: [Int]) -> [ShapeDimension] {
      shape.enumerated().map { axis, extent in
        axis == 0 && batchIsFree ? ShapeDimension(.symbol(Self.batchSymbol)) : ShapeDimension(.fixed(Int64(extent)))
      }
    }
    for index in network.inputs.indices {
      if let value = values[index] { writer.input(value.name, .float32, dimensions(value.shape)) }
    }
    let answers = Set(current.values).filter { versions[$0].reads == 0 && values[$0] != nil }
    for (layer, written) in zip(network.layers, writes) {
      for (top, version) in zip(layer.tops, written) where answers.contains(version) {
        guard let value = values[version] else { continue }
        var name = value.name
        if name != top, inputNames.contains(name) || !inputNames.contains(top) {
          name = writer.node(
            "Identity", [name], name: "\(layer.name)/Identity", output: inputNames.contains(top) ? nil : top)
        }
        writer.output(name, .float32, dimensions(value.shape))
      }
    }
    guard !writer.graph.outputs.isEmpty else { throw ZooError(.badData, "the network gives no output") }
    return writer.graph
  }

  // MARK: What layers use

  /// The contents of the layer's bottom number `index`.
  func bottom(_ position: Int = 0) throws -> Value {
    guard position < reads[index].count, let value = values[reads[index][position]] else {
      throw ZooError(
        .badData,
        position < reads[index].count
          ? "the blob \"\(layer.bottoms[position])\" is not what a network without training has"
          : "it needs \(position + 1) bottoms")
    }
    return value
  }

  func bottoms() throws -> [Value] { try layer.bottoms.indices.map { try bottom($0) } }

  /// The layer that alone reads this one's first top.
  var onlyReader: Layer? {
    guard let version = writes[index].first.map({ versions[$0] }), version.reads == 1 else { return nil }
    return network.layers[version.reader]
  }

  /// A batch normalization that was left to this layer.
  var normalizationToScale: UnscaledNormalization? { reads[index].first.flatMap { unscaled[$0] } }

  /// Leaves the layer to the one that scales its top.
  mutating func leave(_ normalization: UnscaledNormalization) throws {
    guard let version = writes[index].first else { throw ZooError(.badData, "it needs a top") }
    unscaled[version] = normalization
    values[version] = try bottom()
  }

  /// The name that the value of top number `position` gets.
  mutating func topName(_ position: Int = 0) throws -> String {
    guard position < writes[index].count else { throw ZooError(.badData, "it needs \(position + 1) tops") }
    let top = layer.tops[position]
    return versions[writes[index][position]].isLast && !inputNames.contains(top)
      ? top : writer.name("\(top)_\(layer.name)")
  }

  /// Says what top number `position` holds.
  mutating func setTop(_ name: String, _ shape: [Int], _ position: Int = 0) throws {
    guard position < writes[index].count else { throw ZooError(.badData, "it needs \(position + 1) tops") }
    _ = try Tensor.elementCount(of: shape)
    values[writes[index][position]] = Value(name: name, shape: shape)
  }

  /// Says that what was written works only for the number of pictures in the prototxt.
  mutating func fixBatch() { batchIsFree = false }

  /// A node in the middle of the layer.
  mutating func step(_ operatorType: String, _ inputs: [String], _ attributes: [Attribute] = []) -> String {
    writer.node(operatorType, inputs, attributes, name: "\(layer.name)/\(operatorType)")
  }

  /// The node that gives the layer's top.
  mutating func finish(
    _ operatorType: String, _ inputs: [String], _ attributes: [Attribute] = [], shape: [Int]
  ) throws {
    let output = try topName()
    _ = writer.node(operatorType, inputs, attributes, name: layer.name, output: output)
    try setTop(output, shape)
  }

  /// An elementwise step of a chain: an operator and its second input, if it has one.
  struct Step {
    var operatorType: String
    var operand: String?
    var attributes: [Attribute] = []
  }

  /// Applies the steps to the first bottom; without any, the top is the bottom.
  mutating func finish(_ steps: [Step]) throws {
    let bottom = try bottom()
    guard let last = steps.last else { return try setTop(bottom.name, bottom.shape) }
    var name = bottom.name
    for step in steps.dropLast() {
      name = self.step(step.operatorType, [name] + (step.operand.map { [$0] } ?? []), step.attributes)
    }
    try finish(last.operatorType, [name] + (last.operand.map { [$0] } ?? []), last.attributes, shape: bottom.shape)
  }

  mutating func scalar(_ number: Float, _ name: String) throws -> String {
    try writer.constant([number], shape: [], "\(layer.name)/\(name)")
  }

  mutating func constant(_ tensor: StoredTensor, _ name: String) -> String {
    writer.constant(tensor, "\(layer.name).\(name)")
  }

  mutating func constant(_ numbers: [Int], _ name: String) throws -> String {
    try writer.constant(numbers.map(Int64.init), "\(layer.name)/\(name)")
  }

  /// An axis of the first bottom; negative ones count from the end.
  func axis(_ axis: Int, rank: Int) throws -> Int {
    guard (-rank..<rank).contains(axis) else {
      throw ZooError(.badData, "the axis \(axis) is not among the \(rank) of the blob")
    }
    return axis < 0 ? axis + rank : axis
  }

  // MARK: Layers

  private mutating func write() throws {
    switch layer.type {
    case "Convolution": try convolution()
    case "Deconvolution": try deconvolution()
    case "InnerProduct": try innerProduct()
    case "Pooling": try pooling()
    case "LRN": try localResponseNormalization()
    case "BatchNorm": try batchNormalization()
    case "Scale": try scale()
    case "Bias": try bias()
    case "MVN": try meanVarianceNormalization()
    case "Normalize": try normalize()
    case "ReLU": try relu()
    case "ReLU6": try clip(least: 0, greatest: 6)
    case "PReLU": try parametricRelu()
    case "ELU":
      try finish([
        Step(operatorType: "Elu", attributes: [.float("alpha", layer.message.message("elu_param").float("alpha") ?? 1)])
      ])
    case "Sigmoid": try finish([Step(operatorType: "Sigmoid")])
    case "TanH": try finish([Step(operatorType: "Tanh")])
    case "AbsVal": try finish([Step(operatorType: "Abs")])
    case "BNLL": try finish([Step(operatorType: "Softplus")])
    case "Power": try power()
    case "Exp": try exponential()
    case "Log": try logarithm()
    case "Threshold": try threshold()
    case "Clip":
      let parameter = try layer.message.message("clip_param")
      guard let least = try parameter.float("min"), let greatest = try parameter.float("max") else {
        throw ZooError(.badData, "it lacks min or max")
      }
      try clip(least: least, greatest: greatest)
    case "Swish": try swish()
    case "Eltwise": try eltwise()
    case "Concat": try concat()
    case "Slice": try slice()
    case "Split": for position in layer.tops.indices { try setTop(bottom().name, bottom().shape, position) }
    case "Dropout": try setTop(bottom().name, bottom().shape)
    case "Softmax": try softmax()
    case "Flatten": try flatten()
    case "Reshape": try reshape()
    case "Permute": try permute()
    case "Crop": try crop()
    case "Tile": try tile()
    case "ArgMax": try argMax()
    case "Reduction": try reduction()
    default:
      throw ZooError(
        .unsupported, layer.type.isEmpty ? "the layer has no type" : "layers of the type \(layer.type) are not known",
        advice: "networks of Caffe's own layers are read, in the form of their test phase")
    }
  }
}
