import ZooRuntime

/// Texts or photographs in, vectors out: what `predict` does for a model whose task is text embedding. A model that has
/// encoders of both, such as CLIP, takes both.
struct Embedder: Predictor {
  private let texts: TextEmbedder?
  private let pictures: PictureEmbedder?
  private let name: String?

  init(_ model: Model) throws {
    name = model.metadata.location
    pictures = try model.metadata.image.map { try PictureEmbedder(model, $0) }
    texts = model.metadata.tokenizerSource == nil && pictures != nil ? nil : try TextEmbedder(model)
  }

  func predict(_ inputs: [Input]) throws -> [Prediction] {
    var (textPlaces, picturePlaces): ([Int], [Int]) = ([], [])
    for (place, input) in inputs.enumerated() {
      switch input.content {
      case .text where texts != nil: textPlaces.append(place)
      case .image where pictures != nil, .imageFile where pictures != nil, .imageURL where pictures != nil,
        .imageBytes where pictures != nil:
        picturePlaces.append(place)
      default: throw refusal
      }
    }
    var answers = [Prediction?](repeating: nil, count: inputs.count)
    for (places, embed) in [(textPlaces, texts?.vectors(of:)), (picturePlaces, pictures?.vectors(of:))] {
      guard let embed, !places.isEmpty else { continue }
      for (place, vector) in zip(places, try embed(places.map { inputs[$0] })) { answers[place] = .embedding(vector) }
    }
    return answers.compactMap { $0 }
  }

  private var refusal: ZooError {
    let takes = pictures == nil ? "texts" : texts == nil ? "photographs" : "texts and photographs"
    return ZooError(.usage, "the model embeds \(takes), and takes nothing else", at: name, advice: "give it \(takes)")
  }
}

extension Model {
  /// The part of the network that leads to `output`, which is compiled by itself where the model has other inputs.
  ///
  /// - Throws: as `Model.init` does.
  func network(leadingTo output: String) throws -> (CompiledModel, inputs: Set<String>) {
    let names = Set(inputs.map(\.name))
    guard let part = definition.part(leadingTo: output) else { return (compiled, names) }
    return (
      try CompiledModel(part, registry: registry, options: compiled.options),
      names.intersection(part.graph.inputs.map(\.name))
    )
  }
}

extension ModelDefinition {
  /// The network without what `output` does not depend on; `nil` if that is nothing, or if the network has bodies, whose
  /// needs are not followed.
  fileprivate func part(leadingTo output: String) -> ModelDefinition? {
    var needed: Set<String> = [output]
    var nodes: [Node] = []
    for node in graph.nodes.reversed() where node.outputs.contains(where: needed.contains) {
      if node.attributes.contains(where: { if case .graph = $0.value { true } else { false } }) { return nil }
      needed.formUnion(node.inputs)
      nodes.append(node)
    }
    guard nodes.count < graph.nodes.count else { return nil }
    var part = self
    part.graph.nodes = nodes.reversed()
    part.graph.inputs.removeAll { !needed.contains($0.name) }
    part.graph.initializers.removeAll { !needed.contains($0.name) }
    part.graph.outputs.removeAll { $0.name != output }
    return part
  }
}
