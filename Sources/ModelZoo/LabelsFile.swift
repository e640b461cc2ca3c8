import Files
import JSON

/// Class names in a file: a text with one a line, or JSON as other software has it.
///
/// JSON is a list of texts; an object with a text for each index (`{"0": "cat"}`, or Keras' `{"0": ["n02123045", "tabby"]}`,
/// of which the last text counts) or an index for each text; or one that has such an object as its `id2label` or `label2id`,
/// as Hugging Face's config.json does.
package enum LabelsFile {
  /// Enough for a million long names.
  private static let mostBytes = 64 << 20

  /// The names by index.
  ///
  /// - Throws: `ZooError`: `notFound`, or `badData` for a file that is neither.
  package static func read(_ path: String) throws -> [String] {
    let text = try TextFile.read(path, limit: mostBytes)
    return try ZooError.locating(path) {
      let first = text.unicodeScalars.first { !$0.properties.isWhitespace }
      return first == "[" || first == "{" ? try labels(JSON(text)) : try labels(lines: TextFile.lines(of: text))
    }
  }

  /// Empty lines before the first label and behind the last are none.
  private static func labels(lines: [String]) throws -> [String] {
    guard let first = lines.firstIndex(where: { !$0.isEmpty }), let last = lines.lastIndex(where: { !$0.isEmpty })
    else { throw ZooError(.badData, "there are no labels in the file", advice: "give one label a line") }
    if let empty = lines[first...last].firstIndex(of: "") {
      throw ZooError(.badData, "an empty line between labels", at: "line \(empty + 1)", advice: "give one label a line")
    }
    return Array(lines[first...last])
  }

  private static func labels(_ json: JSON) throws -> [String] {
    if let inner = json["id2label"] ?? json["label2id"] { return try labels(inner) }
    if let list = json.list {
      let labels = list.compactMap(\.text)
      guard labels.count == list.count, !labels.isEmpty else { throw unusable }
      return labels
    }
    return try ordered((json.members ?? []).map(entry))
  }

  private static func entry(_ member: JSON.Member) throws -> (index: Int, label: String) {
    if let index = Int(member.name), let label = member.value.text ?? member.value.list?.last?.text {
      return (index, label)
    }
    guard let index = member.value.integer else { throw unusable }
    return (index, member.name)
  }

  private static func ordered(_ entries: [(index: Int, label: String)]) throws -> [String] {
    guard !entries.isEmpty else { throw unusable }
    var labels = [String?](repeating: nil, count: entries.count)
    for (index, label) in entries {
      guard labels.indices.contains(index), labels[index] == nil else {
        throw ZooError(
          .badData, "\(entries.count) labels, but one has the index \(index), twice or too large",
          advice: "number them from 0, without gaps")
      }
      labels[index] = label
    }
    return labels.compactMap { $0 }
  }

  private static let unusable = ZooError(
    .badData, "JSON that is no list of labels", advice: "give [\"cat\", \"dog\"] or {\"0\": \"cat\", \"1\": \"dog\"}")
}
