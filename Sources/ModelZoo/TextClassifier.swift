import Tokenizers
import ZooRuntime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Texts or pairs of texts in, classes or a score out; or entities, classes of the texts' tokens.
struct TextClassifier: Predictor {
  /// At most as many tokens, padding included, go into one run.
  private static let largestBatch = 1 << 12
  private static let (ids, mask, types) = ("input_ids", "attention_mask", "token_type_ids")

  // Not the model, which keeps this.
  private let network: CompiledModel
  private let inputs: Set<String>
  private let output: String
  private let tokenizer: Tokenizer
  private let padding: Padding
  private let settings: TextClassificationSettings
  private let labels: [String]
  private let task: ModelMetadata.Task
  private let name: String?

  init(_ model: Model) throws {
    (name, task, labels) = (model.metadata.location, model.metadata.task, model.metadata.labels)
    let outputs = model.outputs.map(\.name)
    guard let source = model.metadata.tokenizerSource, let settings = model.metadata.classification,
      settings.maximumLength > 0,
      let output = outputs.first(where: { $0 == "logits" }) ?? outputs.first
    else { throw Self.incomplete(model) }
    let (network, names) = try model.network(leadingTo: output)
    guard names.contains(Self.ids), names.isSubset(of: [Self.ids, Self.mask, Self.types]) else {
      throw Self.incomplete(model)
    }
    var tokenizer = try Tokenizer(source)
    tokenizer.truncation = Truncation(
      maximumLength: settings.maximumLength, side: tokenizer.truncation?.side ?? .right)
    // Batches are padded here, as long as they need.
    padding = Padding(id: tokenizer.padding?.id ?? tokenizer.id(of: "[PAD]") ?? tokenizer.id(of: "<pad>") ?? 0)
    tokenizer.padding = nil
    (self.network, self.output, self.tokenizer, self.settings) = (network, output, tokenizer, settings)
    inputs = names
  }

  private static func incomplete(_ model: Model) -> ZooError {
    ZooError(
      .badData, "the model claims to classify texts, but it does not say how one becomes its input",
      at: model.metadata.location, advice: "package it again")
  }

  func predict(_ inputs: [Input]) throws -> [Prediction] {
    let texts = try inputs.map { try pair(in: $0) }
    let encodings = try texts.map { try tokenizer.encoding(of: $0.first, and: $0.second) }
    var answers = [Prediction?](repeating: nil, count: inputs.count)
    for batch in batches(encodings.map(\.ids.count)) {
      let scores = try self.scores(of: batch.map { encodings[$0] })
      for (index, scores) in zip(batch, scores) {
        answers[index] = try answer(scores, to: texts[index].first, encodings[index])
      }
    }
    return answers.compactMap { $0 }
  }

  private func pair(in input: Input) throws -> (first: String, second: String?) {
    switch input.content {
    case .text(let text, nil) where task != .textRanking: return (text, nil)
    case .pair(let first, let second) where task != .tokenClassification: return (first, second)
    case .text(_, nil), .pair:
      throw ZooError(
        .usage,
        task == .textRanking ? "the model tells how well two texts go together" : "the model takes single texts",
        at: name, advice: task == .textRanking ? "give it a query and a text" : "leave the other text out")
    case .text: throw ZooError(.usage, "only models that embed texts have prompts", at: name)
    default: throw ZooError(.usage, "the model classifies texts, and takes nothing else", at: name)
    }
  }

  private func answer(_ scores: [[Float]], to text: String, _ encoding: Encoding) throws -> Prediction {
    guard task != .tokenClassification else {
      return .entities(try EntityFinder(tokenizer, labels: labels).entities(in: text, encoding, scores))
    }
    let classes = scores.first ?? []
    guard task != .textRanking else { return .score(classes.first ?? 0) }
    let found = classes.enumerated().map { index, score in
      Classification(
        index: index, label: labels.indices.contains(index) ? labels[index] : "class \(index)", probability: score)
    }
    return .classes(found.sorted { ($1.probability, $0.index) < ($0.probability, $1.index) })
  }

  /// The texts that run together, by their places: those of like length, which need little padding.
  private func batches(_ lengths: [Int]) -> [[Int]] {
    var batches: [[Int]] = []
    for index in lengths.indices.sorted(by: { (lengths[$0], $0) > (lengths[$1], $1) }) {
      // The first of a batch is its longest.
      if let first = batches.last?.first, (batches[batches.count - 1].count + 1) * lengths[first] <= Self.largestBatch {
        batches[batches.count - 1].append(index)
      } else {
        batches.append([index])
      }
    }
    return batches
  }

  /// The classes' scores of each text, one row, or one for each of its tokens.
  private func scores(of batch: [Encoding]) throws -> [[[Float]]] {
    var batch = batch
    padding.apply(to: &batch)
    let shape = [batch.count, batch[0].ids.count]
    guard shape[1] > 0 else { throw ZooError(.badData, "the tokenizer makes no tokens of an empty text", at: name) }
    func tensor(_ rows: (Encoding) -> [Int32]) throws -> Tensor {
      try Tensor(batch.flatMap { rows($0).map(Int64.init) }, shape: shape)
    }
    var tensors = [Self.ids: try tensor(\.ids)]
    if inputs.contains(Self.mask) { tensors[Self.mask] = try tensor(\.attentionMask) }
    if inputs.contains(Self.types) { tensors[Self.types] = try tensor(\.typeIDs) }
    let isByToken = task == .tokenClassification
    guard let logits = try network.run(tensors)[output], logits.type == .float32, let width = logits.shape.last,
      width > 0,
      Array(logits.shape.dropLast()) == (isByToken ? shape : [shape[0]])
    else {
      throw ZooError(.badData, "the output holds no numbers of classes", at: output, advice: "package the model again")
    }
    let numbers = try logits.elements(Float.self)
    func row(_ place: Int) throws -> [Float] {
      let scores = settings.scores.applied(to: numbers[place * width..<(place + 1) * width])
      guard scores.allSatisfy(\.isFinite) else {
        throw ZooError(.badData, "the classes' scores are no finite numbers", at: output)
      }
      return scores
    }
    return try batch.indices.map { text in
      guard isByToken else { return [try row(text)] }
      let tokens = batch[text].leftPadding..<shape[1] - batch[text].rightPadding
      return try tokens.map { try row(text * shape[1] + $0) }
    }
  }
}

extension TextClassificationSettings.Scores {
  /// The scores of the classes whose logits these are.
  func applied(to logits: ArraySlice<Float>) -> [Float] {
    switch self {
    case .none: return Array(logits)
    case .sigmoid: return logits.map { Float(1 / (1 + exp(-Double($0)))) }
    case .softmax:
      let greatest = Double(logits.max() ?? 0)
      let terms = logits.map { exp(Double($0) - greatest) }
      let sum = terms.reduce(0, +)
      return terms.map { Float($0 / sum) }
    }
  }
}
