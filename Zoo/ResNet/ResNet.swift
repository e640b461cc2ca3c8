import GraphBuilder
import ZooCore

/// Residual networks (He et al. 2015, "Deep Residual Learning for Image Recognition").
///
/// ImageNet's ResNet-18 to -152 take torchvision's key names, CIFAR's ResNet-20 to -110 (section 4.2) those of the
/// published checkpoints.
package struct ResNet: Architecture {
  package enum Variant: String, Sendable, CaseIterable {
    case resnet18, resnet34, resnet50, resnet101, resnet152
    case resnet20, resnet32, resnet44, resnet56, resnet110

    /// Layers with weights.
    package var depth: Int { Int(rawValue.dropFirst("resnet".count)) ?? 0 }

    /// Whether the network is one of section 4.2, for images of 32 by 32.
    package var isForCIFAR: Bool {
      switch self {
      case .resnet20, .resnet32, .resnet44, .resnet56, .resnet110: true
      case .resnet18, .resnet34, .resnet50, .resnet101, .resnet152: false
      }
    }
  }

  /// Which convolution of a bottleneck halves the image. Weights don't tell.
  package enum BottleneckStride: Sendable {
    /// The first 1×1, as in the paper.
    case v1
    /// The 3×3, as in torchvision.
    case v1_5
  }

  /// What a CIFAR network's shortcut does where the number of channels grows (section 3.3 of the paper).
  package enum Shortcut: Sendable {
    /// Every second pixel, and zeros for the new channels: no weights.
    case optionA
    /// A 1×1 convolution and batch normalization.
    case optionB
  }

  package let variant: Variant
  package let bottleneckStride: BottleneckStride
  /// For CIFAR networks with random weights; a checkpoint's keys tell it.
  package let shortcut: Shortcut

  package init(_ variant: Variant, bottleneckStride: BottleneckStride = .v1_5, shortcut: Shortcut = .optionA) {
    self.variant = variant
    self.bottleneckStride = bottleneckStride
    self.shortcut = shortcut
  }

  package static var names: [String] { Variant.allCases.map(\.rawValue) }

  package init?(named name: String) {
    guard let variant = Variant(rawValue: name) else { return nil }
    self.init(variant)
  }

  package var name: String { variant.rawValue }
  package var title: String { "ResNet-\(variant.depth)" }
  package var task: ModelMetadata.Task { .imageClassification }

  /// torchvision's names, from those of Hugging Face's ResNets; for CIFAR's networks those of the published checkpoints,
  /// from torchvision's.
  package func canonicalWeights(_ weights: [NamedTensor]) -> [NamedTensor] {
    Parameters.unwrapped(weights).map { item in
      var item = item
      item.name = variant.isForCIFAR ? Self.cifarName(item.name) : Self.torchvisionName(item.name)
      return item
    }
  }

  private static func cifarName(_ name: String) -> String {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false)
    if parts.first == "fc" { parts[0] = "linear" }
    if parts.count > 2, parts[2] == "downsample" { parts[2] = "shortcut" }
    return parts.joined(separator: ".")
  }

  /// `resnet.encoder.stages.0.layers.1.layer.2.convolution.weight` is `layer1.1.conv3.weight`.
  private static func torchvisionName(_ name: String) -> String {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false)[...]
    if parts.first == "resnet" { parts.removeFirst() }
    let kinds: [Substring: (main: String, shortcut: String)] = [
      "convolution": ("conv", "0"), "normalization": ("bn", "1"),
    ]
    if parts.starts(with: ["embedder", "embedder"]), parts.count == 4, let kind = kinds[parts[parts.startIndex + 2]] {
      return "\(kind.main)1.\(parts[parts.endIndex - 1])"
    }
    if parts.starts(with: ["classifier", "1"]), parts.count == 3 { return "fc.\(parts[parts.endIndex - 1])" }
    let place = Array(parts)
    guard place.starts(with: ["encoder", "stages"]), place.count >= 8, place[3] == "layers", let stage = Int(place[2]),
      let kind = kinds[place[place.count - 2]], let last = place.last
    else { return name }
    let block = "layer\(stage + 1).\(place[4])"
    if place[5] == "shortcut", place.count == 8 { return "\(block).downsample.\(kind.shortcut).\(last)" }
    guard place[5] == "layer", place.count == 9, let number = Int(place[6]) else { return name }
    return "\(block).\(kind.main)\(number + 1).\(last)"
  }

  package func model(_ parameters: inout Parameters, labels: [String]?) throws -> ModelDefinition {
    // torchvision calls the last layer `fc`, the CIFAR checkpoints `linear`.
    let names = variant.isForCIFAR ? ["linear", "fc"] : ["fc"]
    let last = names.first { parameters.shape(of: "\($0).weight") != nil } ?? names[0]
    let classes = try Classes(
      parameters.shape(of: "\(last).weight")?.first, labels: labels,
      usual: variant.isForCIFAR ? cifarLabels : imageNetLabels)

    var network = ResNetBuilder(self, parameters)
    let side = variant.isForCIFAR ? 32 : 224
    let image = network.graph.input(
      "input", .float32, ["N", 3, ShapeDimension(.fixed(Int64(side))), ShapeDimension(.fixed(Int64(side)))])
    let features = try variant.isForCIFAR ? network.cifar(image) : network.imageNet(image)
    let logits = try network.classifier(features, last, classes: classes.count)
    network.graph.output(logits, "logits", .float32, ["N", ShapeDimension(.fixed(Int64(classes.count)))])
    parameters = network.parameters

    var metadata = ModelMetadata()
    metadata.name = name
    metadata.architecture = title
    metadata.task = task
    metadata.labels = classes.labels
    metadata.image = variant.isForCIFAR ? .cifar : .imageNet()
    return network.graph.model(metadata: metadata)
  }
}
