import GraphBuilder
import ZooCore

extension LanguageModel {
  /// What tells one family and size of decoders from another.
  package struct Configuration: Sendable, Hashable {
    /// Where a layer normalizes: what goes into each part; that and what comes out; only what comes out.
    package enum Normalization: Sendable, Hashable { case before, around, after }
    /// What of queries and keys is normalized: nothing, each head, all heads together.
    package enum HeadNormalization: Sendable, Hashable { case none, head, all }

    /// What people call the family.
    package var title: String
    package var vocabulary, positions, width, layers, heads, keyHeads, headSize, innerWidth: Int
    package var epsilon: Float = 1e-6
    package var normalization = Normalization.before
    package var headNormalization = HeadNormalization.none
    /// Whether normalization multiplies by 1 + weight.
    package var addsOneToScales = false
    /// Whether layers have biases: of queries, keys and values; of what attention gives; of the feed-forward network.
    package var inputBias = false
    package var outputBias = false
    package var innerBias = false
    /// Whether queries, keys and values are one matrix, and gate and values of the feed-forward network, too.
    package var isFused = false
    package var activation = Activation.silu
    /// Whether the head is the table of embeddings.
    package var isTied = false
    package var rotary: RotaryAngles
    /// Of layers with a window, if they turn by angles of their own.
    package var localRotary: RotaryAngles?
    /// Whether neighbours are turned together, and not a head's first half with its second.
    package var isInterleaved = false
    /// The keys that a query sees in local layers, its own included.
    package var window: Int?
    /// By layer: whether it has a window, and whether it turns queries and keys.
    package var isLocal: [Bool]
    package var isTurned: [Bool]
    /// What products of queries and keys are multiplied by; 1 / √headSize where it is absent.
    package var attentionScale: Float?
    /// x becomes cap · tanh(x / cap).
    package var attentionCap: Float?
    package var logitCap: Float?
    package var embeddingScale: Float = 1
    package var residualScale: Float = 1
    package var logitScale: Float = 1

    package init(
      title: String, vocabulary: Int, positions: Int, width: Int, layers: Int, heads: Int, keyHeads: Int, headSize: Int,
      innerWidth: Int, rotary: RotaryAngles
    ) {
      self.title = title
      (self.vocabulary, self.positions, self.width, self.layers) = (vocabulary, positions, width, layers)
      (self.heads, self.keyHeads, self.headSize, self.innerWidth) = (heads, keyHeads, headSize, innerWidth)
      self.rotary = rotary
      isLocal = [Bool](repeating: false, count: layers)
      isTurned = [Bool](repeating: true, count: layers)
    }

    /// - Throws: `ZooError` (`badData`) for sizes that don't fit each other.
    func check() throws {
      guard heads % keyHeads == 0, headSize % 2 == 0, rotary.pairs <= headSize / 2,
        localRotary.map({ $0.pairs <= headSize / 2 }) ?? true, isLocal.count == layers, isTurned.count == layers,
        window != nil || !isLocal.contains(true), layers <= 1000
      else {
        throw ZooError(
          .badData, "\(layers) layers of \(heads) heads of \(headSize) numbers and \(keyHeads) of keys make no decoder")
      }
    }
  }
}
