/// Words as GPT-2 cuts them, with a character for each byte (Radford et al. 2019).
struct ByteLevelPreTokenizer: PreTokenizer {
  private let addsSpace: Bool
  private let cutsWords: Bool

  init(addsSpace: Bool, cutsWords: Bool) { (self.addsSpace, self.cutsWords) = (addsSpace, cutsWords) }

  init(_ settings: Settings) throws {
    addsSpace = try settings.bool("add_prefix_space", default: true)
    cutsWords = try settings.bool("use_regex", default: true)
  }

  func split(_ piece: Piece, into pieces: inout [Piece], _ budget: Budget) {
    var piece = piece
    if addsSpace, piece.scalars.first != " " {
      piece = Piece(scalars: ([" "] + piece.scalars)[...], isFirst: piece.isFirst)
    }
    var words: [Piece] = []
    if cutsWords { GPT2Words.split(piece, into: &words) } else { words = [piece] }
    for word in words {
      pieces.append(Piece(scalars: ByteCharacters.characters(of: word.scalars)[...], isFirst: word.isFirst))
    }
  }
}
