import GraphBuilder
import HuggingFace
import ZooCore

/// BERT with half the layers and without token types (Sanh et al. 2019, "DistilBERT").
package struct DistilBERT: TextEncoder {
  package static let modelTypes = ["distilbert"]
  static let prefixes = ["distilbert."]
  static let parts = ["embeddings.", "transformer."]

  let embeddings: TextEmbeddings
  let layers: Int
  let layer: EncoderLayer

  var title: String { "DistilBERT" }
  var width: Int { layer.width }
  var usablePositions: Int { embeddings.usablePositions }
  var hasTypes: Bool { false }

  init(_ folder: PretrainedFolder) throws {
    let settings = folder.configuration
    layers = try settings.count("n_layers", default: 6, most: 1000)
    // The published code has this epsilon whatever config.json says.
    layer = try EncoderLayer(
      settings,
      names: EncoderLayer.Names(
        query: "attention.q_lin", key: "attention.k_lin", value: "attention.v_lin",
        attentionOutput: "attention.out_lin", attentionNormalization: "sa_layer_norm", inner: "ffn.lin1",
        outer: "ffn.lin2", outputNormalization: "output_layer_norm"),
      width: "dim", heads: "n_heads", innerWidth: "hidden_dim", activation: "activation")
    embeddings = TextEmbeddings(
      vocabulary: try settings.count("vocab_size", default: 30522), width: layer.width,
      positions: try settings.count("max_position_embeddings", default: 512), epsilon: 1e-12)
  }

  func states(_ inputs: TextInputs, _ network: inout NetworkBuilder) throws -> GraphBuilder.Value {
    var value = try embeddings.value(inputs, &network)
    let visible = try network.graph.visibleKeys(inputs.mask, "attention_mask")
    for index in 0..<layers { value = try network.layer(value, "transformer.layer.\(index)", layer, mask: visible) }
    return value
  }
}
