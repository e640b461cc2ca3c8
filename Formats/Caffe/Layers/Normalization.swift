import GraphWriter
import ZooCore

/// A batch normalization that was written without scale and bias, which Caffe has in a layer of their own.
struct UnscaledNormalization {
  var input: String
  var mean: String
  var variance: String
  var epsilon: Float
  var channels: Int
}

extension Layer {
  /// Whether it is a Scale with a learned number for each channel.
  fileprivate var scalesChannels: Bool {
    get throws {
      guard type == "Scale", bottoms.count == 1 else { return false }
      let parameter = try message.message("scale_param")
      return try parameter.int("axis") ?? 1 == 1 && parameter.int("num_axes") ?? 1 == 1
    }
  }
}

extension NetworkBuilder {
  /// caffe.proto, LRNParameter: α is divided by the number of elements summed, as in ONNX's LRN.
  mutating func localResponseNormalization() throws {
    let bottom = try bottom()
    let parameter = try layer.message.message("lrn_param")
    let size = try parameter.int("local_size") ?? 5
    let (alpha, beta) = (try parameter.float("alpha") ?? 1, try parameter.float("beta") ?? 0.75)
    guard size > 0, size % 2 == 1, size < 1 << 16 else {
      throw ZooError(.badData, "local_size is \(size), not an odd number")
    }
    guard bottom.shape.count == 4 else { throw ZooError(.badData, "it can't take a blob of shape \(bottom.shape)") }
    switch try parameter.symbol("norm_region") ?? "ACROSS_CHANNELS" {
    case "ACROSS_CHANNELS", "0":
      try finish(
        "LRN", [bottom.name],
        [
          .int("size", size), .float("alpha", alpha), .float("beta", beta), .float("bias", parameter.float("k") ?? 1),
        ], shape: bottom.shape)
    case "WITHIN_CHANNEL", "1":
      // x · (1 + α·average of squares)^-β, padding counted.
      let squares = step("Mul", [bottom.name, bottom.name])
      let pads = Array(repeating: (size - 1) / 2, count: 4)
      let averages = step(
        "AveragePool", [squares],
        [.ints("kernel_shape", [size, size]), .ints("pads", pads), .int("count_include_pad", 1)])
      let scaled = step("Mul", [averages, try scalar(alpha, "alpha")])
      let shifted = step("Add", [scaled, try scalar(1, "one")])
      let factors = step("Pow", [shifted, try scalar(-beta, "beta")])
      try finish("Mul", [bottom.name, factors], shape: bottom.shape)
    case let other: throw ZooError(.badData, "norm_region is \(other)")
    }
  }

  /// Mean and variance are sums, which the third blob is to divide (batch_norm_layer.cpp).
  mutating func batchNormalization() throws {
    let bottom = try bottom()
    let parameter = try layer.message.message("batch_norm_param")
    guard try parameter.bool("use_global_stats") ?? true else {
      throw ZooError(.unsupported, "statistics of the batch itself (use_global_stats: false)")
    }
    guard bottom.shape.count >= 2 else { throw ZooError(.badData, "it can't take a blob of shape \(bottom.shape)") }
    let channels = bottom.shape[1]
    let factor = try layer.weight(2, [1]).load().elements(Float.self)[0]
    func statistic(_ index: Int) throws -> StoredTensor {
      let stored = try layer.weight(index, [channels])
      if factor == 1 { return stored }
      let divisor = factor == 0 ? 0 : 1 / factor
      return StoredTensor(try Tensor(stored.load().elements(Float.self).map { $0 * divisor }, shape: [channels]))
    }
    let epsilon = try parameter.float("eps") ?? 1e-5
    let (mean, variance) = (constant(try statistic(0), "mean"), constant(try statistic(1), "variance"))
    if let reader = onlyReader, try reader.scalesChannels {
      return try leave(
        UnscaledNormalization(
          input: bottom.name, mean: mean, variance: variance, epsilon: epsilon, channels: channels))
    }
    let one = try writer.constant(Array(repeating: Float(1), count: channels), "\(layer.name)/one")
    let zero = try writer.constant(Array(repeating: Float(0), count: channels), "\(layer.name)/zero")
    try finish(
      "BatchNormalization", [bottom.name, one, zero, mean, variance], [.float("epsilon", epsilon)], shape: bottom.shape)
  }

