import GraphBuilder
import ResNet
import Testing
import ZooCore

@Suite struct WeightTests {
  /// A checkpoint of `network`, with everything as PyTorch writes it.
  private func weights(_ network: ResNet, prefix: String = "") throws -> [NamedTensor] {
    let constants = [".weight", ".bias", ".running_mean", ".running_var"]
    let model = try network.model(randomSeed: 3)
    var result = model.graph.initializers.filter { tensor in constants.contains { tensor.name.hasSuffix($0) } }
    result.append(NamedTensor(name: "bn1.num_batches_tracked", tensor: StoredTensor(try Tensor([Int64(1)], shape: []))))
    for index in result.indices { result[index].name = prefix + result[index].name }
    return result
  }

  private func failure(_ network: ResNet, _ weights: [NamedTensor], labels: [String]? = nil) -> ZooError? {
    do {
      _ = try network.model(weights: weights, labels: labels)
      return nil
    } catch { return error as? ZooError }
  }

  @Test(arguments: ["", "module.", "_orig_mod.module."]) func checkpointsAreTaken(prefix: String) throws {
    for network in [ResNet(.resnet20), ResNet(.resnet20, shortcut: .optionB), ResNet(.resnet18), ResNet(.resnet50)] {
      let random = try network.model(randomSeed: 3)
      // Option A or B is seen from the keys, whatever the network was asked for.
      let model = try ResNet(network.variant).model(weights: weights(network, prefix: prefix))
      #expect(model.graph.nodes.map(\.name) == random.graph.nodes.map(\.name))
      #expect(model.graph.initializers.map(\.name) == random.graph.initializers.map(\.name))
    }
  }

  @Test func weightsStayWhereTheyAre() throws {
    var given = try weights(ResNet(.resnet20))
    let resident = try given[0].tensor.load()
    given[0].tensor = StoredTensor(resident)
    let model = try ResNet(.resnet20).model(weights: given)
    let place = try model.graph.initializers[0].tensor.load().withUnsafeBytes { $0.baseAddress }
    #expect(place == resident.withUnsafeBytes { $0.baseAddress })
  }

  @Test func halfPrecisionIsWidened() throws {
    let values: [UInt16] = [0x3C00, 0xC000, 0x7BFF, 0x0001, 0x8000, 0x3555, 0x7C00, 0xFC00, 0x03FF, 0x0400]
    let expected: [Float] = [
      1, -2, 65504, 0x1p-24, -0.0, 0.33325195, .infinity, -.infinity, 0x1.FF8p-15, 0x1p-14,
    ]
    var given = try weights(ResNet(.resnet20))
    let place = try #require(given.firstIndex { $0.name == "linear.bias" })
    given[place].tensor = try StoredTensor(
      type: .float16, shape: [10], source: Bytes(values: values.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }))
    let model = try ResNet(.resnet20).model(weights: given)
    let bias = try #require(model.graph.initializers.first { $0.name == "linear.bias" }).tensor
    #expect(try bias.load().elements() == expected)
  }

  @Test func classesAreThoseOfTheWeights() throws {
    var given = try weights(ResNet(.resnet18))
    for index in given.indices where given[index].name.hasPrefix("fc.") {
      let shape = [7] + given[index].tensor.shape.dropFirst()
      let count = shape.reduce(1, *)
      given[index].tensor = StoredTensor(try Tensor([Float](repeating: 0, count: count), shape: shape))
    }
    let model = try ResNet(.resnet18).model(weights: given)
    #expect(model.metadata.labels.isEmpty)
    #expect(model.graph.outputs == [ValueInfo(name: "logits", elementType: .float32, shape: ["N", 7])])
    #expect(failure(ResNet(.resnet18), given, labels: ["one"])?.kind == .usage)
  }

  @Test func unfitWeightsAreListed() throws {
    var given = try weights(ResNet(.resnet20))
    given.removeAll { $0.name == "layer2.1.bn2.running_var" }
    given.append(NamedTensor(name: "extra.weight", tensor: StoredTensor(try Tensor([Float(1)], shape: [1]))))
    given[0].tensor = StoredTensor(try Tensor([Float](repeating: 0, count: 27), shape: [3, 3, 3]))
    let error = try #require(failure(ResNet(.resnet20), given))
    #expect(error.kind == .badData)
    for part in [
      "1 missing: layer2.1.bn2.running_var [32]", "conv1.weight [3, 3, 3] instead of [16, 3, 3, 3]",
      "1 left over: extra.weight [1]", "ResNet-20",
    ] {
      #expect(error.message.contains(part), "\(error.message)")
    }
    let integers = try weights(ResNet(.resnet20)).map { tensor in
      guard tensor.name == "bn1.weight" else { return tensor }
      return NamedTensor(
        name: tensor.name, tensor: StoredTensor(try Tensor([Int64](repeating: 1, count: 16), shape: [16])))
    }
    #expect(failure(ResNet(.resnet20), integers)?.message.contains("type int64") == true)
  }

  @Test func anotherDepthIsToldApart() throws {
    let deeper = try #require(failure(ResNet(.resnet56), weights(ResNet(.resnet20))))
    #expect(deeper.message.contains("missing"))
    let shallower = try #require(failure(ResNet(.resnet20), weights(ResNet(.resnet32))))
    #expect(shallower.message.contains("left over"))
    #expect(failure(ResNet(.resnet18), try weights(ResNet(.resnet20))) != nil)
    #expect(failure(ResNet(.resnet18), []) != nil)
  }

  @Test func architecturesAreFoundByName() throws {
    let families: [any Architecture.Type] = [ResNet.self]
    #expect(try families.architecture(named: "resnet110").title == "ResNet-110")
    #expect { try families.architecture(named: "resnet21") } throws: {
      ($0 as? ZooError)?.kind == .usage && "\($0)".contains("resnet20")
    }
  }
}

private struct Bytes: TensorSource {
  let values: [UInt8]
  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) {
    bytes.copyBytes(from: values)
  }
}
