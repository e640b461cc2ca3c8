import Tokenizers
import ZooRuntime

/// Texts in, vectors out (Reimers and Gurevych 2019, "Sentence-BERT").
struct TextEmbedder: Sendable {
  /// At most as many tokens, padding included, go into one run, so that memory stays bounded whatever the number of
  /// texts.
  private static let largestBatch = 1 << 12

  /// The network's inputs by what Hugging Face's models call them.
  private enum InputName {
    static let ids = "input_ids"
    static let mask = "attention_mask"
    static let types = "token_type_ids"
    /// Which tokens become part of the vector, where those of the prompt don't.
    static let pooling = "pooling_mask"
  }

  // Not the model, which keeps this.
  private let network: CompiledModel
  private let name: String?
  private let tokenizer: Tokenizer
  private let padding: Padding
  private let settings: EmbeddingSettings
  private let output: String
  private let takesMask: Bool
  private let takesTypes: Bool
  private let poolsPrompt: Bool

  init(_ model: Model) throws {
    name = model.metadata.location
    guard let source = model.metadata.tokenizerSource, let settings = model.metadata.embedding,
      let output = Self.output(of: model, settings)
    else { throw Self.incomplete(model) }
    let (network, names) = try model.network(leadingTo: output)
    guard names.contains(InputName.ids), settings.maximumLength > 0,
      names.isSubset(of: [InputName.ids, InputName.mask, InputName.types, InputName.pooling])
    else { throw Self.incomplete(model) }
    var tokenizer = try Tokenizer(source)
    tokenizer.truncation = Truncation(
      maximumLength: settings.maximumLength, side: tokenizer.truncation?.side ?? .right)
    // Batches are padded here, as long as they need.
    padding = Padding(
      id: tokenizer.padding?.id ?? tokenizer.id(of: "[PAD]") ?? tokenizer.id(of: "<pad>") ?? 0)
    tokenizer.padding = nil
    self.network = network
    self.tokenizer = tokenizer
    self.settings = settings
    self.output = output
    takesMask = names.contains(InputName.mask)
    takesTypes = names.contains(InputName.types)
    poolsPrompt = !names.contains(InputName.pooling)
  }

  /// The output that holds the vectors of texts or of their tokens.
  private static func output(of model: Model, _ settings: EmbeddingSettings) -> String? {
    let names = model.outputs.map(\.name)
    guard settings.pooling == .network else { return names.first }
    return names.first { $0 == "text_embeds" } ?? names.last
  }

  private static func incomplete(_ model: Model) -> ZooError {
    ZooError(
      .badData, "the model claims to embed texts, but it does not say how one becomes its input",
      at: model.metadata.location, advice: "package it again")
  }

  /// A text's tokens.
  private struct Tokens {
    var encoding: Encoding
    /// Tokens at its beginning that are no part of the vector.
    var unpooled = 0
  }

  func vectors(of inputs: [Input]) throws -> [[Float]] {
    var promptLengths: [String: Int] = [:]
    let texts = try inputs.map { input in
      guard case .text(let text, let promptName) = input.content else {
        throw ZooError(
          .usage, "the model embeds texts, not photographs or tensors", at: name,
          advice: "give it texts")
      }
      let prompt = try settings.prompt(promptName)
      let unpooled = poolsPrompt ? 0 : try promptLengths[prompt] ?? length(ofPrompt: prompt)
      promptLengths[prompt] = unpooled
      return Tokens(encoding: try tokenizer.encoding(of: prompt + text), unpooled: unpooled)
    }
    var vectors = [[Float]](repeating: [], count: texts.count)
    for batch in batches(texts.map(\.encoding.ids.count)) {
      var encodings = batch.map { texts[$0].encoding }
      padding.apply(to: &encodings)
      let results = try self.vectors(of: encodings, unpooled: batch.map { texts[$0].unpooled })
      for (index, vector) in zip(batch, results) { vectors[index] = vector }
    }
    return vectors
  }

  /// Tokens of a prompt at the beginning of texts, the special ones before it included.
  private func length(ofPrompt prompt: String) throws -> Int {
    guard !prompt.isEmpty else { return 0 }
    let ids = try tokenizer.encode(prompt)
    return ids.count - (ids.last.map(tokenizer.isSpecial) == true ? 1 : 0)
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

  /// The vectors of texts of one length.
  private func vectors(of batch: [Encoding], unpooled: [Int]) throws -> [[Float]] {
    let shape = [batch.count, batch[0].ids.count]
    guard shape[1] > 0 else {
      throw ZooError(
        .badData, "the tokenizer makes no tokens of an empty text", at: name, advice: "give it some text")
    }
    func tensor(_ rows: (Encoding) -> [Int32]) throws -> Tensor {
      try Tensor(batch.flatMap { rows($0).map(Int64.init) }, shape: shape)
    }
    var inputs = [InputName.ids: try tensor(\.ids)]
    if takesMask { inputs[InputName.mask] = try tensor(\.attentionMask) }
    if takesTypes { inputs[InputName.types] = try tensor(\.typeIDs) }
    if !poolsPrompt {
      let masks = zip(batch, unpooled).flatMap { text, count in
        text.attentionMask.enumerated().map { $0.offset < text.leftPadding + count ? 0 : Int64($0.element) }
      }
      inputs[InputName.pooling] = try Tensor(masks, shape: shape)
    }
    let rank = settings.pooling == .network ? 2 : 3
    guard let states = try network.run(inputs)[output], states.type == .float32, states.shape.count == rank,
      Array(states.shape.prefix(rank - 1)) == Array(shape.prefix(rank - 1)), states.shape[rank - 1] > 0
    else {
      throw ZooError(
        .badData, "the output holds no vector for each \(rank == 2 ? "text" : "token")", at: output,
        advice: "package the model again")
    }
    let width = states.shape[rank - 1]
    return try states.withUnsafeBytes { bytes in
      let states = bytes.bindMemory(to: Float.self)
      return try batch.enumerated().map { index, text in
        let tokens = rank == 2 ? 0..<1 : text.leftPadding..<shape[1] - text.rightPadding
        let first = rank == 2 ? index : index * shape[1]
        let vector = pooled(tokens.map { states[((first + $0) * width)...].prefix(width) }, width)
        guard vector.allSatisfy(\.isFinite) else {
          throw ZooError(.badData, "the vector's components are no finite numbers", at: output)
        }
        return settings.normalizes ? normalized(vector) : vector
      }
    }
  }

  /// One vector of those of a text's tokens.
  private func pooled(_ rows: [Slice<UnsafeBufferPointer<Float>>], _ width: Int) -> [Float] {
    guard let first = rows.first else { return [Float](repeating: 0, count: width) }
    switch settings.pooling {
    case .first, .network: return Array(first)
    case .mean:
      var sum = [Float](repeating: 0, count: width)
      for row in rows { for (index, value) in row.enumerated() { sum[index] += value } }
      return sum.map { $0 / Float(rows.count) }
    case .maximum:
      return rows.dropFirst().reduce(into: Array(first)) { greatest, row in
        for (index, value) in row.enumerated() { greatest[index] = max(greatest[index], value) }
      }
    }
  }

  /// The vector of length 1 in the same direction; zeros stay zeros.
  private func normalized(_ vector: [Float]) -> [Float] {
    let length = Float(vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
    return vector.map { $0 / max(length, 1e-12) }
  }
}
