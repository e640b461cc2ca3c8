import GraphBuilder
import HuggingFace
import ZooCore

/// Residual networks as Hugging Face's transformers save them (model_type `resnet`): any depths and widths, basic blocks
/// or bottlenecks.
///
/// The input is `pixel_values` (N, 3, height, width). Outputs are `logits` (N, classes), or, of a network without its
/// last layer, `last_hidden_state` (N, C, h, w) and `pooler_output` (N, C, 1, 1).
package struct PretrainedResNet: PretrainedFamily {
  package static let modelTypes = ["resnet"]

  package static func model(_ folder: PretrainedFolder) throws -> ModelDefinition {
    let configuration = try Configuration(folder)
    var network = Network(configuration, try Parameters(canonicalWeights(folder.weights())))
    let image = try folder.imagePreprocessing(or: .imageNet())
    let classes = network.parameters.shape(of: "classifier.1.weight")?.first
    // Features can be had of pictures of any size.
    let extents: [ShapeDimension] =
      classes == nil ? ["H", "W"] : [image.height, image.width].map { ShapeDimension(.fixed(Int64($0))) }
    let shape = ["N", ShapeDimension(.fixed(Int64(configuration.channels)))] + extents
    let features = try network.features(network.graph.input("pixel_values", .float32, shape))
    let pooled = network.graph.globalAveragePool(features, "pooler")
    let width = ShapeDimension(.fixed(Int64(configuration.widths[configuration.widths.count - 1])))

    var metadata = ModelMetadata()
    metadata.architecture = "ResNet"
    metadata.source = folder.configuration.value("_name_or_path")?.text ?? ""
    if let classes {
      let logits = try network.classifier(pooled, classes: classes)
      network.graph.output(logits, "logits", .float32, ["N", ShapeDimension(.fixed(Int64(classes)))])
      metadata.task = .imageClassification
      metadata.labels = folder.labels(classes)
      metadata.image = image
    } else {
      network.graph.output(features, "last_hidden_state", .float32, ["N", width, "h", "w"])
      network.graph.output(pooled, "pooler_output", .float32, ["N", width, 1, 1])
    }
    try network.parameters.finish(for: "the residual network that config.json describes")
    return network.graph.model(metadata: metadata)
  }

  package static func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor] {
    try Self.weights(weights, without: "resnet.")
  }

  struct Configuration {
    var channels: Int
    var embedding: Int
    /// Channels that leave each stage, and how many blocks it has.
    var widths, depths: [Int]
    var isBasic: Bool
    /// Whether the first 1×1 convolution of a bottleneck has its stride, not the 3×3.
    var stridesFirst: Bool
    var firstStride: Int

    init(_ folder: PretrainedFolder) throws {
      let settings = folder.configuration
      channels = try settings.count("num_channels", default: 3)
      embedding = try settings.count("embedding_size", default: 64)
      widths = try settings.counts("hidden_sizes", default: [256, 512, 1024, 2048])
      depths = try settings.counts("depths", default: [3, 4, 6, 3], most: 1000)
      let kind = try settings.text("layer_type", default: "bottleneck")
      let activation = try settings.activation("hidden_act", default: "relu")
      guard ["basic", "bottleneck"].contains(kind), activation == .relu, widths.count == depths.count,
        depths.count <= 16
      else {
        throw ZooError(
          .unsupported, "\(kind) blocks of \(widths.count) widths and \(depths.count) depths can't be built",
          at: "\(folder.path)/config.json")
      }
      isBasic = kind == "basic"
      stridesFirst = try settings.bool("downsample_in_bottleneck", default: false)
      firstStride = try settings.bool("downsample_in_first_stage", default: false) ? 2 : 1
    }
  }

  private struct Network {
    typealias Value = GraphBuilder.Value

    var graph = GraphBuilder(name: "resnet")
    var parameters: Parameters
    let configuration: Configuration

    init(_ configuration: Configuration, _ parameters: Parameters) {
      (self.configuration, self.parameters) = (configuration, parameters)
    }

    mutating func features(_ image: Value) throws -> Value {
      var channels = configuration.embedding
      var value = try convolution(
        image, "embedder.embedder", inputs: configuration.channels, outputs: channels, kernel: 7, stride: 2)
      value = graph.maxPool(value, "embedder.pooler", kernel: 3, stride: 2, padding: 1)
      for (stage, (width, depth)) in zip(configuration.widths, configuration.depths).enumerated() {
        for block in 0..<depth {
          let stride = block > 0 ? 1 : stage == 0 ? configuration.firstStride : 2
          let path = "encoder.stages.\(stage).layers.\(block)"
          value = try self.block(value, path, inputs: channels, outputs: width, stride: stride)
          channels = width
        }
      }
      return value
    }

    /// Two 3×3 convolutions, or 1×1, 3×3 and 1×1 ones of a quarter of the channels, beside a shortcut.
    private mutating func block(
      _ input: Value, _ path: String, inputs: Int, outputs: Int, stride: Int
    ) throws -> Value {
      let inner = configuration.isBasic ? outputs : outputs / 4
      let layers =
        configuration.isBasic
        ? [(inputs, outputs, 3, stride), (outputs, outputs, 3, 1)]
        : [
          (inputs, inner, 1, configuration.stridesFirst ? stride : 1),
          (inner, inner, 3, configuration.stridesFirst ? 1 : stride), (inner, outputs, 1, 1),
        ]
      var value = input
      for (index, layer) in layers.enumerated() {
        value = try convolution(
          value, "\(path).layer.\(index)", inputs: layer.0, outputs: layer.1, kernel: layer.2, stride: layer.3,
          isActive: index < layers.count - 1)
      }
      let shortcut =
        inputs == outputs && stride == 1
        ? input
        : try convolution(
          input, "\(path).shortcut", inputs: inputs, outputs: outputs, kernel: 1, stride: stride, isActive: false)
      return graph.relu(graph.add(value, shortcut, "\(path).add"), "\(path).activation")
    }

    mutating func classifier(_ pooled: Value, classes: Int) throws -> Value {
      let width = configuration.widths[configuration.widths.count - 1]
      return try graph.linear(
        graph.flatten(pooled, "classifier.0"), "classifier.1", inputs: width, outputs: classes, &parameters)
    }

    /// A convolution without bias that keeps the size but for its stride, its batch normalization, and the rectifier.
    private mutating func convolution(
      _ input: Value, _ path: String, inputs: Int, outputs: Int, kernel: Int, stride: Int, isActive: Bool = true
    ) throws -> Value {
      let (name, normalization) = ("\(path).convolution", "\(path).normalization")
      let weight = try parameters.take("\(name).weight", [outputs, inputs, kernel, kernel], .weight)
      let value = try graph.batchNormalization(
        graph.conv(input, name, weight: weight, stride: stride, padding: kernel / 2), normalization,
        scale: parameters.take("\(normalization).weight", [outputs], .scale),
        shift: parameters.take("\(normalization).bias", [outputs], .shift),
        mean: parameters.take("\(normalization).running_mean", [outputs], .shift),
        variance: parameters.take("\(normalization).running_var", [outputs], .scale))
      return isActive ? graph.relu(value, "\(path).activation") : value
    }
  }
}
