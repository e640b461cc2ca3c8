import Testing

@testable import MLPlugin

/// Regular expressions in RE2's syntax.
@Suite struct RegexTests {
  private func matches(_ pattern: String, _ text: String) throws -> Bool {
    let matcher = RegexMatcher(try RegexProgram(pattern))
    return Array(text.utf8).withUnsafeBytes { matcher.matches($0) }
  }

  @Test(arguments: [
    ("a|ab", "ab", true), ("(a|ab)(c|bcd)", "abcd", true), ("a{2,3}", "aa", true), ("a{2,3}", "aaaa", false),
    ("a{,3}", "a{,3}", true), (".", "\n", false), ("(?s).", "\n", true), (".", "é", true),
    ("(?i)straße", "STRAßE", true),
    ("(?i:a)b", "Ab", true), ("(?i:a)b", "AB", false), ("[^\\d\\s]+", "abc", true), ("[]a]+", "]a", true),
    ("[a-]+", "-a", true), ("\\x41\\x{1F600}", "A😀", true), ("\\101", "A", true), ("a$b", "ab", false),
    ("(?m)a$\nb", "a\nb", true), ("\\bab\\b c", "ab c", true), ("a\\Bb", "ab", true), ("^(?:a*)*$", "aaa", true),
    ("\\p{Lu}\\P{Lu}", "Éé", true), ("\\p{^L}", "1", true), ("(?P<name>a)(?<other>b)", "ab", true), ("", "", true),
    ("$^", "", true), ("\\Qa*\\E+", "a**", true), ("\\x{e9}", "é", true), ("a||b", "", true), ("\\pN", "٣", true),
  ])
  func match(_ pattern: String, _ text: String, _ expected: Bool) throws {
    #expect(try matches(pattern, text) == expected, "\(pattern) on \(text)")
  }

  @Test(arguments: [
    "(", ")", "[a", "*a", "a**", "a{1001}", "a{3,2}", "\\1", "\\", "[z-a]", "(?x)a", "\\q", "[[:nope:]]", "\\p{Greek}",
    "(a{1000}){1000}", String(repeating: "(", count: 100_000), "\\x{110000}",
  ])
  func refusal(_ pattern: String) {
    #expect(throws: (any Error).self) { try RegexProgram(pattern) }
  }

  /// What takes other engines exponential time.
  @Test(.timeLimit(.minutes(1))) func nothingExplodes() throws {
    let text = String(repeating: "a", count: 20_000)
    #expect(try !matches("(a*)*b", text))
    #expect(try matches("(a|a)*(a|aa)+", text))
    #expect(try !matches("(?:a?){300}a{300}", String(repeating: "a", count: 299)))
    #expect(try !matches("(\\ba|\\Ba)*b", text))
    // More sets of states than are kept.
    #expect(try !matches("(a|b)*a(a|b){18}c", String(repeating: "aab", count: 3000)))
  }

  @Test func search() throws {
    func words(_ pattern: String, _ text: String) throws -> [String] {
      let bytes = Array(text.utf8)
      var found: [String] = []
      try bytes.withUnsafeBytes { text in
        try RegexMatcher(try RegexProgram(pattern)).forEachMatch(in: text) {
          found.append(String(decoding: bytes[$0], as: UTF8.self))
        }
      }
      return found
    }
    #expect(try words("a|ab", "aab ab") == ["a", "ab", "ab"])
    #expect(try words("\\b\\w\\w+\\b", "a bcd, éf gh") == ["bcd", "gh"])
    #expect(try words("^a", "aa") == ["a"])
    #expect(try words("x*", "axxb") == ["xx"])
    #expect(throws: (any Error).self) { try words("(a|a*b)", String(repeating: "a", count: 20_000)) }
  }
}
