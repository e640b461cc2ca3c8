/// Runs of word characters and runs of other characters, white space left out: `\w+|[^\w\s]+`.
struct WhitespacePreTokenizer: PreTokenizer {
  private enum Class { case word, space, other }

  func split(_ piece: Piece, into pieces: inout [Piece], _ budget: Budget) {
    let scalars = piece.scalars
    var start = scalars.startIndex
    var running = Class.space
    for place in scalars.indices {
      let scalar = scalars[place]
      let next: Class = scalar.isWordCharacter ? .word : scalar.isWhiteSpace ? .space : .other
      guard next != running else { continue }
      if running != .space { pieces.append(piece[start..<place]) }
      running = next
      start = place
    }
    if running != .space { pieces.append(piece[start..<scalars.endIndex]) }
  }
}
