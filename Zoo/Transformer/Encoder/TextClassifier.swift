import GraphBuilder
import HuggingFace
import ZooCore

/// What Hugging Face's classes have behind an encoder of texts.
enum TextClassifier {
  case none
  /// `…ForSequenceClassification`
  case sequence
  /// `…ForTokenClassification`
  case tokens

  /// By the class in config.json.
  init(_ folder: PretrainedFolder) {
    let classes = folder.configuration.value("architectures")?.list?.compactMap(\.text) ?? []
    if classes.contains(where: { $0.hasSuffix("ForSequenceClassification") }) {
      self = .sequence
    } else if classes.contains(where: { $0.hasSuffix("ForTokenClassification") }) {
      self = .tokens
    } else {
      self = .none
    }
  }

  /// The weights of these layers among a checkpoint's. Those of other tasks, such as the words that are hidden in
  /// pre-training, are none.
  func weights(_ weights: [NamedTensor]) -> [NamedTensor] {
    let names = ["pooler."] + (self == .none ? [] : ["classifier.", "pre_classifier.", "head."])
    return weights.filter { item in names.contains(where: item.name.hasPrefix) }
  }

  /// What the layers make of the encoder's states.
  func outputs(
    of encoder: some TextEncoder, _ states: GraphBuilder.Value, _ inputs: TextInputs, _ network: inout NetworkBuilder
  ) throws -> [NetworkOutput] {
    var outputs: [NetworkOutput] = []
    // ALBERT's pooler has no parts.
    let pooler = ["pooler.dense", "pooler"].first { network.parameters.shape(of: "\($0).weight") != nil }
    var pooled: GraphBuilder.Value?
    if let pooler, let width = network.parameters.shape(of: "\(pooler).weight")?.first {
      let layer = try firstToken(states, pooler, encoder.width, width, .tanh, &network)
      outputs.append(
        NetworkOutput(value: layer, name: "pooler_output", shape: ["N", ShapeDimension(.fixed(Int64(width)))]))
      pooled = layer
    }
    let name = network.parameters.shape(of: "classifier.out_proj.weight") == nil ? "classifier" : "classifier.out_proj"
    guard self != .none, let classes = network.parameters.shape(of: "\(name).weight")?.first else { return outputs }
    let features = try features(of: encoder, states, inputs, pooled: pooled, &network)
    guard let features else { return outputs }
    let logits = try network.linear(features, name, inputs: encoder.width, outputs: classes)
    let shape: [ShapeDimension] = self == .tokens ? ["N", "S"] : ["N"]
    outputs.append(
      NetworkOutput(value: logits, name: "logits", shape: shape + [ShapeDimension(.fixed(Int64(classes)))]))
    return outputs
  }

  /// Has predicting give what the network's `logits` mean.
  func describe(
    _ logits: NetworkOutput, _ folder: PretrainedFolder, maximumLength: Int, _ metadata: inout ModelMetadata
  ) throws {
    guard case .fixed(let extent)? = logits.shape.last?.extent, let count = Int(exactly: extent) else { return }
    metadata.labels = folder.labels(count)
    metadata.task = self == .tokens ? .tokenClassification : count == 1 ? .textRanking : .textClassification
    metadata.classification = TextClassificationSettings(
      scores: self == .tokens ? .softmax : try Self.scores(folder.configuration, count), maximumLength: maximumLength)
    metadata.embedding = nil
  }

  /// As transformers' pipelines and sentence-transformers' CrossEncoder choose them.
  private static func scores(
    _ settings: PretrainedSettings, _ count: Int
  ) throws -> TextClassificationSettings.Scores {
    let names =
      [
        settings.value("sentence_transformers")?["activation_fn"],
        settings.value("sbert_ce_default_activation_function"),
      ]
    if let name = names.compactMap({ $0?.text }).first {
      switch String(name.split(separator: ".").last ?? "") {
      case "Identity": return .none
      case "Sigmoid": return .sigmoid
      case "Softmax": return .softmax
      default: throw ZooError(.unsupported, "the scores' function \"\(name)\" is unknown", at: "config.json")
      }
    }
    if let name = settings.value("function_to_apply")?.text {
      guard let scores = TextClassificationSettings.Scores(rawValue: name) else {
        throw ZooError(.unsupported, "\"function_to_apply\" is \(name)", at: "config.json")
      }
      return scores
    }
    switch settings.value("problem_type")?.text {
    case "regression": return .none
    case "multi_label_classification": return .sigmoid
    case "single_label_classification": return .softmax
    default: return count == 1 ? .sigmoid : .softmax
    }
  }

  /// What the last layer takes.
  private func features(
    of encoder: some TextEncoder, _ states: GraphBuilder.Value, _ inputs: TextInputs, pooled: GraphBuilder.Value?,
    _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value? {
    if let own = try encoder.features(states, inputs, of: self, &network) { return own }
    if self == .tokens { return states }
    // RoBERTa's and DistilBERT's have a layer of their own in the pooler's place.
    for (layer, activation) in [("classifier.dense", Activation.tanh), ("pre_classifier", .relu)]
    where network.parameters.shape(of: "\(layer).weight") != nil {
      return try firstToken(states, layer, encoder.width, encoder.width, activation, &network)
    }
    return pooled
  }

  private func firstToken(
    _ states: GraphBuilder.Value, _ name: String, _ inputs: Int, _ outputs: Int, _ activation: Activation,
    _ network: inout NetworkBuilder
  ) throws -> GraphBuilder.Value {
    let token = try network.graph.token(0, of: states, name)
    let layer = try network.linear(token, name, inputs: inputs, outputs: outputs)
    return try network.graph.activation(layer, "\(name).activation", activation)
  }
}
