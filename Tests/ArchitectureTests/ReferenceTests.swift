import AlexNet
import CZooPlugin
import ConvPlugin
import Foundation
import GraphBuilder
import PyTorchFormat
import ResNet
import StandardPlugin
import TestSupport
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

/// The networks compute what PyTorch computes (make_references.py).
@Suite struct ReferenceTests {
  static let networks: [(name: String, network: any Architecture)] = [
    ("resnet20-a", ResNet(.resnet20)), ("resnet20-b", ResNet(.resnet20, shortcut: .optionB)),
    ("resnet56-a", ResNet(.resnet56)), ("alexnet-cifar", AlexNet(.cifar)), ("resnet18", ResNet(.resnet18)),
    ("resnet50-v1.5", ResNet(.resnet50)),
    ("resnet152", ResNet(.resnet152)), ("resnet50-v1", ResNet(.resnet50, bottleneckStride: .v1)),
    ("alexnet", AlexNet(.original)),
    ("alexnet-torchvision", AlexNet(.oneTower)),
  ]

  /// Kernels that are compiled without optimization take too long for whole photographs.
  static let optimizedBuild: Need = {
    #if DEBUG
      let isOptimized = false
    #else
      let isOptimized = true
    #endif
    return Need("a release build", isMet: isOptimized)
  }()

  private let registry: OperatorRegistry

  init() throws {
    registry = OperatorRegistry()
    for entry in [standardPluginEntry, convPluginEntry] {
      let plugin = try #require(entry(UInt32(ZOO_PLUGIN_ABI_VERSION), HostTable.shared.pointer))
      try registry.register(plugin, origin: "linked in")
    }
  }

  @Test(arguments: networks[..<4].map(\.name)) func cifarLogitsAreThoseOfPyTorch(name: String) throws {
    try check(name, side: 32)
  }

  @Test(.needs(optimizedBuild), arguments: networks[4...].map(\.name))
  func imageNetLogitsAreThoseOfPyTorch(name: String) throws {
    try check(name, side: name == "alexnet" ? 227 : 224)
  }

  private func check(_ name: String, side: Int) throws {
    let network = try #require(Self.networks.first { $0.name == name }).network
    let model = try CompiledModel(Formula.model(network), registry: registry)
    let found: [Float] = try #require(model.run(["input": Formula.images(side)])["logits"]).elements()
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let lines = try String(contentsOf: folder.appendingPathComponent("Fixtures/logits.txt"), encoding: .utf8)
    let line = try #require(lines.split(separator: "\n").first { $0.hasPrefix("\(name) ") })
    let expected = line.split(separator: " ").dropFirst().compactMap { Float($0) }
    try #require(found.count == expected.count)
    let largest = expected.map(abs).max() ?? 0
    for (value, reference) in zip(found, expected) { #expect(abs(value - reference) < 1e-4 * largest) }
  }

  static let published = "cifar_resnet/resnet20-12fca82f.th"

  /// The published ResNet-20, where it is at hand, on an image of the formula; the numbers are PyTorch's.
  @Test(.needs(.data(published)))
  func thePublishedCheckpointComputesAsInPyTorch() throws {
    let weights = try PyTorchFormat.read(Need.dataPath(Self.published)).tensors
    let model = try CompiledModel(ResNet(.resnet20).model(weights: weights), registry: registry)
    let found: [Float] = try #require(model.run(["input": Formula.images(32)])["logits"]).elements()
    let expected: [Float] = [
      -6.226181, 1.25252, 6.553372, 9.507166, -2.95431, -5.13707, -1.586691, -3.334785, -3.858449, 5.785852,
      -4.799441, 0.9640289, 6.330908, 8.616351, -2.867897, -4.641414, -0.2237692, -4.285568, -4.336274, 5.246832,
    ]
    try #require(found.count == 20)
    for (value, reference) in zip(found, expected) { #expect(abs(value - reference) < 1e-4) }
  }
}
