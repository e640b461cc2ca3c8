import Datasets
import ModelZoo

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How well a model foretells a text: e to the mean of -ln p of its tokens, the lower the better.
public struct Perplexity: Sendable, Hashable, Codable {
  /// Tokens that were foretold.
  public var tokens: Int
  /// Windows that the text was cut into.
  public var windows: Int
  /// Tokens of a window.
  public var context: Int
  public var perplexity: Double
  /// Of the perplexity, from the tokens' deviation.
  public var standardError: Double

  enum CodingKeys: String, CodingKey {
    case tokens, windows, context, perplexity
    case standardError = "standard_error"
  }
}

/// What a model foretells beside another of the same vocabulary.
public struct PerplexityComparison: Sendable, Hashable {
  public var perplexity: Perplexity
  /// Of the other model.
  public var reference: Perplexity
  /// The share of tokens for which both find the same successor the most probable, 0…1.
  public var agreement: Double
  /// The mean of Σ q (ln q - ln p) over the tokens, where p is this model's probability of a successor and q the other's
  /// (Kullback and Leibler 1951).
  public var divergence: Double
}

extension Model {
  /// Measures how well the model, one that continues texts, foretells the text file at `path`, as llama.cpp's tool
  /// `llama-perplexity` does: the text is cut into windows that know nothing of each other, each begins with the token with
  /// which the model's tokenizer begins every text, and what its second half foretells is counted. What is left behind the last
  /// whole window is not.
  ///
  /// - Parameters:
  ///   - path: A text, compressed by gzip or not. One line end at its end does not count.
  ///   - context: Tokens of a window, 4 or more.
  ///   - progress: Called now and then with the number of windows that are done, and of all.
  /// - Throws: `ZooError`: `usage` for a model that continues no texts, or not so long ones; `notFound` and `badData` for a
  ///   file, `badData` also for a text that is shorter than a window.
  public func perplexity(
    on path: String, context: Int = 512, progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws -> Perplexity {
    let windows = try TextWindows(TokenScorer(self, capacity: context), path, context: context)
    var sums = Surprise()
    try windows.forEachPiece(of: [windows.scorer], progress: progress) { tables, target in sums.add(tables[0][target]) }
    return sums.perplexity(windows)
  }

  /// Measures what it costs to compute as this model does, as `perplexity(on:)`: beside `reference`, the same network with
  /// other weights or in another precision.
  ///
  /// - Throws: as `perplexity(on:)`; `usage` also for models whose tokens are not the same.
  public func perplexity(
    on path: String, comparedWith reference: Model, context: Int = 512,
    progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws -> PerplexityComparison {
    let (own, other) = (
      try TokenScorer(self, capacity: context), try TokenScorer(reference, capacity: context)
    )
    let windows = try TextWindows(own, path, context: context)
    guard own.vocabulary == other.vocabulary, try windows.isSame(for: other) else {
      throw ZooError(.usage, "the models make different tokens of the text", at: reference.metadata.location)
    }
    var (sums, exact) = (Surprise(), Surprise())
    var (agreed, divergence) = (0, 0.0)
    try windows.forEachPiece(of: [own, other], progress: progress) { tables, target in
      sums.add(tables[0][target])
      exact.add(tables[1][target])
      if place(ofLargest: tables[0]) == place(ofLargest: tables[1]) { agreed += 1 }
      divergence += divergenceOf(tables[0], from: tables[1])
    }
    let count = Double(max(sums.count, 1))
    return PerplexityComparison(
      perplexity: sums.perplexity(windows), reference: exact.perplexity(windows),
      agreement: Double(agreed) / count, divergence: divergence / count)
  }
}

/// Sums of -ln p.
private struct Surprise {
  private(set) var count = 0
  private var sum = 0.0
  private var squares = 0.0

  mutating func add(_ logProbability: Float) {
    count += 1
    sum -= Double(logProbability)
    squares += Double(logProbability) * Double(logProbability)
  }

  func perplexity(_ windows: TextWindows) -> Perplexity {
    let all = Double(max(count, 1))
    let perplexity = exp(sum / all)
    let variance = max(0, squares / all - (sum / all) * (sum / all))
    return Perplexity(
      tokens: count, windows: windows.count, context: windows.context, perplexity: perplexity,
      standardError: perplexity * (variance / Double(max(count - 1, 1))).squareRoot())
  }
}

/// A text as windows of tokens.
private struct TextWindows {
  let scorer: TokenScorer
  let context: Int
  private let text: String
  private let content: TokenScorer.Text
  /// What the text begins with, and its tokens.
  private let tokens: [Int]

  /// Tokens whose successors are looked at together: few enough that large vocabularies take little memory.
  private static let step = 64

  var count: Int { tokens.count / context }

  init(_ scorer: TokenScorer, _ path: String, context: Int) throws {
    guard context >= 4 else { throw ZooError(.usage, "a window of \(context) tokens has no second half") }
    (self.scorer, self.context) = (scorer, context)
    var text = try wholeText(contentsOf: path)
    if text.unicodeScalars.last == "\n" { text.unicodeScalars.removeLast() }
    self.text = text
    content = try ZooError.locating(path) { try scorer.tokens(of: text) }
    tokens = content.beginning + content.tokens
    guard count > 0 else {
      throw ZooError(
        .badData, "the text has \(tokens.count) tokens, and a window \(context)", at: path,
        advice: "give a longer text, or a smaller --context")
    }
  }

  /// Whether `other` makes the same tokens of the text.
  func isSame(for other: TokenScorer) throws -> Bool {
    let found = try other.tokens(of: text)
    return found.tokens == content.tokens && found.beginning == content.beginning
  }

  /// Calls `body` for each token that counts, with its place in what each of `scorers` finds of all tokens.
  func forEachPiece(
    of scorers: [TokenScorer], progress: (_ done: Int, _ all: Int) -> Void,
    _ body: (_ logProbabilities: [UnsafeBufferPointer<Float>], _ target: Int) throws -> Void
  ) throws {
    for number in 0..<count {
      var window = Array(tokens[number * context..<(number + 1) * context])
      if content.beginning.count == 1 { window[0] = content.beginning[0] }
      for scorer in scorers {
        scorer.restart()
        try scorer.append(window[..<(context / 2)])
      }
      for start in stride(from: context / 2, to: context, by: Self.step) {
        let piece = window[start..<min(start + Self.step, context)]
        let tables = try scorers.map { try $0.logProbabilities(after: piece) }
        // The last has no successor.
        for place in piece.indices.dropLast(piece.endIndex == context ? 1 : 0) {
          try body(
            zip(scorers, tables).map { scorer, table in
              let first = (place - start) * scorer.vocabulary
              return UnsafeBufferPointer(rebasing: table[first..<first + scorer.vocabulary])
            }, window[place + 1])
        }
      }
      progress(number + 1, count)
    }
  }
}

private func place(ofLargest numbers: UnsafeBufferPointer<Float>) -> Int {
  var best = 0
  for index in numbers.indices where numbers[index] > numbers[best] { best = index }
  return best
}

private func divergenceOf(_ own: UnsafeBufferPointer<Float>, from other: UnsafeBufferPointer<Float>) -> Double {
  var sum = 0.0
  // Probabilities below e⁻³⁰ add nothing.
  for index in other.indices where other[index] > -30 {
    sum += Double(exp(other[index])) * Double(other[index] - own[index])
  }
  return sum
}
