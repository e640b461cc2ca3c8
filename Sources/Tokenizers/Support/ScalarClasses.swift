/// Classes of characters, by the version of Unicode that the `tokenizers` package of Hugging Face has for each: models
/// were trained with what it makes of a text, and characters that came later are nothing special to it.
extension Unicode.Scalar {
  /// Unicode's White_Space.
  var isWhiteSpace: Bool { isASCII ? value == 0x20 || (0x09...0x0D).contains(value) : properties.isWhitespace }

  /// General category P in Unicode 8, and the other printable characters of ASCII that are neither letters nor digits.
  var isPunctuationMark: Bool {
    if isASCII { return (0x21...0x7E).contains(value) && !isASCIILetter && !isASCIIDigit }
    switch properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      return isIn(unicode: 8)
    // Two that are none any more.
    case .nonspacingMark: return value == 0x111C9
    case .otherSymbol: return value == 0x166D
    default: return false
    }
  }

  /// General category Mn in Unicode 8.
  var isNonspacingMark: Bool {
    if value < 0x300 { return false }
    switch properties.generalCategory {
    case .nonspacingMark: return isIn(unicode: 8) && ![0x1885, 0x1886, 0xA9BD, 0x111C9].contains(value)
    case .spacingMark: return value == 0x1734 || value == 0x1171E
    default: return false
    }
  }

  /// General category M in Unicode 9.
  var isMark: Bool {
    if value < 0x300 { return false }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: return isIn(unicode: 9) && value != 0x111C9
    case .otherLetter: return value == 0x1CF2 || value == 0x1CF3
    default: return false
    }
  }

  /// General category C in Unicode 8, but for what is not assigned.
  var isControl: Bool {
    if isASCII { return value < 0x20 || value == 0x7F }
    switch properties.generalCategory {
    case .control, .privateUse: return true
    case .format: return isIn(unicode: 8)
    default: return false
    }
  }

  /// General category N.
  var isNumeral: Bool {
    if isASCII { return isASCIIDigit }
    switch properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: return true
    default: return false
    }
  }

  /// `\p{L}` in regular expressions: general category L in Unicode 16.
  var isLetterOfExpressions: Bool {
    if isASCII { return isASCIILetter }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return isIn(unicode: 16)
    default: return false
    }
  }

  /// `\p{N}` in regular expressions: general category N in Unicode 16.
  var isNumeralOfExpressions: Bool { isNumeral && (isASCII || isIn(unicode: 16)) }

  /// `\w` in regular expressions (Unicode Technical Standard 18, annex C), in Unicode 16.
  var isWordCharacter: Bool {
    if isASCII { return isASCIILetter || isASCIIDigit || value == 0x5F }
    let properties = properties
    if properties.isAlphabetic || properties.isJoinControl { return isIn(unicode: 16) }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return isIn(unicode: 16)
    default: return false
    }
  }

  /// Whether the character was assigned in that version of Unicode or in one before.
  func isIn(unicode major: Int) -> Bool { properties.age.map { $0.major <= major } ?? false }

  private var isASCIILetter: Bool { (0x61...0x7A).contains(value | 0x20) }
  private var isASCIIDigit: Bool { (0x30...0x39).contains(value) }
}
