/// Classes of characters as Python has them.
extension Unicode.Scalar {
  /// `str.isspace`, and `\s` in regular expressions.
  var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// Where `str.splitlines` ends a line.
  var isPythonLineBreak: Bool {
    switch value {
    case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }

  /// `\w` in regular expressions: `str.isalnum`, and the underscore.
  var isPythonWord: Bool { self == "_" || isPythonLetter || isPythonNumeric }

  /// `str.isalpha`.
  var isPythonLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  /// `str.isdecimal`.
  var isPythonDecimal: Bool { properties.generalCategory == .decimalNumber }

  /// `str.isdigit`.
  var isPythonDigit: Bool { properties.numericType == .decimal || properties.numericType == .digit }

  /// `str.isnumeric`.
  var isPythonNumeric: Bool { properties.numericType != nil }

  var isPythonUppercase: Bool { properties.isUppercase }
  var isPythonLowercase: Bool { properties.isLowercase }
  var isPythonTitlecase: Bool { properties.generalCategory == .titlecaseLetter }
  var isPythonCased: Bool { isPythonUppercase || isPythonLowercase || isPythonTitlecase }

  /// Whether `repr` shows it as it is.
  var isPythonPrintable: Bool {
    if self == " " { return true }
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
      return false
    default: return true
    }
  }
}

extension String {
  init(scalars: some Sequence<Unicode.Scalar>) {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    self = String(view)
  }

  /// Whether two texts have the same characters; `==` holds canonically equivalent ones for equal.
  func isSame(as other: String) -> Bool { utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8) }
}
