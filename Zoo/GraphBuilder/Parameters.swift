import ZooCore
import ZooNumbers
import TensorFiles

/// The tensors of a checkpoint, taken by name while a network is built; or random ones.
///
/// Problems are collected, so that one error in `finish` tells all of them.
package struct Parameters {
  /// What a tensor is for; random ones are drawn accordingly.
  package enum Role: Sendable {
    /// Normal, of variance 2 / inputs (He et al. 2015, "Delving Deep into Rectifiers").
    case weight
    /// Ones.
    case scale
    /// Zeros.
    case shift
  }

  /// What the checkpoint says besides its weights, by name: `config.json`'s entries, or what was saved beside them.
  package let values: [String: CheckpointValue]
  private var tensors: [String: StoredTensor] = [:]
  private let seed: UInt64?
  private var taken: Set<String> = []
  private var missing: [String] = []
  private var misshapen: [String] = []

  /// What PyTorch's wrappers put before every name: those of data-parallel training and of `torch.compile`.
  private static let wrappers = ["module.", "_orig_mod."]

  /// A checkpoint's tensors. The prefixes of PyTorch's wrappers (`module.`, `_orig_mod.`) are dropped where every name
  /// has them, and so are the counters of batch normalization, which serve training only.
  ///
  /// - Throws: `ZooError` (`badData`) if two tensors have one name.
  package init(_ named: [NamedTensor], values: [String: CheckpointValue] = [:]) throws {
    self.values = values
    for item in Self.unwrapped(named) where !item.name.hasSuffix("num_batches_tracked") {
      guard tensors.updateValue(item.tensor, forKey: item.name) == nil else {
        throw ZooError(.badData, "the weights hold two tensors named \(item.name)")
      }
    }
    seed = nil
  }

  /// The tensors without the prefixes of PyTorch's wrappers, where every name has them.
  package static func unwrapped(_ named: [NamedTensor]) -> [NamedTensor] {
    var prefix = ""
    while let wrapper = wrappers.first(where: { wrapper in
      !named.isEmpty && named.allSatisfy { $0.name.hasPrefix(prefix + wrapper) }
    }) { prefix += wrapper }
    guard !prefix.isEmpty else { return named }
    return named.map { item in
      var item = item
      item.name.removeFirst(prefix.count)
      return item
    }
  }

  /// Random tensors of every name and shape that is asked for.
  package init(randomSeed seed: UInt64, values: [String: CheckpointValue] = [:]) {
    self.seed = seed
    self.values = values
  }

  package var areRandom: Bool { seed != nil }

  /// The names of the tensors that there are; none if they are random.
  package var names: [String] { tensors.keys.sorted() }

  /// Drops `prefix` from the names that have it, except where the shorter name is taken.
  package mutating func drop(prefix: String) {
    for name in tensors.keys where name.hasPrefix(prefix) {
      let short = String(name.dropFirst(prefix.count))
      guard tensors[short] == nil else { continue }
      tensors[short] = tensors.removeValue(forKey: name)
    }
  }

  /// The shape of the tensor `name`; `nil` if there is none, or if the tensors are random.
  package func shape(of name: String) -> [Int]? { tensors[name]?.shape }

  /// The tensor `name` in float32; other floating-point types are converted when they are loaded. A tensor that is
  /// missing or unfit is noted for `finish`, and zeros stand in for it.
  package mutating func take(_ name: String, _ shape: [Int], _ role: Role) throws -> StoredTensor {
    if let seed {
      let source = RandomSource(seed: seed, name: name, role: role)
      return try StoredTensor(type: .float32, shape: shape, source: source)
    }
    taken.insert(name)
    guard let tensor = tensors[name] else {
      missing.append("\(name) \(shape)")
      return try StoredTensor(
        type: .float32, shape: shape, source: RandomSource(seed: 0, name: name, role: .shift))
    }
    if tensor.shape != shape {
      misshapen.append("\(name) \(tensor.shape) instead of \(shape)")
    } else if tensor.type != .float32 {
      guard let widened = try tensor.asFloat32() else {
        misshapen.append("\(name) of type \(tensor.type.name) instead of float32")
        return tensor
      }
      return widened
    }
    return tensor
  }

  /// The number `name` among the checkpoint's values, or `standard` where it has none.
  ///
  /// - Throws: `ZooError` (`badData`) for something else than a number in `range`.
  package func number(_ name: String, or standard: Double, in range: ClosedRange<Double>) throws -> Double {
    guard let found = values[name] else { return standard }
    guard let value = found.number, range.contains(value) else {
      throw ZooError(
        .badData, "\(name) should be a number from \(range.lowerBound) to \(range.upperBound)",
        at: "the checkpoint's values")
    }
    return value
  }

  /// The text `name` among the checkpoint's values, or `standard` where it has none.
  ///
  /// - Throws: `ZooError` (`badData`) for something else than one of `choices`.
  package func text(_ name: String, or standard: String, of choices: [String]) throws -> String {
    guard let found = values[name] else { return standard }
    guard let value = found.text, choices.contains(value) else {
      throw ZooError(
        .badData, "\(name) should be one of \(choices.joined(separator: ", "))", at: "the checkpoint's values")
    }
    return value
  }

  /// Says that the network has no use for the tensor `name`, such as a copy of another one.
  package mutating func ignore(_ name: String) { taken.insert(name) }

  /// Checks that the network took every tensor and found each as it needs it.
  ///
  /// - Throws: `ZooError` (`badData`) that lists those that are missing, left over, or of the wrong shape.
  package func finish(for title: String) throws {
    let leftOver = tensors.filter { !taken.contains($0.key) }.map { "\($0.key) \($0.value.shape)" }.sorted()
    let problems = [("missing", missing), ("of the wrong shape or type", misshapen), ("left over", leftOver)]
      .filter { !$0.1.isEmpty }
    guard !problems.isEmpty else { return }
    let shown = problems.map { problem, names in
      let rest = names.count > 8 ? " and \(names.count - 8) more" : ""
      return "\(names.count) \(problem): \(names.prefix(8).joined(separator: ", "))\(rest)"
    }
    throw ZooError(
      .badData, "the weights are not those of \(title): \(shown.joined(separator: "; "))",
      advice: "check that the architecture and its depth are those that were trained")
  }
}
