import ConvPlugin
import Foundation
import ModelZoo
import ZooCore
import StandardPlugin

/// A classifier of pictures by their strongest colour: the mean of each channel is the score of `red`, `green`, `blue`.
func colourModel(batch: ZooCore.Dimension = "N", probabilities: Bool = false) -> ModelDefinition {
  var model = ModelDefinition()
  model.operatorSets = [OperatorSet(version: 17)]
  model.graph.inputs = [ValueInfo(name: "photo", elementType: .float32, shape: [batch, 3, 4, 4])]
  model.graph.outputs = [ValueInfo(name: "scores", elementType: .float32, shape: [batch, 3])]
  model.graph.nodes = [
    Node("GlobalAveragePool", name: "pool", inputs: ["photo"], outputs: ["means"]),
    Node("Flatten", name: "flatten", inputs: ["means"], outputs: ["scores"]),
  ]
  model.metadata.name = "colours"
  model.metadata.task = .imageClassification
  model.metadata.labels = ["red", "green", "blue"]
  model.metadata.outputsProbabilities = probabilities
  model.metadata.image = ImagePreprocessing(
    resize: .exact(height: 4, width: 4), height: 4, width: 4, mean: [0, 0, 0], deviation: [1, 1, 1])
  return model
}

/// A picture of one colour.
func picture(_ red: UInt8, _ green: UInt8, _ blue: UInt8) throws -> Image {
  try Image(width: 8, height: 6, pixels: (0..<48).flatMap { _ in [red, green, blue] })
}

/// The plugins that are linked into the tests.
func linkedPlugins() throws -> Plugins {
  try Plugins.linked([("Standard", standardPluginEntry), ("Conv", convPluginEntry)])
}

extension Model {
  /// A model that the linked plugins run.
  static func linked(_ definition: ModelDefinition) throws -> Model {
    try Model(definition, options: Options(plugins: linkedPlugins(), threads: 1))
  }
}

extension Prediction {
  var classes: [Classification] {
    if case .classes(let classes) = self { classes } else { [] }
  }
}
