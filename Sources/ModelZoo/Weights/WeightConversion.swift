import SafetensorsFormat
import TensorFiles
import WeightBlocks

/// What happens to tensors on their way from one file to another, in this order: they are chosen by the names that they
/// have, the names become those of an architecture of the zoo, rules rename them, and floating-point numbers are cast.
///
/// ```swift
/// var conversion = WeightConversion()
/// conversion.renamings = [try Renaming(#"module\.(.*)=\1"#)]
/// conversion.type = .bfloat16
/// let (tensors, cost) = try conversion.apply(to: WeightFiles(contentsOf: "a.pth").tensors)
/// try SafetensorsFormat.write(TensorFile(tensors: tensors), to: "a.safetensors")
/// ```
package struct WeightConversion: Sendable {
  /// Regular expressions, of which a name must hold a match of one, if there are any.
  package var included: [String] = []
  /// Regular expressions, of which a name must not hold a match.
  package var excluded: [String] = []
  /// `resnet50`, `bert`, …: one that `canonicalArchitectures` lists.
  package var architecture: String?
  /// Applied one after the other.
  package var renamings: [Renaming] = []
  package var type: FloatType?
  /// The blocks of GGUF that matrices are put into after the cast.
  package var blocks: GGUFType?

  package init() {}

  /// Whether tensors stay as they are.
  package var isEmpty: Bool {
    included.isEmpty && excluded.isEmpty && architecture == nil && renamings.isEmpty && type == nil && blocks == nil
  }

  /// The tensors as they are to be written; they are read when they are written, and once before where they are cast, to
  /// find what that changes.
  ///
  /// - Throws: `ZooError`: `usage` for an expression that is none, where no tensor is left, and where two tensors would
  ///   have one name; `badData` for weights that are not the architecture's.
  package func apply(to tensors: [NamedTensor]) throws -> (tensors: [NamedTensor], cost: CastCost?) {
    var tensors = try chosen(tensors)
    if let architecture { tensors = try canonicalWeights(tensors, of: architecture) }
    for renaming in renamings { tensors = try renaming.apply(to: tensors) }
    if architecture != nil || !renamings.isEmpty { try Self.checkNames(tensors) }
    guard type != nil || blocks != nil else { return (tensors, nil) }
    var cost = CastCost()
    tensors = try tensors.map { item in
      var item = item
      if let type, let (cast, itsCost) = try item.cast(to: type) {
        cost.add(itsCost)
        item = cast
      }
      if let blocks, let (quantized, itsCost) = try item.quantized(to: blocks) {
        cost.add(itsCost)
        item = quantized
      }
      return item
    }
    return (tensors, cost)
  }

  private func chosen(_ tensors: [NamedTensor]) throws -> [NamedTensor] {
    guard !included.isEmpty || !excluded.isEmpty else { return tensors }
    let wanted = try included.map { try Renaming.expression($0, at: "--include") }
    let unwanted = try excluded.map { try Renaming.expression($0, at: "--exclude") }
    let chosen = tensors.filter { item in
      (wanted.isEmpty || wanted.contains { item.name.firstMatch(of: $0) != nil })
        && !unwanted.contains { item.name.firstMatch(of: $0) != nil }
    }
    guard !chosen.isEmpty || tensors.isEmpty else {
      throw ZooError(
        .usage, "none of the \(tensors.count) tensors has such a name, for example \"\(tensors[0].name)\"",
        at: "--include, --exclude", advice: "zoo inspect --tensors lists the names")
    }
    return chosen
  }

  private static func checkNames(_ tensors: [NamedTensor]) throws {
    var names: Set<[UInt8]> = []
    for item in tensors where !names.insert(Array(item.name.utf8)).inserted {
      throw ZooError(
        .usage, "two tensors would be called that", at: "tensor \"\(item.name)\"",
        advice: "rename them to names of their own, or leave one out with --exclude")
    }
  }
}
