import ModelZoo

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Enough for a million long names.
private let mostLabelBytes = 64 << 20

/// The class names in a text file, one a line, or in a JSON list of texts.
///
/// - Throws: `ZooError`: `notFound`, or `badData` for a file that is neither.
func readLabels(_ path: String) throws -> [String] {
  let bytes = try InputFile(path: path).readToEnd(limit: mostLabelBytes)
  guard let text = String(validating: bytes, as: UTF8.self) else {
    throw ZooError(.badData, "the labels are no UTF-8 text", at: path)
  }
  if text.drop(while: \.isWhitespace).first == "[" {
    guard let labels = try? JSONDecoder().decode([String].self, from: Data(bytes)) else {
      throw ZooError(.badData, "the labels are no JSON list of texts", at: path)
    }
    return labels
  }
  var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
    String(line.hasSuffix("\r") ? line.dropLast() : line)
  }
  while lines.last?.isEmpty == true { lines.removeLast() }
  guard !lines.isEmpty, lines.allSatisfy({ !$0.isEmpty }) else {
    throw ZooError(.badData, "the labels have an empty line, or none at all", at: path, advice: "give one label a line")
  }
  return lines
}
