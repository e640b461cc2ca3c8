import GraphBuilder
import HuggingFace
import ZooCore

/// The sum of the embeddings of tokens, positions and, in most networks, token types, normalized.
struct TextEmbeddings {
  var vocabulary: Int
  var width: Int
  /// Rows of the table of positions.
  var positions: Int
  /// The row of the first token's position.
  var firstPosition = 0
  /// `nil` without token types.
  var types: Int?
  var epsilon: Float

  /// Tokens that the network takes.
  var usablePositions: Int { positions - firstPosition }

  func check(_ folder: PretrainedFolder) throws {
    guard firstPosition < positions else {
      throw ZooError(
        .badData, "the first of \(positions) positions is \(firstPosition)", at: "\(folder.path)/config.json")
    }
  }

  func value(_ inputs: TextInputs, _ network: inout NetworkBuilder) throws -> GraphBuilder.Value {
    var sum = try network.embedding(inputs.ids, "embeddings.word_embeddings", rows: vocabulary, width: width)
    if let types, let ids = inputs.types {
      let kinds = try network.embedding(ids, "embeddings.token_type_embeddings", rows: types, width: width)
      sum = network.graph.add(sum, kinds, "embeddings.words_and_types")
    }
    let places = try network.positions(
      of: inputs.ids, "embeddings.position_embeddings", rows: positions, first: firstPosition, width: width)
    sum = network.graph.add(sum, places, "embeddings.sum")
    return try network.normalization(sum, "embeddings.LayerNorm", width: width, epsilon: epsilon)
  }
}

extension EncoderLayer {
  /// What config.json says under the names that most families have.
  init(
    _ settings: PretrainedSettings, names: Names, width: String = "hidden_size", heads: String = "num_attention_heads",
    innerWidth: String = "intermediate_size", activation: String = "hidden_act",
    usual: (width: Int, heads: Int, innerWidth: Int) = (768, 12, 3072), usualActivation: String = "gelu",
    epsilon: Float = 1e-12
  ) throws {
    self.init(
      names: names, width: try settings.count(width, default: usual.width),
      heads: try settings.count(heads, default: usual.heads),
      innerWidth: try settings.count(innerWidth, default: usual.innerWidth),
      activation: try settings.activation(activation, default: usualActivation),
      epsilon: try settings.float("layer_norm_eps", default: epsilon))
    guard self.width % self.heads == 0 else {
      throw ZooError(.badData, "\(self.heads) heads can't share a width of \(self.width)", at: "config.json")
    }
  }
}