  /// x · scale + bias along some axes (caffe.proto, ScaleParameter).
  mutating func scale() throws {
    let bottom = try bottom()
    let parameter = try layer.message.message("scale_param")
    let axis = try axis(parameter.int("axis") ?? 1, rank: bottom.shape.count)
    let hasBias = try parameter.bool("bias_term") ?? false
    if let normalization = normalizationToScale {
      let scale = constant(try layer.weight(0, [normalization.channels]), "weight")
      let bias =
        hasBias
        ? constant(try layer.weight(1, [normalization.channels]), "bias")
        : try writer.constant(Array(repeating: Float(0), count: normalization.channels), "\(layer.name)/zero")
      return try finish(
        "BatchNormalization", [normalization.input, scale, bias, normalization.mean, normalization.variance],
        [.float("epsilon", normalization.epsilon)], shape: bottom.shape)
    }
    let isLearned = layer.bottoms.count == 1
    let (factor, shape) = try operand(axis, try parameter.int("num_axes") ?? 1, "weight")
    var steps = [Step(operatorType: "Mul", operand: factor)]
    if hasBias {
      let bias = constant(try layer.weight(isLearned ? 1 : 0, shape), "bias")
      steps.append(Step(operatorType: "Add", operand: bias))
    }
    try finish(steps)
  }

  mutating func bias() throws {
    let parameter = try layer.message.message("bias_param")
    let axis = try axis(parameter.int("axis") ?? 1, rank: bottom().shape.count)
    let (bias, _) = try operand(axis, try parameter.int("num_axes") ?? 1, "bias")
    try finish([Step(operatorType: "Add", operand: bias)])
  }

  /// What Scale and Bias apply from `axis` on: the second bottom, or the first blob; and its shape, with extents of 1 so
  /// that it fits ONNX's broadcasting.
  private mutating func operand(_ axis: Int, _ axes: Int, _ name: String) throws -> (name: String, shape: [Int]) {
    let shape = try bottom().shape
    guard layer.bottoms.count > 1 else {
      guard axes >= -1, axis + max(axes, 0) <= shape.count else { throw ZooError(.badData, "num_axes is \(axes)") }
      let end = axes == -1 ? shape.count : axis + axes
      let operand = Array(shape[axis..<end]) + Array(repeating: 1, count: shape.count - end)
      if axis == 0, end > 0 { fixBatch() }
      return (constant(try layer.weight(0, operand), name), operand)
    }
    let second = try bottom(1)
    let end = axis + second.shape.count
    guard end <= shape.count, second.shape == Array(shape[axis..<end]) else {
      throw ZooError(.badData, "its bottoms of shapes \(shape) and \(second.shape) do not fit at axis \(axis)")
    }
    let missing = shape.count - end
    let operand = second.shape + Array(repeating: 1, count: missing)
    guard missing > 0, !second.shape.isEmpty else { return (second.name, operand) }
    let axes = try constant(Array(second.shape.count..<operand.count), "axes")
    return (step("Unsqueeze", [second.name, axes]), operand)
  }

  /// (x - mean) / (deviation + ε), of each channel or of each picture (mvn_layer.cpp).
  mutating func meanVarianceNormalization() throws {
    let bottom = try bottom()
    let parameter = try layer.message.message("mvn_param")
    let isAcross = try parameter.bool("across_channels") ?? false
    guard bottom.shape.count == 4 else { throw ZooError(.badData, "it can't take a blob of shape \(bottom.shape)") }
    let axes: [Attribute] = [.ints("axes", Array((isAcross ? 1 : 2)..<4)), .int("keepdims", 1)]
    let mean = step("ReduceMean", [bottom.name], axes)
    guard try parameter.bool("normalize_variance") ?? true else {
      return try finish("Sub", [bottom.name, mean], shape: bottom.shape)
    }
    let centered = step("Sub", [bottom.name, mean])
    let variance = step("ReduceMean", [step("Mul", [centered, centered])], axes)
    let deviation = step("Add", [step("Sqrt", [variance]), try scalar(parameter.float("eps") ?? 1e-9, "eps")])
    try finish("Div", [centered, deviation], shape: bottom.shape)
  }

  /// SSD's normalization to length 1, and a learned scale.
  mutating func normalize() throws {
    let bottom = try bottom()
    let parameter = try layer.message.message("norm_param")
    guard bottom.shape.count == 4 else { throw ZooError(.badData, "it can't take a blob of shape \(bottom.shape)") }
    let axes = try parameter.bool("across_spatial") ?? true ? [1, 2, 3] : [1]
    let sum = step("ReduceSumSquare", [bottom.name], [.ints("axes", axes), .int("keepdims", 1)])
    let length = step("Sqrt", [step("Add", [sum, try scalar(parameter.float("eps") ?? 1e-10, "eps")])])
    let isShared = try parameter.bool("channel_shared") ?? true
    let scale = constant(try layer.weight(0, isShared ? [1] : [bottom.shape[1], 1, 1]), "scale")
    try finish([Step(operatorType: "Div", operand: length), Step(operatorType: "Mul", operand: scale)])
  }
}
