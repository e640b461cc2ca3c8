import CaffeFormat
import Foundation
import TestSupport
import Testing
import ZooCore

private let fixtures = here.appendingPathComponent("Caffe/Fixtures").path

/// Networks of all layers give what OpenCV's importer of Caffe's networks gives (make_fixtures.py).
@Suite struct CaffeNetworkTests {
  @Test(arguments: ["alexnet", "alexnet-v1", "small-resnet", "poolings", "elementwise", "shapes", "deconvolution"])
  func answersAreOpenCVs(name: String) throws {
    let model = try network(name)
    var wanted = try tensors("\(fixtures)/\(name).safetensors")
    let data = try #require(wanted["data"])
    wanted["data"] = nil
    let found = try run(model, ["data": data])
    #expect(Set(found.keys) == Set(wanted.keys))
    for (output, tensor) in wanted {
      try expectSame(found[output], tensor, tolerance: 1e-5, "\(name): \(output)")
    }
  }

  /// The batch of a deploy.prototxt is only a proposal.
  @Test func theBatchIsFree() throws {
    let model = try network("alexnet")
    #expect(model.graph.inputs[0].type == ValueInfo(name: "", elementType: .float32, shape: ["N", 3, 35, 35]).type)
    let data = try Tensor([Float](repeating: 0.5, count: 5 * 3 * 35 * 35), shape: [5, 3, 35, 35])
    #expect(try run(model, ["data": data])["prob"]?.shape == [5, 10])
  }

  @Test func aNormalizationAndItsScaleAreOneNode() throws {
    let model = try network("small-resnet")
    let types = model.graph.nodes.map(\.operatorType)
    #expect(types.filter { $0 == "BatchNormalization" }.count == 3)
    #expect(!types.contains("Mul"))
  }

  @Test func theWeightsAloneHaveNames() throws {
    let file = try CaffeFormat.readWeights(fixtures + "/alexnet-v1.caffemodel")
    let found = file.tensors.map { "\($0.name) \($0.tensor.shape)" }
    #expect(
      found == [
        "conv1.weight [8, 3, 5, 5]", "conv1.bias [8]", "conv2.weight [12, 4, 3, 3]", "conv2.bias [12]",
        "fc6.weight [16, 192]", "fc6.bias [16]", "fc7.weight [10, 16]", "fc7.bias [10]",
      ])
    // The same numbers in both forms, in one piece and one by one, as float32 and as float64.
    let newer = try CaffeFormat.readWeights(fixtures + "/alexnet.caffemodel")
    for (old, new) in zip(file.tensors, newer.tensors) {
      #expect(old.name == new.name)
      #expect(try old.tensor.load().elements(Float.self) == new.tensor.load().elements(Float.self))
    }
    let doubles = try CaffeFormat.readWeights(fixtures + "/shapes.caffemodel")
    #expect(doubles.tensors[0].tensor.type == .float64)
    let names = try CaffeFormat.readWeights(fixtures + "/small-resnet.caffemodel").tensors.map(\.name)
    #expect(names.contains("bn_conv1.scale_factor") && names.contains("scale_conv1.weight"))
  }

  @Test func contentTellsTheFormat() throws {
    for name in ["alexnet", "alexnet-v1"] {
      #expect(CaffeFormat.sniffWeights("\(fixtures)/\(name).caffemodel"))
      #expect(!CaffeFormat.sniffWeights("\(fixtures)/\(name).prototxt"))
      #expect(try bytes(of: "\(fixtures)/\(name).prototxt").withUnsafeBytes { CaffeFormat.sniff($0) })
      #expect(!(try bytes(of: "\(fixtures)/\(name).caffemodel").withUnsafeBytes { CaffeFormat.sniff($0) }))
    }
    #expect(Array("# a comment\n\n  layer {".utf8).withUnsafeBytes { CaffeFormat.sniff($0) })
    #expect(!Array("net: \"train.prototxt\"".utf8).withUnsafeBytes { CaffeFormat.sniff($0) })
  }

  private func network(_ name: String) throws -> ModelDefinition {
    try CaffeFormat.read(prototxt: "\(fixtures)/\(name).prototxt", weights: "\(fixtures)/\(name).caffemodel")
  }
}

/// What a prototxt can say, with the weights of the small AlexNet.
@Suite struct CaffePrototxtTests {
  static let train = """
    name: 'train' # a comment
    layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
      transform_param { crop_size: 99 } data_param { batch_size: 256 backend: LMDB } }
    layer { name: "data" type: "Data" top: "data" top: "label" include: < phase: TEST >
      transform_param { crop_size: 35 mean_file: "a" "b\\n\\x41\\101" } data_param { batch_size: 50 } }
    layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
      param: [{ lr_mult: 1 }, { lr_mult: 2; }], convolution_param { num_output: 8 kernel_size: 5 stride: 0x2 } }
    layer { name: "pool" type: "Pooling" bottom: "conv1" top: "pool" pooling_param { pool: AVE kernel_size: 16 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "pool" bottom: "label" top: "loss" }
    layer { name: "only" type: "Unknown" bottom: "pool" top: "u" include { stage: "s" } }
    layer { name: "never" type: "Unknown" bottom: "pool" top: "v" exclude { phase: TEST } }
    layer { name: "accuracy" type: "Accuracy" bottom: "pool" bottom: "label" top: "accuracy" include { phase: TEST } }
    """

