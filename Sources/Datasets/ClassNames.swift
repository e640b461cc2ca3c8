import ZooCore

/// Matches a dataset's classes with a model's outputs.
struct ClassNames: Sendable {
  /// The model's class names by output index; empty when it has none.
  var labels: [String]
  /// How many outputs the model has, if known.
  var count: Int?

  /// The output index of each of `names`.
  ///
  /// - Throws: `ZooError` (`badData`) that names the classes which the model does not know.
  func indices(of names: Set<String>) throws -> [String: Int] {
    if labels.isEmpty, names.contains(where: { Int($0) == nil }) { return try inOrder(names) }
    // The first of two equal labels counts, as in the list that people read.
    let known = Dictionary(labels.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let unknown = names.filter { known[$0] == nil }.sorted()
    if unknown.isEmpty { return known.filter { names.contains($0.key) } }
    if unknown.count == names.count, let indices = try numbers(names) { return indices }
    let shown = unknown.prefix(5).joined(separator: ", ") + (unknown.count > 5 ? ", …" : "")
    throw ZooError(
      .badData, "\(unknown.count) of the dataset's \(names.count) classes are not among the model's labels: \(shown)",
      advice: "name the classes as the model does, for example \(labels.prefix(3).joined(separator: ", "))")
  }

  /// Checks an index that a dataset gives.
  func check(_ index: Int) throws {
    guard index >= 0, index < (labels.isEmpty ? count ?? .max : labels.count) else {
      let known = labels.isEmpty ? count ?? 0 : labels.count
      throw ZooError(.badData, "the dataset has the label \(index), the model \(known) classes")
    }
  }

  private func inOrder(_ names: Set<String>) throws -> [String: Int] {
    if let count, count != names.count {
      throw ZooError(
        .badData, "the dataset has \(names.count) classes, the model \(count)", advice: "give the model its labels")
    }
    return Dictionary(uniqueKeysWithValues: names.sorted().enumerated().map { ($1, $0) })
  }

  private func numbers(_ names: Set<String>) throws -> [String: Int]? {
    var indices: [String: Int] = [:]
    for name in names {
      guard let index = Int(name) else { return nil }
      try check(index)
      indices[name] = index
    }
    return indices
  }
}
