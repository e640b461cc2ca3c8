import GraphBuilder
import HuggingFace
import ZooCore

/// The Transformer's encoder over learned positions and token types (Devlin et al. 2018, "BERT"), and RoBERTa
/// (Liu et al. 2019) and XLM-RoBERTa (Conneau et al. 2020), which count positions from another number.
package struct BERT: TextEncoder {
  package static let modelTypes = ["bert", "roberta", "xlm-roberta", "camembert"]
  static let prefixes = ["bert.", "roberta."]
  static let parts = ["embeddings.", "encoder."]

  let title: String
  let embeddings: TextEmbeddings
  let layers: Int
  let layer: EncoderLayer

  var width: Int { layer.width }
  var usablePositions: Int { embeddings.usablePositions }
  var hasTypes: Bool { true }

  init(_ folder: PretrainedFolder) throws {
    let settings = folder.configuration
    try settings.require([
      "position_embedding_type": .text("absolute"), "is_decoder": .bool(false), "add_cross_attention": .bool(false),
    ])
    let type = try folder.modelType
    title =
      ["bert": "BERT", "roberta": "RoBERTa", "xlm-roberta": "XLM-RoBERTa", "camembert": "CamemBERT"][type] ?? type
    let isBERT = type == "bert"
    layers = try settings.count("num_hidden_layers", default: 12, most: 1000)
    layer = try EncoderLayer(settings, names: Self.names)
    embeddings = TextEmbeddings(
      vocabulary: try settings.count("vocab_size", default: isBERT ? 30522 : 50265), width: layer.width,
      positions: try settings.count("max_position_embeddings", default: 512),
      firstPosition: isBERT ? 0 : (try settings.tokens("pad_token_id").first ?? 1) + 1,
      types: try settings.count("type_vocab_size", default: 2), epsilon: layer.epsilon)
    try embeddings.check(folder)
  }

  static let names = EncoderLayer.Names(
    query: "attention.self.query", key: "attention.self.key", value: "attention.self.value",
    attentionOutput: "attention.output.dense", attentionNormalization: "attention.output.LayerNorm",
    inner: "intermediate.dense", outer: "output.dense", outputNormalization: "output.LayerNorm")

  func states(_ inputs: TextInputs, _ network: inout NetworkBuilder) throws -> GraphBuilder.Value {
    var value = try embeddings.value(inputs, &network)
    let visible = try network.graph.visibleKeys(inputs.mask, "attention_mask")
    for index in 0..<layers { value = try network.layer(value, "encoder.layer.\(index)", layer, mask: visible) }
    return value
  }
}
