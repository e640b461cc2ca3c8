import GraphBuilder
import HuggingFace
import ZooCore

extension BERT {
  /// The sizes of an encoder.
  public struct Configuration: Sendable, Hashable {
    public var title: String
    public var vocabulary: Int
    public var width: Int
    public var layers: Int
    public var heads: Int
    /// Outputs of the first layer of each feed-forward network.
    public var innerWidth: Int
    /// Rows of the table of positions.
    public var positions: Int
    /// The row of the first token's position.
    public var firstPosition: Int
    public var types: Int
    public var activation: Activation
    /// What layer normalization adds to the variance.
    public var epsilon: Float

    /// BERT's base model unless something else is said.
    public init(
      title: String = "BERT", vocabulary: Int = 30522, width: Int = 768, layers: Int = 12, heads: Int = 12,
      innerWidth: Int = 3072, positions: Int = 512, firstPosition: Int = 0, types: Int = 2,
      activation: Activation = .gelu, epsilon: Float = 1e-12
    ) {
      self.title = title
      self.vocabulary = vocabulary
      self.width = width
      self.layers = layers
      self.heads = heads
      self.innerWidth = innerWidth
      self.positions = positions
      self.firstPosition = firstPosition
      self.types = types
      self.activation = activation
      self.epsilon = epsilon
    }

    /// What config.json says.
    ///
    /// - Throws: `ZooError`: `badData`, or `unsupported` for variants that the graph does not have.
    init(_ folder: PretrainedFolder) throws {
      let settings = folder.configuration
      let isRoberta = try folder.modelType == "roberta"
      let place = "\(folder.path)/config.json"
      let kind = try settings.text("position_embedding_type", default: "absolute")
      let isDecoder = try settings.bool("is_decoder", default: false)
      guard kind == "absolute", !isDecoder else {
        throw ZooError(.unsupported, "decoders and \(kind) positions are not built", at: place)
      }
      let activation = try settings.activation("hidden_act", default: "gelu")
      try self.init(
        title: isRoberta ? "RoBERTa" : "BERT", vocabulary: settings.count("vocab_size"),
        width: settings.count("hidden_size"), layers: settings.count("num_hidden_layers"),
        heads: settings.count("num_attention_heads"), innerWidth: settings.count("intermediate_size"),
        positions: settings.count("max_position_embeddings"),
        firstPosition: isRoberta ? (settings.tokens("pad_token_id").first ?? 1) + 1 : 0,
        types: settings.count("type_vocab_size", default: 2), activation: activation,
        epsilon: settings.float("layer_norm_eps", default: 1e-12))
      guard width % heads == 0, firstPosition < positions else {
        throw ZooError(.badData, "\(heads) heads can't share a width of \(width)", at: place)
      }
    }

    /// Tokens that the network takes at most.
    public var usablePositions: Int { positions - firstPosition }
  }
}
