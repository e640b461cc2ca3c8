extension String {
  /// The name, or its beginning and `number` where it is longer than names are. What is made of a file's name many times
  /// has to stay in proportion to the file.
  package func shortened(_ number: Int) -> String {
    utf8.count <= 200 ? self : "\(String(unicodeScalars.prefix(48)))…\(number)"
  }
}
