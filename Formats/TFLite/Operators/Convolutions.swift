import GraphWriter
import ZooCore
import ZooOperators

extension LiteConverter {
  static let convolutions: [String: Rule] = [
    "CONV_2D": { try $0.convolution() },
    "DEPTHWISE_CONV_2D": { try $0.depthwiseConvolution() },
    "CONV_3D": { try $0.convolution3() },
    "TRANSPOSE_CONV": {
      try $0.transposedConvolution(
        input: 2, bias: 3, stride: [$0.option(2), $0.option(1)], isSame: $0.isSame(), activation: $0.choice(3))
    },
    "CONV_3D_TRANSPOSE": { try $0.transposedConvolution3() },
    "AVERAGE_POOL_2D": { try $0.pool("AveragePool") },
    "MAX_POOL_2D": { try $0.pool("MaxPool") },
    "L2_POOL_2D": { try $0.lengthPool() },
    "LOCAL_RESPONSE_NORMALIZATION": { try $0.localResponseNormalization() },
    "L2_NORMALIZATION": { try $0.lengthNormalization() },
  ]

  /// The attributes of a window over the axes between batch and channels: padding as the schema's `SAME` and `VALID` have it.
  func window(_ kernel: [Int], stride: [Int], dilation: [Int]? = nil, isSame: Bool) throws -> [Attribute] {
    let limit = 1...(1 << 16)
    let dilation = dilation ?? Array(repeating: 1, count: kernel.count)
    guard (kernel + stride + dilation).allSatisfy(limit.contains) else {
      throw ZooError(.badData, "a kernel of \(kernel) with strides \(stride) and dilations \(dilation) is none")
    }
    let axes = kernel.indices.map {
      WindowAxis(
        kernel: Dim(kernel[$0]), stride: stride[$0], dilation: dilation[$0], padding: isSame ? .same : .none)
    }
    let input = try needInput(0)
    guard input.openAxes.isDisjoint(with: 1...kernel.count) else { return axes.attributes }
    return zip(axes, input.shape.dropFirst()).map { $0.padded(on: $1) }.attributes
  }

  private func isSame(_ id: Int = 0) throws -> Bool {
    switch try choice(id) {
    case 0: true
    case 1: false
    case let other: throw ZooError(.badData, "the padding \(other) is not known")
    }
  }

  func check(_ position: Int, rank: Int) throws -> [Int] {
    let tensor = try needInput(position)
    guard tensor.shape.count == rank, tensor.shape.allSatisfy({ $0 > 0 }) else {
      throw ZooError(.badData, "its input \"\(tensor.name)\" has the shape \(tensor.shape)")
    }
    return tensor.shape
  }

  /// The weights in ONNX's order; computed ones are turned as the network runs.
  mutating func weights(_ position: Int, _ permutation: [Int], shape: [Int]? = nil) throws -> String {
    if let constant = try constant(position, permutation: permutation, shape: shape) { return constant }
    let name = try plain(input: position)
    return step("Transpose", [name], [.ints("perm", permutation)])
  }

  private mutating func convolution() throws {
    let (input, weight) = (try check(0, rank: 4), try check(1, rank: 4))
    guard input[3] % weight[3] == 0 else {
      throw ZooError(.badData, "\(weight[3]) channels of the weights do not divide \(input[3]) of the input")
    }
    let attributes = try window(
      [weight[1], weight[2]], stride: [option(2), option(1)], dilation: [option(5, 1), option(4, 1)], isSame: isSame())
    try finishConvolution(
      "Conv", input: 0, weights: weights(1, Self.channelsFirst), bias: 2,
      attributes + [.int("group", input[3] / weight[3])], activation: choice(3))
  }

  private mutating func depthwiseConvolution() throws {
    let (input, weight) = (try check(0, rank: 4), try check(1, rank: 4))
    guard weight[0] == 1, weight[3] % input[3] == 0 else {
      throw ZooError(.badData, "weights of shape \(weight) do not fit \(input[3]) channels")
    }
    let attributes = try window(
      [weight[1], weight[2]], stride: [option(2), option(1)], dilation: [option(6, 1), option(5, 1)], isSame: isSame())
    try finishConvolution(
      "Conv", input: 0, weights: weights(1, [3, 0, 1, 2]), bias: 2, attributes + [.int("group", input[3])],
      activation: choice(4))
  }

  private mutating func convolution3() throws {
    let (input, weight) = (try check(0, rank: 5), try check(1, rank: 5))
    guard input[4] % weight[3] == 0 else {
      throw ZooError(.badData, "\(weight[3]) channels of the weights do not divide \(input[4]) of the input")
    }
    let attributes = try window(
      Array(weight[..<3]), stride: [option(1), option(3), option(2)],
      dilation: [option(5, 1), option(7, 1), option(6, 1)], isSame: isSame())
    try finishConvolution3(
      "Conv", input: 0, weights: weights(1, [4, 3, 0, 1, 2]), attributes + [.int("group", input[4] / weight[3])])
  }