  @Test func trainingNetworksGiveProbabilities() throws {
    let model = try read(Self.train)
    #expect(model.graph.inputs.map(\.name) == ["data"])
    #expect(
      model.graph.inputs[0].type == ValueInfo(name: "", elementType: .float32, shape: ["N", 3, 35, 35]).type)
    #expect(model.graph.outputs.map(\.name) == ["prob"])
    #expect(model.graph.nodes.map(\.operatorType) == ["Conv", "AveragePool", "Softmax"])
  }

  @Test(
    arguments: [
      ("layer { name: \"x\" type: \"Wonder\" bottom: \"data\" top: \"x\" }", "Wonder"),
      ("layer { name: \"x\" type: \"ReLU\" bottom: \"nothing\" top: \"x\" }", "nothing"),
      (
        "layer { name: \"x\" type: \"InnerProduct\" bottom: \"data\" top: \"x\" inner_product_param { num_output: 4 } }",
        "no weights"
      ),
      (
        "layer { name: \"conv1\" type: \"Convolution\" bottom: \"data\" top: \"x\" convolution_param { num_output: 8 kernel_size: 3 } }",
        "needs [8, 3, 3, 3]"
      ),
      (
        "layer { name: \"conv1\" type: \"Convolution\" bottom: \"data\" top: \"x\" convolution_param { num_output: 8 kernel_size: 99 } }",
        "spans 99"
      ),
      (
        "layer { name: \"x\" type: \"Pooling\" bottom: \"data\" top: \"x\" pooling_param { kernel_size: 3 stride: 0 } }",
        "stride is 0"
      ),
      (
        "layer { name: \"x\" type: \"Pooling\" bottom: \"data\" top: \"x\" pooling_param { pool: STOCHASTIC kernel_size: 3 } }",
        "STOCHASTIC"
      ),
      ("layer { name: \"x\" type: \"Concat\" bottom: \"data\" top: \"x\" concat_param { axis: 9 } }", "axis 9"),
      (
        "layer { name: \"x\" type: \"Reshape\" bottom: \"data\" top: \"x\" reshape_param { shape { dim: 0 dim: 7 } } }",
        "can't take"
      ),
      (
        "layer { name: \"x\" type: \"Tile\" bottom: \"data\" top: \"x\" tile_param { tiles: 2147483647 } }\nlayer { name: \"y\" type: \"Tile\" bottom: \"x\" top: \"y\" tile_param { axis: 2 tiles: 2147483647 } }",
        "too large"
      ),
      (
        "layer { name: \"x\" type: \"ReLU\" bottom: \"data\" top: \"x\" relu_param { negative_slope: nan } }",
        "no number"
      ),
      ("layer { name: \"x\" type: \"ReLU\" bottom: \"data\" top: \"x\" ", "ends inside"),
      ("layer { name: \"x }", "end quote"), ("layer ]", "colon"), ("layer: [{} {}]", "comma"), ("{", "name"),
      ("layer { name: 7 }", "quotes"), ("layers { type: RELU } layer { type: \"ReLU\" }", "both forms"),
      ("layers { layer { name: \"x\" } }", "first year"),
      ("layer { name: \"a\" name: \"b\" }", "given 2 times"),
      ("input_dim: 3", "extents"),
    ])
  func mistakesAreNamed(text: String, word: String) throws {
    let error = try #require(throws: ZooError.self) {
      try read("input: \"data\" input_dim: 1 input_dim: 3 input_dim: 35 input_dim: 35\n" + text)
    }
    #expect(error.description.contains(word), "\(error)")
  }

  @Test func nestingIsBounded() throws {
    let error = try #require(throws: ZooError.self) { try read(String(repeating: "a {", count: 100_000)) }
    #expect(error.description.contains("inside each other"))
  }

  @Test func aSolverIsNoNetwork() throws {
    let error = try #require(throws: ZooError.self) { try read("net: \"x\" base_lr: 0.1") }
    #expect(error.description.contains("no layers"))
  }

  private func read(_ text: String) throws -> ModelDefinition {
    try withFolder { folder in
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/x.prototxt"))
      return try CaffeFormat.read(prototxt: folder + "/x.prototxt", weights: fixtures + "/alexnet.caffemodel")
    }
  }
}

/// Damaged files are errors or are read; nothing else happens.
@Suite struct CaffeDamageTests {
  @Test(arguments: ["shapes", "alexnet-v1", "small-resnet"])
  func changedFilesAreErrorsOrHarmless(name: String) throws {
    let (text, weights) = (
      try bytes(of: "\(fixtures)/\(name).prototxt"), try bytes(of: "\(fixtures)/\(name).caffemodel")
    )
    var mutations = Mutations(seed: 1)
    try withFolder { folder in
      for round in 0..<300 {
        let (first, second) = round % 2 == 0 ? (mutations.damage(text), weights) : (text, mutations.damage(weights))
        try Data(first).write(to: URL(fileURLWithPath: folder + "/x.prototxt"))
        try Data(second).write(to: URL(fileURLWithPath: folder + "/x.caffemodel"))
        do {
          let model = try CaffeFormat.read(prototxt: folder + "/x.prototxt", weights: folder + "/x.caffemodel")
          for item in model.graph.initializers { _ = try item.tensor.load() }
          _ = try CaffeFormat.readWeights(folder + "/x.caffemodel")
        } catch is ZooError {}
      }
    }
  }

  @Test func truncatedWeightsAreErrors() throws {
    let whole = try bytes(of: "\(fixtures)/alexnet.caffemodel")
    try withFolder { folder in
      let path = folder + "/x.caffemodel"
      for count in stride(from: 0, to: whole.count, by: 211) {
        try Data(whole[..<count]).write(to: URL(fileURLWithPath: path))
        #expect(throws: ZooError.self, "\(count) bytes") {
          try CaffeFormat.read(prototxt: fixtures + "/alexnet.prototxt", weights: path)
        }
      }
    }
  }
}
