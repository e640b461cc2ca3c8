import GraphBuilder
import ResNet
import Testing
import ZooCore

@Suite struct StructureTests {
  /// Parameters that are trained: torchvision's documentation, and table 6 of the paper for CIFAR.
  @Test(arguments: [
    ("resnet18", 11_689_512), ("resnet34", 21_797_672), ("resnet50", 25_557_032), ("resnet101", 44_549_160),
    ("resnet152", 60_192_808), ("resnet20", 269_722), ("resnet32", 464_154), ("resnet44", 658_586),
    ("resnet56", 853_018), ("resnet110", 1_727_962),
  ])
  func parametersAreAsPublished(name: String, count: Int) throws {
    let model = try #require(ResNet(named: name)).model(randomSeed: 1)
    let trained = model.graph.initializers.filter { tensor in
      [".weight", ".bias"].contains { tensor.name.hasSuffix($0) }
    }
    #expect(trained.reduce(0) { $0 + $1.tensor.shape.reduce(1, *) } == count)
  }

  @Test(arguments: ResNet.names) func graphsAreWellFormed(name: String) throws {
    let network = try #require(ResNet(named: name))
    let model = try network.model(randomSeed: 1)
    #expect(model.version(ofDomain: "") == 17)
    var known = Set(model.graph.inputs.map(\.name) + model.graph.initializers.map(\.name))
    #expect(known.count == model.graph.inputs.count + model.graph.initializers.count)
    var names: Set<String> = []
    for node in model.graph.nodes {
      #expect(node.inputs.allSatisfy { known.contains($0) }, "\(node.label)")
      for output in node.outputs { #expect(known.insert(output).inserted, "\(output)") }
      #expect(names.insert(node.name).inserted, "\(node.name)")
    }
    #expect(model.graph.outputs.allSatisfy { known.contains($0.name) })
    let layers = model.graph.nodes.filter { node in
      ["Conv", "Gemm"].contains(node.operatorType) && !node.name.contains("downsample")
    }
    #expect(layers.count == network.variant.depth)
  }

  @Test func metadataSaysHowToPredict() throws {
    let small = try ResNet(.resnet20).model(randomSeed: 1)
    #expect(small.metadata.architecture == "ResNet-20")
    #expect(small.metadata.task == .imageClassification)
    #expect(small.metadata.labels.count == 10 && small.metadata.labels[3] == "cat")
    #expect(small.metadata.image?.resize == .exact(height: 32, width: 32))
    #expect(small.graph.inputs == [ValueInfo(name: "input", elementType: .float32, shape: ["N", 3, 32, 32])])
    #expect(small.graph.outputs == [ValueInfo(name: "logits", elementType: .float32, shape: ["N", 10])])
    let large = try ResNet(.resnet50).model(randomSeed: 1)
    #expect(large.metadata.labels.count == 1000 && large.metadata.labels[285] == "Egyptian cat")
    #expect(large.metadata.image == .imageNet())
    let own = try ResNet(.resnet50).model(randomSeed: 1, labels: ["yes", "no"])
    #expect(own.metadata.labels == ["yes", "no"])
    #expect(own.graph.outputs == [ValueInfo(name: "logits", elementType: .float32, shape: ["N", 2])])
  }

  @Test func variantsDifferInTheirStrides() throws {
    func strides(_ network: ResNet, _ node: String) throws -> [Int64] {
      let model = try network.model(randomSeed: 1)
      guard case .ints(let strides)? = model.graph.nodes.first(where: { $0.name == node })?[attribute: "strides"] else {
        return []
      }
      return strides
    }
    #expect(try strides(ResNet(.resnet50), "layer2.0.conv1") == [1, 1])
    #expect(try strides(ResNet(.resnet50), "layer2.0.conv2") == [2, 2])
    #expect(try strides(ResNet(.resnet50, bottleneckStride: .v1), "layer2.0.conv1") == [2, 2])
    #expect(try strides(ResNet(.resnet50, bottleneckStride: .v1), "layer2.0.conv2") == [1, 1])
    let projected = try ResNet(.resnet20, shortcut: .optionB).model(randomSeed: 1)
    #expect(projected.graph.nodes.filter { $0.name.contains("shortcut.0") }.map(\.operatorType) == ["Conv", "Conv"])
    #expect(try ResNet(.resnet20).model(randomSeed: 1).graph.nodes.filter { $0.operatorType == "Pad" }.count == 2)
  }

  @Test func randomWeightsDependOnTheSeedAlone() throws {
    func first(_ seed: UInt64) throws -> [Float] {
      try ResNet(.resnet20).model(randomSeed: seed).graph.initializers[0].tensor.load().elements()
    }
    #expect(try first(1) == first(1))
    #expect(try first(1) != first(2))
    let weights = try first(1)
    let variance = weights.reduce(0) { $0 + $1 * $1 } / Float(weights.count)
    #expect(abs(variance / (2.0 / 27) - 1) < 0.2)
  }
}
