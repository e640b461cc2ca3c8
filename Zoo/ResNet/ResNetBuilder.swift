import GraphBuilder
import ZooCore

/// Writes one network of the family.
struct ResNetBuilder {
  typealias Value = GraphBuilder.Value

  var graph: GraphBuilder
  var parameters: Parameters
  private let network: ResNet
  /// Channels of the last value.
  private var channels = 3

  init(_ network: ResNet, _ parameters: Parameters) {
    self.network = network
    self.parameters = parameters
    graph = GraphBuilder(name: network.name)
  }

  /// Section 4.2: a 3×3 convolution, then three stages of 2n layers with 16, 32 and 64 channels.
  mutating func cifar(_ image: Value) throws -> Value {
    var value = try convBatchNormalization(image, "conv1", "bn1", outputs: 16, kernel: 3, stride: 1)
    value = graph.relu(value, "relu")
    let blocks = (network.variant.depth - 2) / 6
    for (stage, width) in [16, 32, 64].enumerated() {
      for block in 0..<blocks {
        let path = "layer\(stage + 1).\(block)"
        value = try basicBlock(value, path, width: width, stride: stage > 0 && block == 0 ? 2 : 1)
      }
    }
    return value
  }

  /// Table 1: a 7×7 convolution, max pooling, then four stages.
  mutating func imageNet(_ image: Value) throws -> Value {
    var value = try convBatchNormalization(image, "conv1", "bn1", outputs: 64, kernel: 7, stride: 2)
    value = graph.relu(value, "relu")
    value = graph.maxPool(value, "maxpool", kernel: 3, stride: 2, padding: 1)
    let blocks =
      switch network.variant.depth {
      case 18: [2, 2, 2, 2]
      case 34, 50: [3, 4, 6, 3]
      case 101: [3, 4, 23, 3]
      default: [3, 8, 36, 3]
      }
    for (stage, count) in blocks.enumerated() {
      for block in 0..<count {
        let path = "layer\(stage + 1).\(block)"
        let stride = stage > 0 && block == 0 ? 2 : 1
        value =
          network.variant.depth >= 50
          ? try bottleneck(value, path, width: 64 << stage, stride: stride)
          : try basicBlock(value, path, width: 64 << stage, stride: stride)
      }
    }
    return value
  }

  /// Global average pooling and a fully connected layer.
  mutating func classifier(_ value: Value, _ name: String, classes: Int) throws -> Value {
    let pooled = graph.flatten(graph.globalAveragePool(value, "avgpool"), "flatten")
    return try graph.linear(pooled, name, inputs: channels, outputs: classes, &parameters)
  }

  /// Two 3×3 convolutions beside a shortcut (figure 5, left).
  private mutating func basicBlock(_ input: Value, _ path: String, width: Int, stride: Int) throws -> Value {
    let inputs = channels
    var value = try convBatchNormalization(
      input, "\(path).conv1", "\(path).bn1", outputs: width, kernel: 3, stride: stride)
    value = graph.relu(value, "\(path).relu1")
    value = try convBatchNormalization(value, "\(path).conv2", "\(path).bn2", outputs: width, kernel: 3, stride: 1)
    let shortcut = try shortcut(input, path, inputs: inputs, stride: stride)
    return graph.relu(graph.add(value, shortcut, "\(path).add"), "\(path).relu")
  }

  /// 1×1, 3×3 and 1×1 convolutions beside a shortcut (figure 5, right); four times as many channels leave as the 3×3 has.
  private mutating func bottleneck(_ input: Value, _ path: String, width: Int, stride: Int) throws -> Value {
    let inputs = channels
    let strides = network.bottleneckStride == .v1 ? [stride, 1] : [1, stride]
    var value = try convBatchNormalization(
      input, "\(path).conv1", "\(path).bn1", outputs: width, kernel: 1, stride: strides[0])
    value = graph.relu(value, "\(path).relu1")
    value = try convBatchNormalization(
      value, "\(path).conv2", "\(path).bn2", outputs: width, kernel: 3, stride: strides[1])
    value = graph.relu(value, "\(path).relu2")
    value = try convBatchNormalization(value, "\(path).conv3", "\(path).bn3", outputs: 4 * width, kernel: 1, stride: 1)
    let shortcut = try shortcut(input, path, inputs: inputs, stride: stride)
    return graph.relu(graph.add(value, shortcut, "\(path).add"), "\(path).relu")
  }

  /// The input as it is, or brought to the size of the block's output.
  private mutating func shortcut(_ input: Value, _ path: String, inputs: Int, stride: Int) throws -> Value {
    let outputs = channels
    guard outputs != inputs || stride > 1 else { return input }
    let isForCIFAR = network.variant.isForCIFAR
    let projections = isForCIFAR ? ["shortcut", "downsample"] : ["downsample"]
    let found = projections.first { parameters.shape(of: "\(path).\($0).0.weight") != nil }
    // A CIFAR checkpoint without the projection's weights has option A.
    let isProjected = found != nil || !isForCIFAR || parameters.areRandom && network.shortcut == .optionB
    if isProjected {
      let name = "\(path).\(found ?? projections[0])"
      channels = inputs
      return try convBatchNormalization(input, "\(name).0", "\(name).1", outputs: outputs, kernel: 1, stride: stride)
    }
    let name = "\(path).shortcut"
    let low = (outputs - inputs) / 2
    let sliced = try graph.slice(input, "\(name).slice", axes: [2, 3], step: stride)
    return try graph.pad(
      sliced, "\(name).pad", before: [0, low, 0, 0], after: [0, outputs - inputs - low, 0, 0])
  }

  /// A convolution without bias that keeps the size but for its stride, and its batch normalization.
  private mutating func convBatchNormalization(
    _ input: Value, _ conv: String, _ normalization: String, outputs: Int, kernel: Int, stride: Int
  ) throws -> Value {
    let weight = try parameters.take("\(conv).weight", [outputs, channels, kernel, kernel], .weight)
    let value = graph.conv(input, conv, weight: weight, stride: stride, padding: kernel / 2)
    channels = outputs
    return try graph.batchNormalization(
      value, normalization, scale: parameters.take("\(normalization).weight", [outputs], .scale),
      shift: parameters.take("\(normalization).bias", [outputs], .shift),
      mean: parameters.take("\(normalization).running_mean", [outputs], .shift),
      variance: parameters.take("\(normalization).running_var", [outputs], .scale))
  }
}
