/// Words between white space; each punctuation mark is a piece of its own.
struct BertPreTokenizer: PreTokenizer {
  func split(_ piece: Piece, into pieces: inout [Piece], _ budget: Budget) {
    let scalars = piece.scalars
    var start = scalars.startIndex
    for place in scalars.indices {
      let isSpace = scalars[place].isWhiteSpace
      guard isSpace || scalars[place].isPunctuationMark else { continue }
      if start < place { pieces.append(piece[start..<place]) }
      if !isSpace { pieces.append(piece[place..<place + 1]) }
      start = place + 1
    }
    if start < scalars.endIndex { pieces.append(piece[start..<scalars.endIndex]) }
  }
}
