import GraphBuilder
import HuggingFace
import ZooCore

/// A convolutional network in the manner of Transformers (Liu et al. 2022, "A ConvNet for the 2020s"), and its second
/// version, whose layers normalize their responses (Woo et al. 2023, "ConvNeXt V2").
///
/// The input is `pixel_values` (N, channels, height, width). Outputs are `logits` (N, classes), or, of a network without
/// its last layer, `last_hidden_state` (N, C, h, w) and `pooler_output` (N, C).
package struct ConvNeXt: PretrainedFamily {
  package static let modelTypes = ["convnext", "convnextv2"]

  private let channels, patch: Int
  private let widths, depths: [Int]
  private let activation: Activation
  private let epsilon: Float
  private let isSecondVersion: Bool

  package static func model(_ folder: PretrainedFolder) throws -> ModelDefinition {
    let network = try ConvNeXt(folder)
    return try network.model(
      folder, NetworkBuilder("convnext", Parameters(canonicalWeights(folder.weights())), operatorSet: 20))
  }

  private init(_ folder: PretrainedFolder) throws {
    let settings = folder.configuration
    isSecondVersion = try folder.modelType == "convnextv2"
    channels = try settings.count("num_channels", default: 3)
    let (height, width) = try settings.sides("patch_size", default: 4)
    patch = height
    widths = try settings.counts("hidden_sizes", default: [96, 192, 384, 768])
    depths = try settings.counts("depths", default: [3, 3, 9, 3], most: 1000)
    let stages = try settings.count("num_stages", default: widths.count)
    activation = try settings.activation("hidden_act", default: "gelu")
    epsilon = try settings.float("layer_norm_eps", default: 1e-12)
    guard height == width, widths.count == depths.count, widths.count == stages, stages <= 16 else {
      throw ZooError(
        .unsupported, "\(stages) stages of \(widths.count) widths and \(depths.count) depths can't be built",
        at: "\(folder.path)/config.json")
    }
  }

  package static func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor] {
    try Self.weights(Self.weights(weights, without: "convnext."), without: "convnextv2.")
  }

  private func model(_ folder: PretrainedFolder, _ builder: NetworkBuilder) throws -> ModelDefinition {
    var network = builder
    let photo = try folder.imagePreprocessing(
      or: ImagePreprocessing(
        resize: .shorterSide(256), filter: .bicubic, height: 224, width: 224, mean: [0.485, 0.456, 0.406],
        deviation: [0.229, 0.224, 0.225]))
    let classes = network.parameters.shape(of: "classifier.weight")?.first
    // Features can be had of pictures of any size.
    let extents: [ShapeDimension] =
      classes == nil || photo.resize == .none
      ? ["H", "W"] : [photo.height, photo.width].map { ShapeDimension(.fixed(Int64($0))) }
    let image = network.graph.input(
      "pixel_values", .float32, ["N", ShapeDimension(.fixed(Int64(channels)))] + extents)
    let states = try states(of: image, &network)
    let last = widths[widths.count - 1]
    let mean = network.graph.flatten(network.graph.globalAveragePool(states, "pooler"), "pooler.flat")
    let pooled = try network.normalization(mean, "layernorm", width: last, epsilon: epsilon)

    var metadata = ModelMetadata()
    metadata.architecture = isSecondVersion ? "ConvNeXt V2" : "ConvNeXt"
    metadata.source = folder.configuration.value("_name_or_path")?.text ?? ""
    if let classes {
      let logits = try network.graph.linear(pooled, "classifier", inputs: last, outputs: classes, &network.parameters)
      network.graph.output(logits, "logits", .float32, ["N", ShapeDimension(.fixed(Int64(classes)))])
      try metadata.classifiesPictures(folder, classes: classes, or: photo)
    } else {
      let width = ShapeDimension(.fixed(Int64(last)))
      network.graph.output(states, "last_hidden_state", .float32, ["N", width, "h", "w"])
      network.graph.output(pooled, "pooler_output", .float32, ["N", width])
    }
    try network.parameters.finish(for: "the ConvNeXt that config.json describes")
    return network.graph.model(metadata: metadata)
  }

  private func states(of image: GraphBuilder.Value, _ network: inout NetworkBuilder) throws -> GraphBuilder.Value {
    var value = try convolution(
      image, "embeddings.patch_embeddings", inputs: channels, outputs: widths[0], kernel: patch, stride: patch,
      &network)
    value = try byChannels(value, "embeddings.layernorm", widths[0], &network)
    for (stage, (width, depth)) in zip(widths, depths).enumerated() {
      let name = "encoder.stages.\(stage)"
      if stage > 0 {
        let inputs = widths[stage - 1]
        value = try byChannels(value, "\(name).downsampling_layer.0", inputs, &network)
        value = try convolution(
          value, "\(name).downsampling_layer.1", inputs: inputs, outputs: width, kernel: 2, stride: 2, &network)
      }
      for index in 0..<depth { value = try layer(value, "\(name).layers.\(index)", width, &network) }
    }
    return value
  }

  /// A wide depthwise convolution and a feed-forward network on each pixel, added to the input.
  private func layer(
    _ input: GraphBuilder.Value, _ name: String, _ width: Int, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    let near = try convolution(
      input, "\(name).dwconv", inputs: 1, outputs: width, kernel: 7, padding: 3, groups: width, &network)
    let pixels = network.graph.node("Transpose", "\(name).pixels", [near], [Attribute("perm", .ints([0, 2, 3, 1]))])
    let normal = try network.normalization(pixels, "\(name).layernorm", width: width, epsilon: 1e-6)
    let wide = try network.linear(normal, "\(name).pwconv1", inputs: width, outputs: 4 * width)
    var value = try network.graph.activation(wide, "\(name).activation", activation)
    if isSecondVersion { value = try normalizedResponses(value, "\(name).grn", 4 * width, &network) }
    value = try network.linear(value, "\(name).pwconv2", inputs: 4 * width, outputs: width)
    let scale = "\(name).layer_scale_parameter"
    if network.parameters.shape(of: scale) != nil {
      value = network.graph.node("Mul", "\(name).scaled", [value, try network.parameter(scale, [width], .scale)])
    }
    let planes = network.graph.node("Transpose", "\(name).planes", [value], [Attribute("perm", .ints([0, 3, 1, 2]))])
    return network.graph.add(planes, input, "\(name).sum")
  }

  /// Each channel scaled by its share of what all respond (Woo et al. 2023, section 3.2), of pixels (N, H, W, C).
  private func normalizedResponses(
    _ value: GraphBuilder.Value, _ name: String, _ width: Int, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    let places = try network.graph.constant([1, 2], "\(name).places")
    let response = network.graph.node("ReduceL2", "\(name).response", [value, places])
    let mean = network.graph.node(
      "ReduceMean", "\(name).mean", [response, try network.graph.constant([3], "\(name).channels")])
    let bounded = network.graph.add(mean, try network.graph.constant(1e-6, "\(name).epsilon"), "\(name).bounded")
    let share = network.graph.node("Div", "\(name).share", [response, bounded])
    let weighted = network.graph.node(
      "Mul", "\(name).weighted",
      [
        network.graph.node("Mul", "\(name).shared", [value, share]),
        try network.parameter("\(name).weight", [1, 1, 1, width], .scale),
      ])
    let shifted = network.graph.add(
      weighted, try network.parameter("\(name).bias", [1, 1, 1, width], .shift), "\(name).shifted")
    return network.graph.add(shifted, value, name)
  }

  /// Layer normalization over the channels of planes (N, C, H, W).
  private func byChannels(
    _ value: GraphBuilder.Value, _ name: String, _ width: Int, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    let pixels = network.graph.node("Transpose", "\(name).pixels", [value], [Attribute("perm", .ints([0, 2, 3, 1]))])
    let normal = try network.normalization(pixels, name, width: width, epsilon: 1e-6)
    return network.graph.node("Transpose", "\(name).planes", [normal], [Attribute("perm", .ints([0, 3, 1, 2]))])
  }

  private func convolution(
    _ value: GraphBuilder.Value, _ name: String, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1,
    padding: Int = 0, groups: Int = 1, _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    let weight = try network.parameters.take("\(name).weight", [outputs, inputs, kernel, kernel], .weight)
    let bias = try network.parameters.take("\(name).bias", [outputs], .shift)
    return network.graph.conv(
      value, name, weight: weight, bias: bias, stride: stride, padding: padding, groups: groups)
  }
}
