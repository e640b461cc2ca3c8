import ZooCore

/// A layer of the network, in the newer form's words.
struct Layer {
  var name: String
  var type: String
  var bottoms: [String]
  var tops: [String]
  /// What the prototxt says, parameters included.
  var message: TextMessage
  var blobs: [Blob] = []

  /// How errors name it.
  var label: String { "layer \"\(name)\" of type \(type)" }

  /// The weight number `index`.
  ///
  /// - Throws: `ZooError` (`badData`) where the .caffemodel has none.
  func blob(_ index: Int) throws -> Blob {
    guard index < blobs.count else {
      throw ZooError(
        .badData,
        blobs.isEmpty
          ? "the .caffemodel has no weights for it" : "the .caffemodel has only \(blobs.count) blobs for it",
        advice: "use the .caffemodel that belongs to this prototxt")
    }
    return blobs[index]
  }

  /// As float32 under `shape`, which must be of the blob's size.
  func weight(_ index: Int, _ shape: [Int]) throws -> StoredTensor {
    let blob = try blob(index)
    guard try Tensor.elementCount(of: shape) == blob.count else {
      throw ZooError(
        .badData, "blob \(index) of the .caffemodel has the shape \(blob.shape), but the network needs \(shape)",
        advice: "use the .caffemodel that belongs to this prototxt")
    }
    return try blob.float32(shape)
  }
}

/// What a prototxt says of the network in its test phase: its inputs, and its layers in order.
struct NetworkLayers {
  struct Input {
    var name: String
    /// `nil` where only the weights tell the number of channels.
    var shape: [Int?]
  }

  private(set) var name: String
  private(set) var inputs: [Input] = []
  private(set) var layers: [Layer] = []

  init(_ network: TextMessage, weights: [String: [Blob]]) throws {
    name = try network.text("name") ?? ""
    try declareInputs(network)
    let state = try network.message("state")
    let (older, newer) = (try network.messages("layers"), try network.messages("layer"))
    guard older.isEmpty || newer.isEmpty else {
      throw ZooError(.badData, "the network has layers of both forms, \"layer\" and \"layers\"")
    }
    for message in older + newer {
      if message.has("layer") {
        throw ZooError(
          .unsupported, "the network is in the form of Caffe's first year",
          advice: "convert it with Caffe's upgrade_net_proto_text")
      }
      let name = try message.text("name") ?? ""
      let type = try message.symbol("type") ?? ""
      var layer = Layer(
        name: name, type: newer.isEmpty ? LayerTypes.newer(type) : type, bottoms: try message.texts("bottom"),
        tops: try message.texts("top"), message: message)
      do {
        guard try isIncluded(message, state) else { continue }
        if LayerTypes.data.contains(layer.type) {
          try declareInputs(layer)
          continue
        }
      } catch let error as ZooError {
        throw error.located(layer.label)
      }
      if LayerTypes.dropped.contains(layer.type) || LayerTypes.losses.contains(layer.type) { continue }
      if layer.type == "Dropout", layer.tops == layer.bottoms { continue }
      if layer.type == "SoftmaxWithLoss" { layer.bottoms = Array(layer.bottoms.prefix(1)) }
      layer.blobs = weights[name] ?? []
      layers.append(layer)
    }
    nameProbabilities()
  }

  /// A loss is named after what training wants of it; what comes in its place are probabilities.
  private mutating func nameProbabilities() {
    let losses = layers.indices.filter { layers[$0].type == "SoftmaxWithLoss" }
    let known = Set(inputs.map(\.name) + layers.flatMap(\.tops))
    for index in losses {
      layers[index].type = "Softmax"
      layers[index].tops = [losses.count == 1 && !known.contains("prob") ? "prob" : layers[index].name]
    }
  }

  // MARK: Inputs

  /// The declarations outside of layers: `input` with `input_shape`, or with four `input_dim`.
  private mutating func declareInputs(_ network: TextMessage) throws {
    let names = try network.texts("input")
    let shapes = try network.messages("input_shape").map { try $0.ints("dim") }
    let dims = try network.ints("input_dim")
    guard names.isEmpty || shapes.count == names.count || dims.count == 4 * names.count else {
      throw ZooError(
        .badData, "\(names.count) inputs have \(shapes.count) shapes and \(dims.count) extents",
        advice: "give each input an input_shape, or four of input_dim")
    }
    for (index, name) in names.enumerated() {
      add(name, shapes.count == names.count ? shapes[index] : Array(dims[4 * index..<4 * index + 4]))
    }
  }

  private mutating func declareInputs(_ layer: Layer) throws {
    func parameter(_ name: String) throws -> TextMessage { try layer.message.message(name) }
    let extents: [Int?]
    switch layer.type {
    case "Input", "DummyData":
      let parameter = try parameter(layer.type == "Input" ? "input_param" : "dummy_data_param")
      let shapes = try parameter.messages("shape").map { try $0.ints("dim") }
      guard shapes.count == layer.tops.count || shapes.count == 1 else {
        throw ZooError(.badData, "\(layer.tops.count) inputs have \(shapes.count) shapes")
      }
      for (index, top) in layer.tops.enumerated() { add(top, shapes[shapes.count == 1 ? 0 : index]) }
      return
    case "MemoryData":
      let memory = try parameter("memory_data_param")
      extents = try ["batch_size", "channels", "height", "width"].map { try memory.int($0) }
    default:
      let own = try parameter(
        ["Data": "data_param", "ImageData": "image_data_param", "WindowData": "window_data_param"][layer.type]
          ?? "hdf5_data_param")
      let crop = try parameter("transform_param").int("crop_size") ?? own.int("crop_size")
      extents = [
        try own.int("batch_size") ?? 1, nil, try crop ?? own.int("new_height"), try crop ?? own.int("new_width"),
      ]
    }
    // What comes second are labels.
    if let first = layer.tops.first { add(first, extents) }
  }

  private mutating func add(_ name: String, _ shape: [Int?]) {
    // Data layers of several phases may all be there.
    if !inputs.contains(where: { $0.name == name }) { inputs.append(Input(name: name, shape: shape)) }
  }

  // MARK: Phases

  /// Whether the rules of a layer let it in (caffe.proto, NetStateRule).
  private func isIncluded(_ layer: TextMessage, _ state: TextMessage) throws -> Bool {
    let included = try layer.messages("include")
    let excluded = try layer.messages("exclude")
    guard included.isEmpty || excluded.isEmpty else { throw ZooError(.badData, "it has rules of both kinds") }
    if included.isEmpty { return try !excluded.contains { try meets($0, state) } }
    return try included.contains { try meets($0, state) }
  }

  private func meets(_ rule: TextMessage, _ state: TextMessage) throws -> Bool {
    if let phase = try rule.symbol("phase"), phase != "TEST", phase != "1" { return false }
    let level = try state.int("level") ?? 0
    let stages = try Set(state.texts("stage"))
    return try (rule.int("min_level") ?? level) <= level && level <= (rule.int("max_level") ?? level)
      && rule.texts("stage").allSatisfy(stages.contains) && !rule.texts("not_stage").contains(where: stages.contains)
  }
}
