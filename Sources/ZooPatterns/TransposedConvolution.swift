import ZooCompiler
import ZooCore
import ZooNumbers

extension FusePatterns {
  /// A convolution whose channels are the phases of a transposed one with constant weights, and what puts these beside each
  /// other (Shi et al. 2016, "Is the deconvolution layer the same as a convolutional layer?").
  func transposedConvolution(
    _ node: CompilerNode, _ graph: inout CompilerGraph, _ context: CompileContext
  ) -> [CompilerNode]? {
    guard let input = node.input(0), let kernel = node.input(1), let output = node.outputs[0],
      let phases = PhasedConvolution(node, graph), let weight = graph[kernel].constant,
      let weights = try? PhaseWeights.stored(of: weight, phases), let bias = phases.bias(node.input(2), graph)
    else { return nil }
    let derived = graph.addDerived(
      ["phases": weights, "phases/bias": bias], by: node, of: [kernel, node.input(2)], context)
    let shape = [phases.batch, phases.rowCount] + phases.axes.map(\.count)
    let isWhole = phases.phaseCount == 1 && phases.axes.allSatisfy { $0.start == 0 && $0.count == $0.extent }
    let between = isWhole ? output : graph.addValue(like: output, shape: shape, name: "phases")
    let convolution = CompilerNode(
      "Conv", opset: 11, name: node.name, inputs: [input] + derived, outputs: [between],
      attributes: [
        Attribute("pads", .ints((phases.axes.map(\.before) + phases.axes.map(\.after)).map(Int64.init)))
      ])
    guard !isWhole else { return [convolution] }
    return [
      convolution,
      node.replaced(
        by: "Interleave", domain: internalDomain, opset: 1, [between],
        [
          Attribute("channels", .int(Int64(phases.channels))),
          Attribute("strides", .ints(phases.axes.map { Int64($0.stride) })),
          Attribute("starts", .ints(phases.axes.map { Int64($0.start) })),
          Attribute("extents", .ints(phases.axes.map { Int64($0.extent) })),
        ]),
    ]
  }

  /// An activation of what is put beside each other, before that: it goes behind the convolution.
  func earlierActivation(_ node: CompilerNode, _ graph: inout CompilerGraph) -> [CompilerNode]? {
    guard node.declaration?.traits.contains(.elementwise) == true, node.bodies.isEmpty,
      let value = node.inputs.first ?? nil,
      node.outputs.count == 1, node.inputs.dropFirst().allSatisfy({ graph.scalar($0) != nil || $0 == nil }),
      graph.onlyReader(of: value) != nil, let producer = graph[value].producer,
      graph[producer].operatorType == "Interleave", graph[producer].domain == internalDomain,
      let phases = graph[producer].inputs[0], let shape = graph.shape(of: phases),
      graph.type(of: node.outputs[0]) == .float32, graph.shape(of: node.outputs[0]) == graph.shape(of: value)
    else { return nil }
    var (activation, interleave) = (node, graph[producer])
    let between = graph.addValue(like: phases, shape: shape, name: node.operatorType)
    (activation.inputs[0], activation.outputs, interleave.inputs) = (phases, [between], [between])
    interleave.outputs = node.outputs
    return [activation, interleave]
  }
}

/// The sizes of the convolution that gives all phases of a transposed one.
private struct PhasedConvolution {
  struct Axis {
    var stride, kernel: Int
    /// Of a phase.
    var taps: Int
    /// The input's padding, and positions that every phase gives.
    var before, after, count: Int
    /// Where the output begins among what the phases give, and its extent.
    var start, extent: Int
  }

  let batch, inputs, channels: Int
  /// Of a phase: whole blocks, unless those would be nearly empty.
  let channelStride: Int
  let axes: [Axis]

  var phaseCount: Int { axes.reduce(1) { $0 * $1.stride } }
  var rowCount: Int { phaseCount * channelStride }
  var weightShape: [Int] { [rowCount, inputs] + axes.map(\.taps) }

  /// Taps of zero that the phases may have for each of the kernel's.
  private static let mostWaste = 2

  init?(_ node: CompilerNode, _ graph: CompilerGraph) {
    guard let input = graph.shape(of: node.input(0)), let output = graph.shape(of: node.outputs[0]),
      let weight = graph.shape(of: node.input(1)), input.count > 2, weight.count == input.count,
      output.count == input.count, (input + output + weight).allSatisfy({ $0 > 0 }), weight[0] == input[1],
      graph.type(of: node.input(0)) == .float32, node.int("group") ?? 1 == 1, node.epilogue.isEmpty,
      node.ints("dilations")?.allSatisfy({ $0 == 1 }) ?? true
    else { return nil }
    let count = input.count - 2
    guard count <= 3 else { return nil }
    (batch, inputs, channels) = (input[0], input[1], weight[1])
    guard let begins = node.firstCut(input: input, kernel: weight, output: output) else { return nil }
    let strides = node.ints("strides") ?? Array(repeating: 1, count: count)
    axes = (0..<count).map { axis in
      let (stride, kernel, extent) = (strides[axis], weight[axis + 2], output[axis + 2])
      let taps = (kernel + stride - 1) / stride
      let first = begins[axis] / stride
      let positions = (extent + begins[axis] + stride - 1) / stride - first
      let before = taps - 1 - first
      return Axis(
        stride: stride, kernel: kernel, taps: taps, before: before,
        after: positions - 1 + taps - input[axis + 2] - before, count: positions,
        start: begins[axis] - first * stride, extent: extent)
    }
    // A single phase is the output itself.
    channelStride = channels > 8 && axes.contains { $0.stride > 1 } ? channels.roundedUp(to: 16) : channels
    let (all, own) = axes.reduce((1, 1)) { ($0.0 * $1.taps * $1.stride, $0.1 * $1.kernel) }
    guard axes.allSatisfy({ $0.before >= 0 && $0.after >= 0 }), all <= Self.mostWaste * own,
      phaseCount <= 1 << 12, inputs >= 4
    else { return nil }
  }

