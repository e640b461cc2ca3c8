import AlexNet
import GraphBuilder
import Testing
import ZooCore

@Suite struct FormTests {
  private func weights(_ network: AlexNet, labels: [String]? = nil) throws -> [NamedTensor] {
    try network.model(randomSeed: 3, labels: labels).graph.initializers
  }

  /// Parameters: 60,965,224 of the original (Caffe's model zoo), 61,100,840 of torchvision's (its documentation).
  @Test(arguments: [(AlexNet.Variant.original, 60_965_224), (.oneTower, 61_100_840)])
  func parametersAreAsPublished(variant: AlexNet.Variant, count: Int) throws {
    let tensors = try weights(AlexNet(variant))
    #expect(tensors.reduce(0) { $0 + $1.tensor.shape.reduce(1, *) } == count)
  }

  @Test(arguments: AlexNet.Variant.allCases) func theFormIsToldByShapes(variant: AlexNet.Variant) throws {
    let given = try weights(AlexNet(variant))
    let model = try AlexNet(.original).model(weights: given)
    let random = try AlexNet(variant).model(randomSeed: 3)
    #expect(model.graph.nodes.map(\.attributes) == random.graph.nodes.map(\.attributes))
    #expect(model.graph.inputs == random.graph.inputs)
    #expect(model.metadata.image == random.metadata.image)
    #expect(model.metadata.labels.count == (variant == .cifar ? 10 : 1000))
    #expect(model.graph.nodes.count { $0.operatorType == "LRN" } == (variant == .oneTower ? 0 : 2))
  }

  /// Normalization as a module of its own moves the numbers; Caffe has names instead of them.
  @Test(arguments: [
    [
      "features.0", "features.4", "features.8", "features.10", "features.12", "classifier.1", "classifier.4",
      "classifier.6",
    ],
    ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"],
  ])
  func otherNamesAreTaken(names: [String]) throws {
    let usual = [
      "features.0", "features.3", "features.6", "features.8", "features.10", "classifier.1", "classifier.4",
      "classifier.6",
    ]
    let given = try weights(AlexNet(.cifar)).map { item in
      let place = try #require(usual.firstIndex { item.name.hasPrefix($0 + ".") })
      return NamedTensor(name: names[place] + item.name.dropFirst(usual[place].count), tensor: item.tensor)
    }
    let model = try AlexNet().model(weights: given)
    #expect(
      model.graph.nodes.filter { ["Conv", "Gemm"].contains($0.operatorType) }.map(\.name).dropLast() == names.dropLast()
    )
  }

  @Test func otherWeightsAreRefused() throws {
    var given = try weights(AlexNet(.cifar))
    given.removeAll { $0.name.hasPrefix("features.8") }
    #expect { try AlexNet().model(weights: given) } throws: {
      ($0 as? ZooError)?.kind == .badData && "\($0)".contains("five convolutions")
    }
    given = try weights(AlexNet(.cifar))
    given.removeAll { $0.name == "features.8.bias" }
    #expect { try AlexNet().model(weights: given) } throws: { "\($0)".contains("features.8.bias") }
  }
}
