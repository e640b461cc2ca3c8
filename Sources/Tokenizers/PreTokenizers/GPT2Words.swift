/// The words of GPT-2's regular expression, found without one:
///
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
enum GPT2Words {
  private enum Class { case letter, numeral, space, other }

  static func split(_ piece: Piece, into pieces: inout [Piece]) {
    let text = piece.scalars
    let end = text.endIndex
    var place = text.startIndex
    while place < end {
      let next = wordEnd(text, place)
      pieces.append(piece[place..<next])
      place = next
    }
  }

  private static func wordEnd(_ text: ArraySlice<Unicode.Scalar>, _ start: Int) -> Int {
    let end = text.endIndex
    if text[start] == "'", let count = contraction(text[(start + 1)...]) { return start + 1 + count }

    let hasSpace = text[start] == " " && start + 1 < end && !text[start + 1].isWhiteSpace
    let first = hasSpace ? start + 1 : start
    let kind = classOf(text[first])
    var place = first + 1
    while place < end, classOf(text[place]) == kind { place += 1 }
    // The last of several spaces goes to the word behind them.
    if kind == .space, place < end, place - start > 1 { return place - 1 }
    return place
  }

  /// Characters of the ending that a contraction's apostrophe is followed by; `nil` if it is none.
  private static func contraction(_ rest: ArraySlice<Unicode.Scalar>) -> Int? {
    guard let first = rest.first else { return nil }
    switch first {
    case "s", "t", "m", "d": return 1
    case "r" where rest.dropFirst().first == "e", "v" where rest.dropFirst().first == "e",
      "l" where rest.dropFirst().first == "l":
      return 2
    default: return nil
    }
  }

  private static func classOf(_ scalar: Unicode.Scalar) -> Class {
    scalar.isLetterOfExpressions
      ? .letter : scalar.isNumeralOfExpressions ? .numeral : scalar.isWhiteSpace ? .space : .other
  }
}
