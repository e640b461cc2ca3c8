/// Tokens by their bytes, without a text for each look.
struct TokenTable: Sendable {
  private let text: [UInt8]
  /// Where in `text` each begins, by id, and at last its end.
  private let starts: [Int]
  /// Ids, each at the first free place from its hash on; −1 where there is none.
  private var places: [Int32]
  private let mask: Int
  let longest: Int

  init(_ tokens: [String]) {
    var text: [UInt8] = []
    var starts = [0]
    starts.reserveCapacity(tokens.count + 1)
    for token in tokens {
      text += token.utf8
      starts.append(text.count)
    }
    longest = tokens.reduce(0) { max($0, $1.utf8.count) }
    var size = 4
    while size < 2 * tokens.count { size *= 2 }
    mask = size - 1
    places = Array(repeating: -1, count: size)
    (self.text, self.starts) = (text, starts)
    for id in tokens.indices where starts[id] < starts[id + 1] {
      // Of two tokens with one text, the later one is meant.
      places[place(of: text[starts[id]..<starts[id + 1]])] = Int32(id)
    }
  }

  func id(of bytes: ArraySlice<UInt8>) -> Int32? {
    let id = places[place(of: bytes)]
    return id < 0 ? nil : id
  }

  func count(of id: Int32) -> Int { starts[Int(id) + 1] - starts[Int(id)] }

  /// Where the token is, or would be.
  private func place(of bytes: ArraySlice<UInt8>) -> Int {
    var hasher = Hasher()
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    var place = hasher.finalize() & mask
    while places[place] >= 0 {
      let id = Int(places[place])
      if text[starts[id]..<starts[id + 1]].elementsEqual(bytes) { break }
      place = (place + 1) & mask
    }
    return place
  }
}