  /// The given bias for all phases.
  func bias(_ value: ValueID?, _ graph: CompilerGraph) -> StoredTensor? {
    var own = [Float](repeating: 0, count: channels)
    if let value {
      guard let constant = graph[value].constant, constant.type == .float32, constant.shape == [channels],
        let numbers: [Float] = try? constant.load().elements()
      else { return nil }
      own = numbers
    }
    own += Array(repeating: 0, count: channelStride - channels)
    let all = (0..<phaseCount).flatMap { _ in own }
    return (try? Tensor(all, shape: [all.count])).map { StoredTensor($0) }
  }

  /// Writes the weights of all phases, of those of the transposed convolution: (inputs, channels, kernel…).
  func fill<Number: FixedWidthInteger>(
    _ target: UnsafeMutableBufferPointer<Number>, from weight: UnsafeBufferPointer<Number>
  ) {
    target.update(repeating: 0)
    let (taps, window) = (axes.reduce(1) { $0 * $1.taps }, axes.reduce(1) { $0 * $1.kernel })
    for phase in 0..<phaseCount {
      for tap in 0..<taps {
        guard let place = place(phase, tap) else { continue }
        for channel in 0..<channels {
          for input in 0..<inputs {
            target[((phase * channelStride + channel) * inputs + input) * taps + tap] =
              weight[(input * channels + channel) * window + place]
          }
        }
      }
    }
  }

  /// The kernel's element that a phase's tap is; `nil` where it is beyond.
  private func place(_ phase: Int, _ tap: Int) -> Int? {
    var (phase, tap, place, step) = (phase, tap, 0, 1)
    for axis in axes.reversed() {
      let at = phase % axis.stride + axis.stride * (axis.taps - 1 - tap % axis.taps)
      guard at < axis.kernel else { return nil }
      place += at * step
      step *= axis.kernel
      phase /= axis.stride
      tap /= axis.taps
    }
    return place
  }
}

extension CompilerNode {
  /// What a ConvTranspose cuts off at the beginning of each axis; the shapes are whole ones.
  fileprivate func firstCut(input: [Int], kernel: [Int], output: [Int]) -> [Int]? {
    let axes = input.count - 2
    let padding = text("auto_pad") ?? "NOTSET"
    let strides = ints("strides") ?? Array(repeating: 1, count: axes)
    let extra = ints("output_padding") ?? Array(repeating: 0, count: axes)
    guard strides.count == axes, extra.count == axes, strides.allSatisfy({ (1...64).contains($0) }),
      extra.allSatisfy({ (0...1 << 31).contains($0) })
    else { return nil }
    if padding == "VALID", self[attribute: "output_shape"] == nil { return Array(repeating: 0, count: axes) }
    if padding == "NOTSET" || padding == "", self[attribute: "output_shape"] == nil {
      let pads = ints("pads") ?? Array(repeating: 0, count: 2 * axes)
      return pads.count == 2 * axes && pads.allSatisfy { (0...1 << 31).contains($0) } ? Array(pads.prefix(axes)) : nil
    }
    return (0..<axes).map { axis in
      let reach = strides[axis] * (input[axis + 2] - 1) + kernel[axis + 2] + extra[axis]
      let total = max(reach - output[axis + 2], 0)
      return padding == "SAME_UPPER" ? total / 2 : total - total / 2
    }
  }
}

/// The weights of all phases, made when they are read.
private struct PhaseWeights: TensorSource {
  let weight: StoredTensor
  let phases: PhasedConvolution

  /// Of float32; what that is widened from stays as small.
  static func stored(of weight: StoredTensor, _ phases: PhasedConvolution) throws -> StoredTensor? {
    guard weight.type == .float32 else { return nil }
    let given = weight.narrow ?? weight
    let made = try StoredTensor(
      type: given.type, shape: phases.weightShape, source: PhaseWeights(weight: given, phases: phases))
    return given.type == .float32 ? made : try made.asFloat32()
  }

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
    try weight.load().withUnsafeBytes { source in
      if type == .float32 {
        phases.fill(bytes.bindMemory(to: UInt32.self), from: source.bindMemory(to: UInt32.self))
      } else {
        phases.fill(bytes.bindMemory(to: UInt16.self), from: source.bindMemory(to: UInt16.self))
      }
    }
  }
}