  /// Inputs are the output's shape, the weights, and what is convolved.
  private mutating func transposedConvolution3() throws {
    let (weight, input) = (try check(1, rank: 5), try check(2, rank: 5))
    guard weight[4] == input[4], try option(5, 1) == 1, try option(6, 1) == 1, try option(7, 1) == 1 else {
      throw ZooError(.unsupported, "weights of shape \(weight) for \(input), or such with gaps")
    }
    let attributes = try transposedWindow(
      input: 2, kernel: Array(weight[..<3]), stride: [option(1), option(3), option(2)], isSame: isSame())
    try finishConvolution3("ConvTranspose", input: 2, weights: weights(1, [4, 3, 0, 1, 2]), attributes)
  }

  private mutating func finishConvolution3(
    _ operatorType: String, input: Int, weights: String, _ attributes: [Attribute]
  ) throws {
    let bias = operatorType == "Conv" ? 2 : 3
    var inputs = [step("Transpose", [try plain(input: input)], [.ints("perm", [0, 4, 1, 2, 3])]), weights]
    if self.input(bias) != nil { inputs.append(try plain(input: bias)) }
    let result = try activate(step(operatorType, inputs, attributes), choice(4))
    try finish(step("Transpose", [result], [.ints("perm", [0, 2, 3, 4, 1])]))
  }

  mutating func transposedConvolution(
    input position: Int, bias: Int, stride: [Int], isSame: Bool, activation: Int
  ) throws {
    let (weight, input) = (try check(1, rank: 4), try check(position, rank: 4))
    guard weight[3] == input[3] else {
      throw ZooError(.badData, "weights of shape \(weight) do not fit an input of shape \(input)")
    }
    let attributes = try transposedWindow(
      input: position, kernel: Array(weight[1..<3]), stride: stride, isSame: isSame)
    try finishConvolution(
      "ConvTranspose", input: position, weights: weights(1, [3, 0, 1, 2]), bias: bias, attributes,
      activation: activation)
  }

  /// The attributes of a transposed convolution, whose output's extents the file says.
  private func transposedWindow(input position: Int, kernel: [Int], stride: [Int], isSame: Bool) throws -> [Attribute] {
    let (input, output) = (try needInput(position), try output().shape)
    guard output.count == input.shape.count, input.openAxes.isDisjoint(with: 1...kernel.count) else {
      throw ZooError(.unsupported, "a transposed convolution from the shape \(input.shape) to \(output)")
    }
    guard (stride + kernel).allSatisfy((1...1 << 16).contains) else {
      throw ZooError(.badData, "the strides are \(stride)")
    }
    // What the full convolution has too much, or lacks.
    let excess = kernel.indices.map { axis in
      WindowAxis(kernel: Dim(kernel[axis]), stride: stride[axis]).end(of: input.shape[1 + axis]) - output[1 + axis]
    }
    for axis in kernel.indices where excess[axis] <= -stride[axis] || excess[axis] >= kernel[axis] + stride[axis] {
      throw ZooError(.badData, "an output of shape \(output) does not fit")
    }
    let begin = excess.map { isSame ? max(0, $0) / 2 : 0 }
    let end = zip(excess, begin).map { max(0, $0 - $1) }
    return [
      .ints("kernel_shape", kernel), .ints("strides", stride), .ints("pads", begin + end),
      .ints("output_padding", excess.map { (each: Int) -> Int in max(0, -each) }),
    ]
  }

  private mutating func finishConvolution(
    _ operatorType: String, input: Int, weights: String, bias: Int, _ attributes: [Attribute], activation: Int
  ) throws {
    var inputs = [try convolved(channelsFirst(input: input), input: input), weights]
    if self.input(bias) != nil { inputs.append(try plain(input: bias)) }
    try finish(activate(step(operatorType, inputs, attributes), activation), channelsFirst: true)
  }

  /// Averages leave the padding out.
  private mutating func pool(_ operatorType: String) throws {
    _ = try check(0, rank: 4)
    let attributes = try window([option(4), option(3)], stride: [option(2), option(1)], isSame: isSame())
    let activation = try choice(5)
    let pooled = step(operatorType, [try channelsFirst(input: 0)], attributes)
    let isRounded = try operatorType == "MaxPool" && activation == 0 && keepsQuantization()
    try finish(activate(pooled, activation), channelsFirst: true, isRounded: isRounded)
  }

  /// The root of the mean square.
  private mutating func lengthPool() throws {
    _ = try check(0, rank: 4)
    let attributes = try window([option(4), option(3)], stride: [option(2), option(1)], isSame: isSame())
    let input = try channelsFirst(input: 0)
    let mean = step("AveragePool", [step("Mul", [input, input])], attributes)
    try finish(activate(step("Sqrt", [mean]), choice(5)), channelsFirst: true)
  }

  private mutating func localResponseNormalization() throws {
    _ = try check(0, rank: 4)
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
  private mutating func lengthNormalization() throws {
    let isFirst = isChannelsFirst(0)
    let input = try isFirst ? channelsFirst(input: 0) : plain(input: 0)
    let length = step("ReduceL2", [input, try list([isFirst ? 1 : -1])], [.int("keepdims", 1)])
    let divided = step("Div", [input, step("Max", [length, try scalar(1e-6)])])
    try finish(activate(divided, choice(0)), channelsFirst: isFirst)
  }
}
