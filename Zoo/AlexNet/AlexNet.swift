import GraphBuilder
import ZooCore

/// AlexNet (Krizhevsky, Sutskever and Hinton 2012, "ImageNet Classification with Deep Convolutional Neural Networks").
///
/// Which form a checkpoint has is told by the shapes of its weights (`AlexNetForm`).
package struct AlexNet: Architecture {
  /// The network that random weights are drawn for; a checkpoint's shapes tell its own.
  package enum Variant: String, Sendable, CaseIterable {
    /// The paper's: two groups, local response normalization.
    case original = "alexnet"
    /// torchvision's: "One weird trick for parallelizing convolutional neural networks" (Krizhevsky 2014), one tower,
    /// no normalization.
    case oneTower = "alexnet-torchvision"
    /// A narrow one for images of 32 by 32, with all of the original's parts.
    case cifar = "alexnet-cifar"
  }

  package let variant: Variant

  package init(_ variant: Variant = .original) { self.variant = variant }

  package static var names: [String] { Variant.allCases.map(\.rawValue) }

  package init?(named name: String) {
    guard let variant = Variant(rawValue: name) else { return nil }
    self.variant = variant
  }

  package var name: String { variant.rawValue }
  package var title: String { "AlexNet" }
  package var task: ModelMetadata.Task { .imageClassification }

  /// torchvision's names of Caffe's, or of those of networks with more modules between the layers.
  package func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor] {
    let weights = Parameters.unwrapped(weights)
    guard let form = try AlexNetForm(of: Parameters(weights)) else { return weights }
    let usual = AlexNetForm(.oneTower)
    let names = Dictionary(
      zip(form.convolutions + form.connected, usual.convolutions + usual.connected).map { ($0, $1) },
      uniquingKeysWith: { $1 })
    return weights.map { item in
      var item = item
      for kind in [".weight", ".bias"] where item.name.hasSuffix(kind) {
        if let name = names[String(item.name.dropLast(kind.count))] { item.name = name + kind }
      }
      return item
    }
  }

  package func model(_ parameters: inout Parameters, labels: [String]?) throws -> ModelDefinition {
    let form = try AlexNetForm(of: parameters) ?? AlexNetForm(variant)
    let last = form.connected[2]
    let classes = try Classes(
      parameters.shape(of: "\(last).weight")?.first, labels: labels,
      usual: form.isForCIFAR ? cifarLabels : imageNetLabels)

    let side = ShapeDimension(.fixed(Int64(form.side)))
    var graph = GraphBuilder(name: name)
    let image = graph.input("input", .float32, ["N", 3, side, side])
    let pooled = try graph.alexNetFeatures(image, form, &parameters)
    let hidden = try graph.alexNetHidden(pooled, form, &parameters)
    let logits = try graph.linear(hidden, last, inputs: form.hidden[1], outputs: classes.count, &parameters)
    graph.output(logits, "logits", .float32, ["N", ShapeDimension(.fixed(Int64(classes.count)))])

    var metadata = ModelMetadata()
    metadata.name = name
    metadata.architecture = title
    metadata.task = task
    metadata.labels = classes.labels
    metadata.image = form.isForCIFAR ? .cifar : .imageNet(crop: form.side)
    return graph.model(metadata: metadata)
  }
}
