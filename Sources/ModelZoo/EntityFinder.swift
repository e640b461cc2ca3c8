import Tokenizers

/// Joins tokens of one kind to entities, as `transformers` does with the strategy `simple`: a token whose label is that of the
/// one before it belongs to the same entity, unless it says that another begins (B-).
struct EntityFinder {
  private let tokenizer: Tokenizer
  private let labels: [String]

  init(_ tokenizer: Tokenizer, labels: [String]) {
    var whole = tokenizer
    // Parts of a text are looked at without regard to how long they may be.
    whole.truncation = nil
    (self.tokenizer, self.labels) = (whole, labels)
  }

  private struct Found {
    var tag: String
    var scores: [Float]
    var range: Range<Int>
  }

  /// - Parameters:
  ///   - encoding: The text's tokens, special ones included.
  ///   - scores: Of each of them, by class.
  func entities(in text: String, _ encoding: Encoding, _ scores: [[Float]]) throws -> [Entity] {
    let places = try TokenPlaces(of: text, tokenizer, most: encoding.ids.count)
    let scalars = Array(text.unicodeScalars)
    var found: [Found] = []
    for (range, scores) in zip(places.ranges, scores.dropFirst(places.specialCount(before: encoding))) {
      guard let best = scores.indices.max(by: { scores[$0] < scores[$1] }) else { continue }
      let label = labels.indices.contains(best) ? labels[best] : "class \(best)"
      let begins = label.hasPrefix("B-")
      let tag = begins || label.hasPrefix("I-") ? String(label.dropFirst(2)) : label
      if let last = found.indices.last, found[last].tag == tag, !begins {
        found[last].scores.append(scores[best])
        found[last].range = found[last].range.lowerBound..<max(found[last].range.upperBound, range.upperBound)
      } else {
        found.append(Found(tag: tag, scores: [scores[best]], range: range))
      }
    }
    return found.filter { $0.tag != "O" }.map { item in
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars[item.range])
      return Entity(
        label: item.tag, score: item.scores.reduce(0, +) / Float(item.scores.count), text: String(text),
        start: item.range.lowerBound, end: item.range.upperBound)
    }
  }
}

/// Where in a text each of its tokens comes from, counted in Unicode scalars.
///
/// Normalizers and models don't tell, so it is found by the tokens of parts: words are taken one by one where that gives the
/// same tokens as the whole, and in a word a token ends where the tokens of the word's beginning are those up to it. Of
/// tokens between which no such place is found, each has the range of all.
struct TokenPlaces {
  private let tokens: [Int32]
  private(set) var ranges: [Range<Int>] = []

  /// Longer words are not searched for places in them, which takes time in proportion to the square of their length.
  private static let longestWord = 1024

  /// - Parameter most: So many tokens, or a few more, have their places found.
  init(of text: String, _ tokenizer: Tokenizer, most: Int) throws {
    func encode(_ scalars: ArraySlice<Unicode.Scalar>) throws -> [Int32] {
      var part = String.UnicodeScalarView()
      part.append(contentsOf: scalars)
      return try tokenizer.encode(String(part), addingSpecialTokens: false)
    }
    let scalars = Array(text.unicodeScalars)
    tokens = try encode(scalars[...])
    for cuts in [Self.words(scalars, withSpace: true), Self.words(scalars, withSpace: false), [0..<scalars.count]] {
      let parts = try cuts.map { try encode(scalars[$0]) }
      guard parts.joined().elementsEqual(tokens) else { continue }
      for (cut, part) in zip(cuts, parts) where !part.isEmpty && ranges.count < most {
        ranges += try Self.ranges(of: part, in: scalars[cut], encode)
      }
      return
    }
  }

  /// How many special tokens stand before the text's own in `encoding`, which may be cut.
  func specialCount(before encoding: Encoding) -> Int {
    guard let first = tokens.first else { return encoding.ids.count }
    let possible = encoding.ids.indices.filter { encoding.ids[$0] == first }
    func length(_ place: Int) -> Int { zip(encoding.ids[place...], tokens).prefix { $0 == $1 }.count }
    return possible.max { (length($0), -$0) < (length($1), -$1) } ?? 0
  }

  /// The words, each with a space before it or none; other spaces are parts of their own or left out.
  private static func words(_ scalars: [Unicode.Scalar], withSpace: Bool) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var place = 0
    while place < scalars.count {
      var start = place
      while start < scalars.count, scalars[start].properties.isWhitespace { start += 1 }
      var end = start
      while end < scalars.count, !scalars[end].properties.isWhitespace { end += 1 }
      if withSpace {
        let first = start > place && start < end ? start - 1 : start
        if first > place { words.append(place..<first) }
        if end > first { words.append(first..<end) }
      } else if end > start {
        words.append(start..<end)
      }
      place = end
    }
    return words
  }

  /// The places of a word's tokens, without the space before it.
  private static func ranges(
    of tokens: [Int32], in word: ArraySlice<Unicode.Scalar>, _ encode: (ArraySlice<Unicode.Scalar>) throws -> [Int32]
  ) throws -> [Range<Int>] {
    // Where the first tokens end, by how many they are.
    var ends: [Int: Int] = [0: word.startIndex, tokens.count: word.endIndex]
    if tokens.count > 1, word.count <= longestWord {
      for end in word.indices.dropFirst() {
        let beginning = try encode(word[..<end])
        if beginning.count < tokens.count, tokens.starts(with: beginning), !beginning.isEmpty {
          ends[beginning.count] = end
        }
      }
    }
    return tokens.indices.map { token in
      let known = ends.keys
      let before = known.filter { $0 <= token }.max() ?? 0
      let after = known.filter { $0 > token }.min() ?? tokens.count
      let end = ends[after] ?? word.endIndex
      var start = min(ends[before] ?? word.startIndex, end)
      while start < end, word[start].properties.isWhitespace { start += 1 }
      return start..<end
    }
  }
}
