/// Looks for one text in others, in time that grows with their lengths alone (Knuth, Morris and Pratt 1977).
struct Search {
  private let wanted: [UInt8]
  /// By how many bytes of the wanted text have been found: how many are found still when the next one differs.
  private let fallback: [Int]
  private let meter: Meter

  init(_ text: String, _ meter: Meter) throws { try self.init(Array(text.utf8), meter) }

  /// Looks for the text's bytes in reversed order.
  init(reversed text: String, _ meter: Meter) throws { try self.init(text.utf8.reversed(), meter) }

  private init(_ wanted: [UInt8], _ meter: Meter) throws {
    self.wanted = wanted
    try meter.spend(wanted.count)
    var fallback = [Int](repeating: 0, count: wanted.count)
    var length = 0
    for place in wanted.indices.dropFirst() {
      while length > 0, wanted[place] != wanted[length] { length = fallback[length - 1] }
      if wanted[place] == wanted[length] { length += 1 }
      fallback[place] = length
    }
    self.fallback = fallback
    self.meter = meter
  }

  /// Where in `text`, both in UTF-8, it begins for the first time, at `start` or behind it.
  func first(in text: [UInt8], from start: Int) throws -> Int? {
    guard !wanted.isEmpty else { return start <= text.count ? start : nil }
    var length = 0
    var place = start
    while place < text.count {
      while length > 0, text[place] != wanted[length] { length = fallback[length - 1] }
      if text[place] == wanted[length] { length += 1 }
      place += 1
      if length == wanted.count {
        try meter.spend(place - start)
        return place - length
      }
    }
    try meter.spend(max(0, text.count - start))
    return nil
  }

  /// Where it is, first to last, without overlap; at most so often.
  func all(in text: [UInt8], atMost limit: Int = .max) throws -> [Range<Int>] {
    guard !wanted.isEmpty else {
      // Before each character, and at the end.
      let places = text.indices.filter { text[$0] & 0xC0 != 0x80 } + [text.count]
      try meter.allocate(places.count, times: 16)
      return places.prefix(limit).map { $0..<$0 }
    }
    var found: [Range<Int>] = []
    var place = 0
    while found.count < limit, let start = try first(in: text, from: place) {
      try meter.allocate(16)
      place = start + wanted.count
      found.append(start..<place)
    }
    return found
  }
}
