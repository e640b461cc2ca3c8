/// What stands between white space.
struct WhitespaceSplit: PreTokenizer {
  func split(_ piece: Piece, into pieces: inout [Piece], _ budget: Budget) {
    for part in piece.scalars.split(whereSeparator: \.isWhiteSpace) {
      pieces.append(piece[part.startIndex..<part.endIndex])
    }
  }
}
