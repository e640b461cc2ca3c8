/// A rule for names: every match of a regular expression is replaced, as sed's `s/REGEX/REPLACEMENT/g` does.
package struct Renaming: Sendable {
  private enum Part: Sendable {
    case text(String)
    case group(Int)
  }

  private let pattern: String
  private let replacement: [Part]

  /// - Parameter rule: `REGEX=REPLACEMENT`, split at the last equals sign. In the replacement, `\1` and `$1` are what the
  ///   first group matched, `\0` and `$0` the whole match, `\\` and `$$` the characters themselves.
  /// - Throws: `ZooError` (`usage`) for a rule that is none.
  package init(_ rule: String) throws {
    guard let equals = rule.lastIndex(of: "="), equals > rule.startIndex else {
      throw ZooError(
        .usage, "\"\(rule)\" is not of the form REGEX=REPLACEMENT", at: "--rename",
        advice: #"for example --rename 'module\.(.*)=\1'"#)
    }
    pattern = String(rule[..<equals])
    var parts: [Part] = []
    var text = ""
    var rest = rule[rule.index(after: equals)...]
    while let character = rest.popFirst() {
      guard character == "\\" || character == "$", let next = rest.first else {
        text.append(character)
        continue
      }
      if let number = next.isASCII ? next.wholeNumberValue : nil {
        if !text.isEmpty { parts.append(.text(text)) }
        parts.append(.group(number))
        text = ""
        rest.removeFirst()
      } else {
        if character == "\\" || next == character { rest.removeFirst() }
        text.append(character == "\\" ? next : character)
      }
    }
    if !text.isEmpty { parts.append(.text(text)) }
    replacement = parts
    // A match of nothing would have the groups too, but not every expression matches nothing.
    _ = try Self.expression(pattern, at: "--rename")
  }

  func apply(to tensors: [NamedTensor]) throws -> [NamedTensor] {
    let expression = try Self.expression(pattern, at: "--rename")
    return try tensors.map { item in
      var renamed = item
      renamed.name = try name(item.name, expression)
      guard !renamed.name.isEmpty else {
        throw ZooError(.usage, "the rule leaves nothing of the name", at: "tensor \"\(item.name)\"")
      }
      return renamed
    }
  }

  private func name(_ name: String, _ expression: Regex<AnyRegexOutput>) throws -> String {
    var result = ""
    var place = name.startIndex
    var lastEnd: String.Index?
    for match in name.matches(of: expression) {
      // As sed has it: no empty match right behind another match.
      if match.range.isEmpty, match.range.lowerBound == lastEnd { continue }
      lastEnd = match.range.upperBound
      result += name[place..<match.range.lowerBound]
      for part in replacement {
        switch part {
        case .text(let text): result += text
        case .group(let number):
          guard number < match.output.count else {
            throw ZooError(
              .usage, "the replacement asks for group \(number), the expression has \(match.output.count - 1)",
              at: "--rename '\(pattern)'")
          }
          // A group that took no part in the match is empty.
          result += match.output[number].substring ?? ""
        }
      }
      place = match.range.upperBound
    }
    return result + name[place...]
  }

  /// - Throws: `ZooError` (`usage`) for a text that is no regular expression.
  static func expression(_ pattern: String, at option: String) throws -> Regex<AnyRegexOutput> {
    // Names are what their bytes are: no two ways to write one character are the same.
    do { return try Regex(pattern).matchingSemantics(.unicodeScalar) } catch {
      throw ZooError(.usage, "\"\(pattern)\" is no regular expression: \(error)", at: option)
    }
  }
}
