/// Spaces become visible characters that words begin with, as SentencePiece has it (Kudo and Richardson 2018).
struct Metaspace: PreTokenizer, TokenDecoder {
  /// Which pieces are given one where they have none.
  private enum Scheme: String {
    case always, first, never
  }

  private let replacement: Unicode.Scalar
  private let scheme: Scheme
  private let splits: Bool

  init(_ settings: Settings) throws {
    replacement = try settings.scalar("replacement", default: "▁")
    splits = try settings.bool("split", default: true)
    if let name = try settings.optionalText("prepend_scheme") {
      guard let scheme = Scheme(rawValue: name) else { throw settings.unknown("scheme", name) }
      self.scheme = scheme
    } else {
      // Older files.
      scheme = try settings.bool("add_prefix_space", default: true) ? .always : .never
    }
  }

  func split(_ piece: Piece, into pieces: inout [Piece], _ budget: Budget) {
    var text = piece.scalars.map { $0 == " " ? replacement : $0 }
    if scheme == .always || scheme == .first && piece.isFirst, text.first != replacement {
      text.insert(replacement, at: 0)
    }
    let visible = Piece(scalars: text[...], isFirst: piece.isFirst)
    guard splits else {
      pieces.append(visible)
      return
    }
    let spaces = characters(of: visible) { $0 == replacement }
    SplitBehavior.mergedWithNext.split(visible, at: spaces, into: &pieces)
  }

  func decode(_ tokens: [[UInt8]], _ budget: Budget) -> [[UInt8]] {
    tokens.enumerated().map { index, token in
      Array(utf8: token).flatMap { scalar -> [Unicode.Scalar] in
        guard scalar == replacement else { return [scalar] }
        return index == 0 && scheme != .never ? [] : [" "]
      }.utf8
    }
  }
}
