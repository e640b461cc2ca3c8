import ZooCore
import ZooOperators

/// Type and extents that a model declares for a value. They follow from the operators, too, and files are often wrong about
/// them.
package struct DeclaredTensor: Sendable {
  private let type: ElementType
  /// `nil` for an extent that is left open.
  private let extents: [Int?]

  /// `nil` where nothing is said that could be wrong.
  init?(_ info: ValueInfo) {
    guard case .tensor(let number, let shape?)? = info.type?.form, let type = ElementType(rawValue: number) else {
      return nil
    }
    self.type = type
    extents = shape.map { dimension in
      guard case .fixed(let extent) = dimension.extent else { return nil }
      return Int(exactly: extent)
    }
  }

  /// What contradicts it in what is known, in words; `nil` for nothing.
  func contradiction(_ known: ValueFacts) -> String? {
    guard let given = known.elementType, let shape = known.shape else { return nil }
    let agrees =
      given == type && shape.count == extents.count
      && zip(shape, extents).allSatisfy { $0.number == nil || $1 == nil || $0.number == $1 }
    if agrees { return nil }
    let found = shape.map { $0.number.map(String.init) ?? "?" }
    let said = extents.map { $0.map(String.init) ?? "?" }
    return "\(given.name) [\(found.joined(separator: ", "))], but the model declares \(type.name) "
      + "[\(said.joined(separator: ", "))]"
  }
}

extension CompilerGraph {
  /// Compares what is known of a node's outputs with what the model declares. Plugins' own operators have to agree, since
  /// nobody else knows what they give; of other operators the known shapes hold, as ONNX Runtime has it, and a warning says
  /// so where it is the caller who gets the value.
  ///
  /// - Throws: `ZooError` (`badData`).
  func checkDeclared(_ facts: [ValueFacts], of node: CompilerNode, _ provider: any OperatorProvider) throws {
    for (output, known) in zip(node.outputs, facts) {
      guard let output, let words = self[output].declared?.contradiction(known) else { continue }
      let name = self[output].name
      if node.declaration == nil {
        throw ZooError(
          .badData, "the plugin gives \"\(name)\" the form \(words)",
          advice: "either the plugin's infer or the model is wrong")
      }
      if self[output].outputCount > 0 { provider.warn(of: name, "the output \"\(name)\" is \(words)") }
    }
  }
}
