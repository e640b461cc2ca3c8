import GraphBuilder
import HuggingFace
import ZooCore

extension GPT2 {
  /// The sizes of a decoder.
  package struct Configuration: Sendable, Hashable {
    package var vocabulary: Int
    package var positions: Int
    package var width: Int
    package var layers: Int
    package var heads: Int
    /// Outputs of the first layer of each feed-forward network.
    package var innerWidth: Int
    package var activation: Activation
    /// What layer normalization adds to the variance.
    package var epsilon: Float

    /// The smallest published model (124 million weights) unless something else is said.
    package init(
      vocabulary: Int = 50257, positions: Int = 1024, width: Int = 768, layers: Int = 12, heads: Int = 12,
      innerWidth: Int? = nil, activation: Activation = .tanhGelu, epsilon: Float = 1e-5
    ) {
      self.vocabulary = vocabulary
      self.positions = positions
      self.width = width
      self.layers = layers
      self.heads = heads
      self.innerWidth = innerWidth ?? 4 * width
      self.activation = activation
      self.epsilon = epsilon
    }

    /// What config.json says.
    ///
    /// - Throws: `ZooError`: `badData`, or `unsupported` for variants that the graph does not have.
    init(_ folder: PretrainedFolder) throws {
      let settings = folder.configuration
      let place = "\(folder.path)/config.json"
      let activation = try settings.activation("activation_function", default: "gelu_new")
      for (name, usual) in [
        ("scale_attn_weights", true), ("scale_attn_by_inverse_layer_idx", false), ("add_cross_attention", false),
        ("tie_word_embeddings", true),
      ] {
        guard try settings.bool(name, default: usual) == usual else {
          throw ZooError(.unsupported, "a decoder whose \(name) is \(!usual) is not built", at: place)
        }
      }
      try self.init(
        vocabulary: settings.count("vocab_size"), positions: settings.count("n_positions"),
        width: settings.count("n_embd"), layers: settings.count("n_layer"), heads: settings.count("n_head"),
        innerWidth: settings.value("n_inner").map { _ in try settings.count("n_inner") }, activation: activation,
        epsilon: settings.float("layer_norm_epsilon", default: 1e-5))
      guard width % heads == 0 else {
        throw ZooError(.badData, "\(heads) heads can't share a width of \(width)", at: place)
      }
    }
  }
}
