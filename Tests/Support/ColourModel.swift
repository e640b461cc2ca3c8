import ZooCore

/// A classifier of pictures by their strongest colour: the mean of each channel is the score of `red`, `green`, `blue`.
package func colourModel(batch: ShapeDimension = "N", probabilities: Bool = false) -> ModelDefinition {
  var model = ModelDefinition()
  model.operatorSets = [OperatorSet(version: 17)]
  model.graph.name = "colours"
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
