/// A regular expression as a tree.
indirect enum RegexNode: Sendable {
  case empty
  case set(ScalarSet)
  case assertion(Assertion)
  case sequence([RegexNode])
  case choice([RegexNode])
  /// - Parameter most: `nil` for any number.
  case repetition(RegexNode, least: Int, most: Int?)

  /// What holds between two scalars.
  enum Assertion: Sendable {
    case textBegin, textEnd, lineBegin, lineEnd, wordBoundary, noWordBoundary
  }
}
