import GraphBuilder
import HuggingFace
import ZooCore

/// BERT whose layers share their weights, over narrow embeddings (Lan et al. 2020, "ALBERT").
package struct ALBERT: TextEncoder {
  package static let modelTypes = ["albert"]
  static let prefixes = ["albert."]
  static let parts = ["embeddings.", "encoder."]

  let embeddings: TextEmbeddings
  let layers: Int
  /// Sets of layers with weights of their own, and how many layers each has.
  let groups, groupDepth: Int
  let layer: EncoderLayer

  var title: String { "ALBERT" }
  var width: Int { layer.width }
  var usablePositions: Int { embeddings.usablePositions }
  var hasTypes: Bool { true }

  init(_ folder: PretrainedFolder) throws {
    let settings = folder.configuration
    try settings.require(["position_embedding_type": .text("absolute")])
    layers = try settings.count("num_hidden_layers", default: 12, most: 1000)
    groups = try settings.count("num_hidden_groups", default: 1)
    groupDepth = try settings.count("inner_group_num", default: 1, most: 1000)
    guard groups <= layers, layers * groupDepth <= 1000 else {
      throw ZooError(
        .badData, "\(layers) layers of \(groupDepth) parts have \(groups) groups", at: "\(folder.path)/config.json")
    }
    layer = try EncoderLayer(
      settings,
      names: EncoderLayer.Names(
        query: "attention.query", key: "attention.key", value: "attention.value", attentionOutput: "attention.dense",
        attentionNormalization: "attention.LayerNorm", inner: "ffn", outer: "ffn_output",
        outputNormalization: "full_layer_layer_norm"),
      usual: (4096, 64, 16384), usualActivation: "gelu_new")
    embeddings = TextEmbeddings(
      vocabulary: try settings.count("vocab_size", default: 30000),
      width: try settings.count("embedding_size", default: 128),
      positions: try settings.count("max_position_embeddings", default: 512),
      types: try settings.count("type_vocab_size", default: 2), epsilon: layer.epsilon)
  }

  func states(_ inputs: TextInputs, _ network: inout NetworkBuilder) throws -> GraphBuilder.Value {
    var value = try network.linear(
      embeddings.value(inputs, &network), "encoder.embedding_hidden_mapping_in", inputs: embeddings.width,
      outputs: width)
    let visible = try network.graph.visibleKeys(inputs.mask, "attention_mask")
    for index in 0..<layers {
      // As the published code rounds it.
      let group = Int(Double(index) / (Double(layers) / Double(groups)))
      network.graph.scope = "layer.\(index)."
      for inner in 0..<groupDepth {
        let path = "encoder.albert_layer_groups.\(group).albert_layers.\(inner)"
        value = try network.layer(value, path, layer, mask: visible)
      }
    }
    network.graph.scope = ""
    return value
  }
}
