import ZooCore

/// Folds BatchNormalization into the weights and bias of the convolution before it (Jacob et al. 2018, section 3.2).
///
/// The weights are scaled when they are loaded, so nothing is held twice.
func foldBatchNormalization(_ graph: inout WorkGraph) throws {
  guard graph.nodes.contains(where: { isInferenceNormalization($0.node) }) else { return }
  var producer: [String: Int] = [:]
  for (index, entry) in graph.nodes.enumerated() {
    for output in entry.node.outputs { producer[output] = index }
  }
  let readers = graph.consumers()
  let published = Set(graph.outputs.map(\.value))
  var removed: Set<Int> = []
  for (index, entry) in graph.nodes.enumerated() {
    let normalization = entry.node
    guard isInferenceNormalization(normalization), let source = producer[normalization.inputs[0]] else { continue }
    let convolution = graph.nodes[source].node
    guard convolution.operatorType == "Conv", OperatorRegistry.canonical(convolution.domain).isEmpty,
      readers[convolution.outputs[0]]?.count == 1, !published.contains(convolution.outputs[0]),
      let folded = try fold(normalization, into: convolution, in: graph)
    else { continue }
    let output = normalization.outputs[0]
    let names = [graph.invent("weight", of: output), graph.invent("bias", of: output)]
    for (name, constant) in zip(names, [folded.weight, folded.bias]) {
      graph.constants[name] = constant
      if folded.dependsOnShapes { graph.shapeDependent.insert(name) }
    }
    graph.nodes[source].node.inputs = [convolution.inputs[0]] + names
    graph.nodes[source].node.outputs[0] = output
    producer[output] = source
    removed.insert(index)
  }
  graph.nodes = graph.nodes.enumerated().filter { !removed.contains($0.offset) }.map(\.element)
}

private func isInferenceNormalization(_ node: Node) -> Bool {
  guard node.operatorType == "BatchNormalization", OperatorRegistry.canonical(node.domain).isEmpty,
    node.inputs.count == 5, node.outputs.filter({ !$0.isEmpty }).count == 1, !node.outputs[0].isEmpty
  else { return false }
  if case .int(let training) = node[attribute: "training_mode"], training != 0 { return false }
  // Opset 1 to 8: `spatial` 0 normalises each position by itself.
  if case .int(let spatial) = node[attribute: "spatial"], spatial == 0 { return false }
  return true
}

private struct FoldedNormalization {
  var weight, bias: StoredTensor
  var dependsOnShapes: Bool
}

/// The scaled weight and bias; `nil` where they are not constants of float32 that fit together.
private func fold(
  _ normalization: Node, into convolution: Node, in graph: WorkGraph
) throws -> FoldedNormalization? {
  guard convolution.inputs.count >= 2, let weight = graph.constants[convolution.inputs[1]], weight.type == .float32,
    let channels = weight.shape.first
  else { return nil }
  func vector(_ name: String) throws -> [Float]? {
    guard let constant = graph.constants[name], constant.type == .float32, constant.shape == [channels] else {
      return nil
    }
    return try constant.load().elements()
  }
  let parameters = Array(normalization.inputs[1...4])
  guard let scale = try vector(parameters[0]), let shift = try vector(parameters[1]),
    let mean = try vector(parameters[2]), let variance = try vector(parameters[3])
  else { return nil }
  var bias = [Float](repeating: 0, count: channels)
  if convolution.inputs.count > 2, !convolution.inputs[2].isEmpty {
    guard let given = try vector(convolution.inputs[2]) else { return nil }
    bias = given
  }
  var epsilon: Float = 1e-5
  if case .float(let given) = normalization[attribute: "epsilon"] { epsilon = given }
  // In double precision: a rounding here would shift a whole channel.
  let factors = (0..<channels).map { channel -> Double in
    Double(scale[channel]) / (Double(variance[channel]) + Double(epsilon)).squareRoot()
  }
  let folded = (0..<channels).map { channel -> Float in
    let centred = Double(bias[channel]) - Double(mean[channel])
    return Float(centred * factors[channel] + Double(shift[channel]))
  }
  let names = convolution.inputs.dropFirst() + parameters
  let operation = OperationKey(normalization, opset: 0)
  func derived(_ tensor: StoredTensor, _ part: Int) -> StoredTensor {
    graph.derived(tensor, by: operation, of: Array(names), part: part)
  }
  let source = ScaledRows(weight: weight, factors: factors.map(Float.init))
  return FoldedNormalization(
    weight: derived(try StoredTensor(type: .float32, shape: weight.shape, source: source), 0),
    bias: derived(StoredTensor(try Tensor(folded, shape: [channels])), 1),
    dependsOnShapes: names.contains(where: graph.shapeDependent.contains))
}

/// A weight whose first axis is scaled as it is read.
private struct ScaledRows: TensorSource {
  let weight: StoredTensor
  let factors: [Float]

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    try read(into: bytes, at: 0, type: type, shape: shape)
  }

  var readsInPieces: Bool { weight.readsInPieces }

  func read(
    into bytes: UnsafeMutableRawBufferPointer, at offset: Int, type: ElementType, shape: [Int]
  ) throws {
    try weight.read(into: bytes, at: offset)
    let values = bytes.bindMemory(to: Float.self)
    guard !factors.isEmpty, !values.isEmpty else { return }
    let row = shape.dropFirst().reduce(1, *)
    let first = offset / MemoryLayout<Float>.stride
    for index in first / row...(first + values.count - 1) / row {
      let part = max(index * row, first)..<min((index + 1) * row, first + values.count)
      for position in part { values[position - first] *= factors[index] }
    }
  }
}
