import GraphWriter
import ZooCore

extension LiteConverter {
  /// The attributes of a window over height and width: padding as the schema's `SAME` and `VALID` have it.
  private func window(_ kernel: [Int], stride: [Int], dilation: [Int] = [1, 1], isSame: Bool) throws -> [Attribute] {
    let limit = 1...(1 << 16)
    guard (kernel + stride + dilation).allSatisfy(limit.contains) else {
      throw ZooError(.badData, "a kernel of \(kernel) with strides \(stride) and dilations \(dilation) is none")
    }
    var attributes: [Attribute] = [.ints("kernel_shape", kernel), .ints("strides", stride)]
    if dilation != [1, 1] { attributes.append(.ints("dilations", dilation)) }
    guard isSame else { return attributes }
    let input = try needInput(0)
    if !input.openAxes.isDisjoint(with: [1, 2]) { return attributes + [.text("auto_pad", "SAME_UPPER")] }
    let padding = (0..<2).map { axis -> Int in
      let (extent, span) = (input.shape[1 + axis], (kernel[axis] - 1) * dilation[axis] + 1)
      return max(0, ((extent + stride[axis] - 1) / stride[axis] - 1) * stride[axis] + span - extent)
    }
    return attributes + [.ints("pads", padding.map { $0 / 2 } + padding.map { $0 - $0 / 2 })]
  }

  private func isSame(_ id: Int = 0) throws -> Bool {
    switch try choice(id) {
    case 0: true
    case 1: false
    case let other: throw ZooError(.badData, "the padding \(other) is not known")
    }
  }

  private func check4(_ position: Int) throws -> [Int] {
    let tensor = try needInput(position)
    guard tensor.shape.count == 4, tensor.shape.allSatisfy({ $0 > 0 }) else {
      throw ZooError(.badData, "its input \"\(tensor.name)\" has the shape \(tensor.shape)")
    }
    return tensor.shape
  }

  /// The weights in ONNX's order; computed ones are turned as the network runs.
  private mutating func weights(_ position: Int, _ permutation: [Int], shape: [Int]? = nil) throws -> String {
    if let constant = try constant(position, permutation: permutation, shape: shape) { return constant }
    let name = try plain(input: position)
    return step("Transpose", [name], [.ints("perm", permutation)])
  }

  mutating func convolution() throws {
    let (input, weight) = (try check4(0), try check4(1))
    guard input[3] % weight[3] == 0 else {
      throw ZooError(.badData, "\(weight[3]) channels of the weights do not divide \(input[3]) of the input")
    }
    let attributes = try window(
      [weight[1], weight[2]], stride: [option(2), option(1)], dilation: [option(5, 1), option(4, 1)], isSame: isSame())
    try finishConvolution(
      "Conv", input: 0, weights: weights(1, Self.channelsFirst), bias: 2,
      attributes + [.int("group", input[3] / weight[3])], activation: choice(3))
  }

  mutating func depthwiseConvolution() throws {
    let (input, weight) = (try check4(0), try check4(1))
    guard weight[0] == 1, weight[3] % input[3] == 0 else {
      throw ZooError(.badData, "weights of shape \(weight) do not fit \(input[3]) channels")
    }
    let attributes = try window(
      [weight[1], weight[2]], stride: [option(2), option(1)], dilation: [option(6, 1), option(5, 1)], isSame: isSame())
    try finishConvolution(
      "Conv", input: 0, weights: weights(1, [3, 0, 1, 2]), bias: 2, attributes + [.int("group", input[3])],
      activation: choice(4))
  }

  /// Inputs are the output's shape, the weights, and what is convolved.
  mutating func transposedConvolution() throws {
    let (weight, input) = (try check4(1), try check4(2))
    let output = try output().shape
    let stride = [try option(2), try option(1)]
    guard output.count == 4, weight[3] == input[3], needOpenAxes(2).isDisjoint(with: [1, 2]) else {
      throw ZooError(.unsupported, "a transposed convolution of shapes \(input) and \(weight) to \(output)")
    }
    guard stride.allSatisfy((1...1 << 16).contains) else { throw ZooError(.badData, "the strides are \(stride)") }
    let isSame = try isSame()
    // What the full convolution has too much, or lacks.
    let excess = (0..<2).map { axis -> Int in
      let full = (input[1 + axis] - 1) * stride[axis] + weight[1 + axis]
      return full - output[1 + axis]
    }
    for axis in 0..<2 where excess[axis] <= -stride[axis] || excess[axis] >= weight[1 + axis] + stride[axis] {
      throw ZooError(.badData, "an output of shape \(output) does not fit")
    }
    let begin = excess.map { isSame ? max(0, $0) / 2 : 0 }
    let end = zip(excess, begin).map { max(0, $0 - $1) }
    let attributes: [Attribute] = [
      .ints("kernel_shape", [weight[1], weight[2]]), .ints("strides", stride), .ints("pads", begin + end),
      .ints("output_padding", excess.map { (each: Int) -> Int in max(0, -each) }),
    ]
    try finishConvolution(
      "ConvTranspose", input: 2, weights: weights(1, [3, 0, 1, 2]), bias: 3, attributes, activation: choice(3))
  }

