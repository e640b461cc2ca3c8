extension StringProtocol {
  /// As much of the beginning as takes at most `bytes` bytes of UTF-8.
  package func shortened(toBytes bytes: Int) -> String {
    var count = 0
    return String(
      String.UnicodeScalarView(
        unicodeScalars.prefix {
          count += UTF8.width($0)
          return count <= bytes
        }))
  }
}
