import TextGrammar
import Tokenizers
import ZooCore

/// Which tokens fit the form that a text has to have.
struct TextForm {
  private let tokenizer: Tokenizer
  private let endTokens: Set<Int>
  private var state: GrammarState

  /// Of so many of the most probable tokens those that fit are drawn from; where none does, all that fit are.
  private static let considered = [16, 256, 1024]

  /// `nil` for a text that may be anything.
  ///
  /// - Throws: `ZooError` (`usage`) for a schema that is none, or that is not enforced here.
  init?(_ format: GenerationOptions.Format?, _ tokenizer: Tokenizer, endTokens: Set<Int>) throws {
    switch format {
    case nil: return nil
    case .json: state = try GrammarState(.jsonObject())
    case .schema(let schema): state = try GrammarState(Grammar(jsonSchema: schema))
    }
    (self.tokenizer, self.endTokens) = (tokenizer, endTokens)
  }

  /// Whether more may come.
  var canGoOn: Bool { state.canGoOn }

  private func fits(_ token: Int) throws -> Bool {
    if endTokens.contains(token) { return state.isComplete }
    guard let bytes = tokenizer.bytes(of: Int32(token)), !bytes.isEmpty else { return false }
    return try state.accepts(bytes)
  }

  /// `scores` with minus infinity in place of those of tokens that don't fit, or are hardly probable.
  ///
  /// - Parameter one: Whether only the best is asked for.
  /// - Throws: `ZooError` (`unsupported`) where no token fits.
  func fitting(_ scores: [Float], one: Bool) throws -> [Float] {
    var result = [Float](repeating: -.infinity, count: scores.count)
    for count in Self.considered where one || count == Self.considered.last {
      var best = BestCandidates(min(count, scores.count))
      scores.withUnsafeBufferPointer { best.add(row: 0, score: 0, $0) }
      var found = false
      for candidate in best.candidates where try fits(candidate.token) {
        result[candidate.token] = candidate.score
        found = true
        if one { break }
      }
      if found { return result }
    }
    var found = false
    for token in scores.indices where try scores[token] > -.infinity && fits(token) {
      result[token] = scores[token]
      found = true
    }
    guard found else {
      throw ZooError(
        .unsupported, "no token of the model's vocabulary goes on with the form that the answer has to have")
    }
    return result
  }

  mutating func append(_ token: Int) throws {
    guard !endTokens.contains(token), let bytes = tokenizer.bytes(of: Int32(token)) else { return }
    _ = try state.append(bytes)
  }
}