  private func needOpenAxes(_ position: Int) -> Set<Int> { input(position)?.openAxes ?? [] }

  private mutating func finishConvolution(
    _ operatorType: String, input: Int, weights: String, bias: Int, _ attributes: [Attribute], activation: Int
  ) throws {
    var inputs = [try convolved(channelsFirst(input: input), input: input), weights]
    if self.input(bias) != nil { inputs.append(try plain(input: bias)) }
    try finish(activate(step(operatorType, inputs, attributes), activation), channelsFirst: true)
  }

  /// Averages leave the padding out.
  mutating func pool(_ operatorType: String) throws {
    _ = try check4(0)
    let attributes = try window([option(4), option(3)], stride: [option(2), option(1)], isSame: isSame())
    let activation = try choice(5)
    let pooled = step(operatorType, [try channelsFirst(input: 0)], attributes)
    let isRounded = try operatorType == "MaxPool" && activation == 0 && keepsQuantization()
    try finish(activate(pooled, activation), channelsFirst: true, isRounded: isRounded)
  }

  mutating func localResponseNormalization() throws {
    _ = try check4(0)
    let radius = try option(0)
    guard (0..<1 << 16).contains(radius) else { throw ZooError(.badData, "the radius is \(radius)") }
    let size = 2 * radius + 1
    // ONNX divides α by the number of channels.
    let attributes: [Attribute] = [
      .int("size", size), .float("bias", try float(1)), .float("alpha", try float(2) * Float(size)),
      .float("beta", try float(3)),
    ]
    try finish(step("LRN", [channelsFirst(input: 0)], attributes), channelsFirst: true)
  }

  /// Divides by the length along the last axis.
  mutating func lengthNormalization() throws {
    let isFirst = isChannelsFirst(0)
    let input = try isFirst ? channelsFirst(input: 0) : plain(input: 0)
    let length = step("ReduceL2", [input, try list([isFirst ? 1 : -1])], [.int("keepdims", 1)])
    let divided = step("Div", [input, step("Max", [length, try scalar(1e-6)])])
    try finish(activate(divided, choice(0)), channelsFirst: isFirst)
  }

  /// Rows of the last axis times the weights' rows.
  mutating func fullyConnected() throws {
    let (input, weight) = (try needInput(0), try needInput(1))
    guard weight.shape.count == 2, weight.shape[1] > 0 else {
      throw ZooError(.badData, "the weights have the shape \(weight.shape)")
    }
    guard try choice(1) == 0 else { throw ZooError(.unsupported, "the weights are in an order for one processor") }
    let keepsAxes = try flag(2) && input.shape.count != 2
    var row = try rows(0)
    if keepsAxes {
      guard input.shape.last == weight.shape[1] else { throw ZooError(.badData, "the weights do not fit the input") }
      let matrix = try weights(1, [1, 0])
      row = try multiplied(row, rank: input.shape.count, extent: weight.shape[1], isAsymmetric: flag(3))
      var product = step("MatMul", [row, matrix])
      if self.input(2) != nil { product = step("Add", [product, try plain(input: 2)]) }
      return try finish(activate(product, choice(0)))
    }
    if input.shape.count != 2 || input.shape[1] != weight.shape[1] {
      row = step("Reshape", [row, try list([-1, weight.shape[1]])])
    }
    row = try multiplied(row, rank: 2, extent: weight.shape[1], isAsymmetric: flag(3))
    var inputs = [row, try plain(input: 1)]
    if self.input(2) != nil { inputs.append(try plain(input: 2)) }
    try finish(activate(step("Gemm", inputs, [.int("transB", 1)]), choice(0)))
  }

  /// An input whose elements are wanted in their order only: with one pixel, that of both orders of axes.
  mutating func rows(_ position: Int) throws -> String {
    let tensor = try needInput(position)
    let isOnePixel =
      tensor.shape.count == 4 && tensor.shape[1] == 1 && tensor.shape[2] == 1
      && tensor.openAxes.isDisjoint(with: [1, 2])
    return try isOnePixel && isChannelsFirst(position) ? channelsFirst(input: position) : plain(input: position)
  }

  mutating func batchMatMul() throws {
    var operands = try (0..<2).map { position -> String in
      let (name, rank) = (try plain(input: position), try needInput(position).shape.count)
      guard rank >= 2 else { throw ZooError(.badData, "an operand of \(rank) axes is no matrix") }
      guard try flag(position) else { return name }
      return step("Transpose", [name], [.ints("perm", Array(0..<rank - 2) + [rank - 1, rank - 2])])
    }
    let (input, weight) = (try needInput(0).shape, try needInput(1).shape)
    let extent = try flag(1) ? weight[weight.count - 1] : weight[weight.count - 2]
    operands[0] = try multiplied(operands[0], rank: input.count, extent: extent, isAsymmetric: flag(2))
    try finish(step("MatMul", operands))
  }
}
