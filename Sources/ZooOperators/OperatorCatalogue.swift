import ZooCore

/// The operators that are declared.
package enum OperatorCatalogue {
  /// All declarations, by family.
  package static let all: [OperatorDeclaration] =
    elementwise + shape + indexing + linear + reduction + normalization + convolution + resampling + recurrent
    + attention
    + quantization + weights + random + signal + sequence + control + text + vision + ml + training + microsoft
    + compiler

  /// The declaration of an operator; `nil` for one that nobody here knows.
  ///
  /// - Parameter domain: ONNX's own where it is empty or `ai.onnx`.
  package static func declaration(_ name: String, domain: String = "") -> OperatorDeclaration? {
    table[Key(domain: ExactText(domain == "ai.onnx" ? "" : domain), name: ExactText(name))]
  }

  /// Names of operators are bytes.
  private struct Key: Hashable {
    var domain: ExactText
    var name: ExactText
  }

  private static let table = Dictionary(
    uniqueKeysWithValues: all.map { (Key(domain: ExactText($0.domain), name: ExactText($0.name)), $0) })
}
