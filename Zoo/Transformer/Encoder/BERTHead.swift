import GraphBuilder
import HuggingFace
import ZooCore

/// What Hugging Face's classes have behind the encoder.
enum BERTHead {
  case none
  /// `…ForSequenceClassification`: of the first token.
  case sequence
  /// `…ForTokenClassification`.
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
    BERT.withoutPrefix(weights).filter {
      $0.name.hasPrefix("pooler.") || self != .none && $0.name.hasPrefix("classifier.")
    }
  }
}

extension BERTBuilder {
  struct Output {
    var value: GraphBuilder.Value
    var name: String
    var shape: [Dimension]
  }

  /// What `head` makes of the encoder's value.
  mutating func outputs(of head: BERTHead, _ value: GraphBuilder.Value) throws -> [Output] {
    var outputs: [Output] = []
    var pooled: GraphBuilder.Value?
    if let width = parameters.shape(of: "pooler.dense.weight")?.first {
      let layer = try firstToken(value, "pooler.dense", outputs: width)
      outputs.append(Output(value: layer, name: "pooler_output", shape: ["N", Dimension(.fixed(Int64(width)))]))
      pooled = layer
    }
    if let logits = try logits(of: head, value, pooled: pooled) { outputs.append(logits) }
    return outputs
  }

  private mutating func logits(
    of head: BERTHead, _ value: GraphBuilder.Value, pooled: GraphBuilder.Value?
  ) throws -> Output? {
    // RoBERTa's has a layer of its own in the pooler's place.
    let hasOwnLayer = parameters.shape(of: "classifier.out_proj.weight") != nil
    let name = hasOwnLayer ? "classifier.out_proj" : "classifier"
    guard head != .none, let classes = parameters.shape(of: "\(name).weight")?.first else { return nil }
    let (width, extent) = (configuration.width, Dimension(.fixed(Int64(classes))))
    if head == .tokens {
      let logits = try graph.projection(value, name, inputs: width, outputs: classes, &parameters)
      return Output(value: logits, name: "logits", shape: ["N", "S", extent])
    }
    let first = hasOwnLayer ? try firstToken(value, "classifier.dense", outputs: width) : pooled
    guard let first else { return nil }
    let logits = try graph.linear(first, name, inputs: width, outputs: classes, &parameters)
    return Output(value: logits, name: "logits", shape: ["N", extent])
  }

  private mutating func firstToken(
    _ value: GraphBuilder.Value, _ name: String, outputs: Int
  ) throws -> GraphBuilder.Value {
    let layer = try graph.linearOnFirstToken(
      value, name, inputs: configuration.width, outputs: outputs, &parameters)
    return graph.node("Tanh", "\(name).tanh", [layer])
  }
}
