import ZooCore

/// What changes in an operator where one version of the operator set follows the one before.
///
/// Changes that only allow more types, or that say the same in other words, need none.
struct Adapter: Sendable {
  /// Gives the nodes that do the same on the other side, one or more; each is of the neighbouring version.
  ///
  /// - Throws: `Refusal` where there is no such form.
  typealias Step = @Sendable (_ node: Node, _ bench: Workbench) throws -> [Node]

  var operators: [String]
  /// The version that brought the change.
  var version: Int64
  /// From the version before to this one.
  var up: Step?
  /// From this version to the one before.
  var down: Step?

  init(_ operators: String..., at version: Int64, up: Step? = nil, down: Step? = nil) {
    self.init(operators, at: version, up: up, down: down)
  }

  init(_ operators: [String], at version: Int64, up: Step? = nil, down: Step? = nil) {
    self.operators = operators
    self.version = version
    self.up = up
    self.down = down
  }

  /// An attribute which came with `version` and whose default value says what was meant before. Any other value is
  /// refused.
  static func newAttribute(
    _ name: String, of operators: String..., at version: Int64, default usual: Int = 0
  ) -> Adapter {
    Adapter(
      operators, at: version,
      down: { node, _ in
        guard node.int(name) ?? usual == usual else { throw Refusal("\(name) \(node.int(name) ?? 0) is new in it") }
        return [node.without(name)]
      })
  }
}

/// All adapters.
enum Adapters {
  private static let families: [[Adapter]] = [
    oldFormAdapters, axesAdapters, negativeAxesAdapters, arithmeticAdapters, clipAdapters, poolingAdapters,
    dropoutAdapters, normalizationAdapters, padAdapters, sliceAdapters, splitAdapters, reshapeAdapters, resizeAdapters,
    softmaxAdapters, topKAdapters, reductionAdapters, quantizationAdapters, recurrentAdapters, indexingAdapters,
    constantAdapters, castAdapters, controlFlowAdapters, signalAdapters, attentionAdapters, activationDecompositions,
    comparisonDecompositions, normalizationDecompositions, attentionDecompositions, rotaryDecompositions,
    filledDecompositions, quantizationDecompositions,
  ]

  private static let table: [String: [Adapter]] = {
    var table: [String: [Adapter]] = [:]
    for adapter in families.joined() { for name in adapter.operators { table[name, default: []].append(adapter) } }
    return table.mapValues { $0.sorted { $0.version < $1.version } }
  }()

  /// The next change on the way from `version` to `target`: the version at which the node stands afterwards, and what to
  /// do; `nil` where nothing changes any more.
  static func next(_ name: String, from version: Int64, to target: Int64) -> (version: Int64, step: Adapter.Step)? {
    let adapters = table[name] ?? []
    if version < target {
      return adapters.lazy.filter { $0.version > version && $0.version <= target }
        .compactMap { adapter in adapter.up.map { (adapter.version, $0) } }.first
    }
    return adapters.reversed().lazy.filter { $0.version <= version && $0.version > target }
      .compactMap { adapter in adapter.down.map { (adapter.version - 1, $0) } }.first
  }
}
