import ZooCore
import ZooPlatform

/// Text of strangers as a terminal may get it: what would move its cursor, change its state or turn the order of letters
/// around is shown, not done.
extension String {
  /// As one line: a name, a label, an error.
  var visibleLine: String { showing { $0.isHidden } }

  /// As text of several lines. Marks of direction, which Arabic and Hebrew texts need, stay.
  var visibleText: String { showing { $0.isHidden && !"\n\t\u{61C}\u{200E}\u{200F}".unicodeScalars.contains($0) } }

  /// As a JSON document, in which escapes mean what they stand for. A byte that is no text is shown as elsewhere.
  var visibleJSON: String {
    escaping({ $0.isHidden && $0 != "\n" }) { scalar in
      scalar.fileNameByte == nil ? "\\u" + scalar.hexadecimal(digits: 4) : "\\" + scalar.shownByte
    }
  }

  private func showing(_ isShown: (Unicode.Scalar) -> Bool) -> String {
    escaping(isShown) { scalar in
      switch scalar {
      case "\n": "\\n"
      case "\r": "\\r"
      case "\t": "\\t"
      default:
        scalar.value < 0x100 || scalar.fileNameByte != nil ? scalar.shownByte : "\\u" + scalar.hexadecimal(digits: 4)
      }
    }
  }

  private func escaping(_ isMeant: (Unicode.Scalar) -> Bool, _ escape: (Unicode.Scalar) -> String) -> String {
    guard unicodeScalars.contains(where: isMeant) else { return self }
    var text = ""
    for scalar in unicodeScalars {
      if isMeant(scalar) { text += escape(scalar) } else { text.unicodeScalars.append(scalar) }
    }
    return text
  }
}

extension Unicode.Scalar {
  /// Whether the character is none that is seen, but one that does something: Unicode's controls (Cc), line and paragraph
  /// separators, `Bidi_Control`, annotations and the byte-order mark. So is a byte of a file's name that is no text.
  var isHidden: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF, 0xFFF9...0xFFFB: true
    default: fileNameByte != nil
    }
  }

  /// `\x1b`
  fileprivate var shownByte: String {
    "\\x" + (Unicode.Scalar(fileNameByte ?? UInt8(truncatingIfNeeded: value)).hexadecimal(digits: 2))
  }

  fileprivate func hexadecimal(digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
