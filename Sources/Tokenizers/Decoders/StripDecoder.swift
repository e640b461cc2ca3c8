/// Drops a character from the ends of every token, so often at most.
struct StripDecoder: TokenDecoder {
  private let character: Unicode.Scalar
  private let start: Int
  private let stop: Int

  init(_ character: Unicode.Scalar, start: Int, stop: Int) {
    (self.character, self.start, self.stop) = (character, start, stop)
  }

  init(_ settings: Settings) throws {
    character = try settings.scalar("content")
    start = try max(0, settings.integer("start", default: 0))
    stop = try max(0, settings.integer("stop", default: 0))
  }

  func decode(_ tokens: [[UInt8]], _ budget: Budget) -> [[UInt8]] {
    tokens.map { token in
      var scalars = Array(utf8: token)[...]
      for _ in 0..<min(start, scalars.count) where scalars.first == character { scalars.removeFirst() }
      for _ in 0..<min(stop, scalars.count) where scalars.last == character { scalars.removeLast() }
      return scalars.utf8
    }
  }
}
