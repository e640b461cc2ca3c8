import ZooCore

/// Folds BatchNormalization into the weights and bias of the convolution before it, transposed or not (Jacob et al. 2018, section 3.2).
///
/// The weights are scaled when they are loaded, so nothing is held twice.
package struct FoldBatchNormalization: Pass {
  package let name = "folding BatchNormalization"

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    for id in Array(graph.nodes) where !graph.isRemoved(id) {
      let node = graph[id]
      guard isInferenceNormalization(node),
        let source = graph.producer(of: node.inputs[0], "Conv") ?? graph.producer(of: node.inputs[0], "ConvTranspose"),
        let between = graph[source].outputs[0], graph.onlyReader(of: between) != nil, graph[source].epilogue.isEmpty,
        let folded = try fold(node, into: graph[source], &graph, context)
      else { continue }
      graph.remove(id)
      graph.update(source) { convolution in
        convolution.inputs = [convolution.inputs[0], folded.weight, folded.bias]
        convolution.outputs[0] = node.outputs[0]
      }
    }
  }

  private func isInferenceNormalization(_ node: CompilerNode) -> Bool {
    // Opset 1 to 8: `spatial` 0 normalises each position by itself.
    node.isOperator("BatchNormalization") && node.inputs.count == 5 && !node.inputs.contains(nil)
      && node.outputs.count { $0 != nil } == 1 && node.outputs[0] != nil && node.int("training_mode") ?? 0 == 0
      && node.int("spatial") != 0
  }

  /// The scaled weight and bias; `nil` where they are not constants of float32 that fit together.
  private func fold(
    _ normalization: CompilerNode, into convolution: CompilerNode, _ graph: inout CompilerGraph,
    _ context: CompileContext
  ) throws -> (weight: ValueID, bias: ValueID)? {
    guard let kernel = convolution.input(1), let weight = graph[kernel].constant, weight.type == .float32,
      let rows = WeightRows(convolution, weight.shape)
    else { return nil }
    let channels = rows.channels
    func vector(_ value: ValueID?) throws -> [Float]? {
      guard let value, let constant = graph[value].constant, constant.type == .float32, constant.shape == [channels]
      else { return nil }
      return try constant.load().elements()
    }
    let parameters = Array(normalization.inputs[1...4])
    guard let scale = try vector(parameters[0]), let shift = try vector(parameters[1]),
      let mean = try vector(parameters[2]), let variance = try vector(parameters[3])
    else { return nil }
    var bias = [Float](repeating: 0, count: channels)
    if let own = convolution.input(2) {
      guard let given = try vector(own) else { return nil }
      bias = given
    }
    let epsilon = normalization.float("epsilon") ?? 1e-5
    // In double precision: a rounding here would shift a whole channel.
    let factors = (0..<channels).map { channel -> Double in
      Double(scale[channel]) / (Double(variance[channel]) + Double(epsilon)).squareRoot()
    }
    let folded = (0..<channels).map { channel -> Float in
      let centred = Double(bias[channel]) - Double(mean[channel])
      return Float(centred * factors[channel] + Double(shift[channel]))
    }
    let scaled = ScaledRows(weight: weight, rows: rows, factors: factors.map(Float.init))
    let made = graph.addDerived(
      [
        "weight": try StoredTensor(type: .float32, shape: weight.shape, source: scaled),
        "bias": StoredTensor(try Tensor(folded, shape: [channels])),
      ], by: normalization, of: convolution.inputs.dropFirst() + parameters, context)
    return (made[0], made[1])
  }
}

/// The rows of a convolution's weights that are for one output channel each: those of Conv (M, C / groups, …), in order; those
/// of ConvTranspose (C, M / groups, …), for each of a group's input channels.
private struct WeightRows {
  let channels: Int
  /// Elements of a row.
  let length: Int
  private let ofGroup, channelsOfGroup: Int

  init?(_ convolution: CompilerNode, _ shape: [Int]) {
    guard shape.count > 2 else { return nil }
    let groups = convolution.int("group") ?? 1
    guard convolution.isOperator("ConvTranspose") else {
      (channels, length) = (shape[0], shape.dropFirst().reduce(1, *))
      (ofGroup, channelsOfGroup) = (shape[0], shape[0])
      return
    }
    guard groups > 0, shape[0] > 0, shape[0] % groups == 0 else { return nil }
    (channels, length) = (groups * shape[1], shape.dropFirst(2).reduce(1, *))
    (ofGroup, channelsOfGroup) = (shape[0] / groups * shape[1], shape[1])
  }

  func channel(of row: Int) -> Int { row / ofGroup * channelsOfGroup + row % channelsOfGroup }
}

/// A weight whose output channels are scaled as it is read.
private struct ScaledRows: TensorSource {
  let weight: StoredTensor
  let rows: WeightRows
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
    let row = rows.length
    let first = offset / MemoryLayout<Float>.stride
    for index in first / row...(first + values.count - 1) / row {
      let factor = factors[rows.channel(of: index)]
      let part = max(index * row, first)..<min((index + 1) * row, first + values.count)
      for position in part { values[position - first] *= factor }
    }
  }
}
