import GraphBuilder
import ZooCore

/// The Transformer (Vaswani et al. 2017, "Attention Is All You Need"): an encoder of the source and a decoder that gives
/// the target's next token, with one embedding for source, target and logits.
///
/// A checkpoint's shapes tell the sizes, except for the number of heads, and its names those of the layers: Hugging
/// Face's Marian and BART, or PyTorch's `nn.Transformer`. Inputs are `input_ids` and `attention_mask` (N, S),
/// `decoder_input_ids` and `decoder_position_ids` (N, T); `logits` are (N, T, vocabulary).
package struct EncoderDecoder: Architecture {
  package enum Variant: String, Sendable, CaseIterable {
    /// Of whatever size the weights are.
    case transformer
    /// Table 3's base model: width 512, six layers a side, 8 heads.
    case base = "transformer-base"
    /// Table 3's big model: width 1024, six layers a side, 16 heads.
    case big = "transformer-big"

    /// The width that the weights have to have.
    var width: Int? {
      switch self {
      case .transformer: nil
      case .base: 512
      case .big: 1024
      }
    }
  }

  package let variant: Variant

  package init(_ variant: Variant) { self.variant = variant }

  package static var names: [String] { Variant.allCases.map(\.rawValue) }

  package init?(named name: String) {
    guard let variant = Variant(rawValue: name) else { return nil }
    self.init(variant)
  }

  package var name: String { variant.rawValue }
  package var title: String {
    switch variant {
    case .transformer: "Transformer"
    case .base: "Transformer base"
    case .big: "Transformer big"
    }
  }
  package var task: ModelMetadata.Task { .translation }

  /// Marian's and BART's names, from those of PyTorch's `nn.Transformer`, whose matrix of queries, keys and values becomes
  /// three.
  package func canonicalWeights(_ weights: [NamedTensor]) throws -> [NamedTensor] {
    let weights = Parameters.unwrapped(weights)
    guard weights.contains(where: { $0.name.hasSuffix(".self_attn.in_proj_weight") }) else { return weights }
    return try weights.flatMap { item in
      let parts = item.name.split(separator: ".", omittingEmptySubsequences: false)
      guard let side = parts.first, side == "encoder" || side == "decoder", parts.count > 2 else { return [item] }
      var name = parts.map(String.init)
      if name[1] == LayerNames.pyTorch.lastNorm { name[1] = LayerNames.huggingFace.lastNorm }
      guard name[1] == "layers", name.count > 4 else { return [item.renamed(name)] }
      let isDecoder = side == "decoder"
      let (old, new) = (LayerNames.pyTorch, LayerNames.huggingFace)
      let names =
        [(old.feedForward.0, new.feedForward.0), (old.feedForward.1, new.feedForward.1)]
        + [(old.crossAttention, new.crossAttention)]
        + zip(old.norms(isDecoder: isDecoder), new.norms(isDecoder: isDecoder))
      if let known = names.first(where: { $0.0 == name[3] }) { name[3] = known.1 }
      guard let joined = name.last, joined.hasPrefix("in_proj_"), let rows = item.tensor.shape.first, rows % 3 == 0
      else { return [item.renamed(name)] }
      return try ["q", "k", "v"].enumerated().map { number, letter in
        var part = item.renamed(name.dropLast() + ["\(letter)_proj", String(joined.dropFirst("in_proj_".count))])
        part.tensor = try item.tensor.rows(number * rows / 3..<(number + 1) * rows / 3)
        return part
      }
    }
  }

  package func model(_ parameters: inout Parameters, labels: [String]?) throws -> ModelDefinition {
    // Hugging Face's classes put the network into a member of theirs.
    parameters.drop(prefix: "model.")
    let configuration = try TransformerConfiguration(parameters, variant)
    var network = TransformerBuilder(configuration, parameters, name: name)
    try network.build()
    parameters = network.parameters

    var metadata = ModelMetadata()
    metadata.name = name
    metadata.architecture = title
    metadata.task = task
    metadata.generation = configuration.generation
    return network.graph.model(metadata: metadata)
  }
}

extension NamedTensor {
  fileprivate func renamed(_ parts: [String]) -> NamedTensor {
    var item = self
    item.name = parts.joined(separator: ".")
    return item
  }
}
