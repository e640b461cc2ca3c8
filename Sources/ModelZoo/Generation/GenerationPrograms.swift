import Synchronization
import ZooCompiler
import ZooCore
import ZooPluginHost
import ZooRuntime
import ZooPlatform

/// The compiled encoder and step of a model that generates; any number of sessions share them.
final class GenerationPrograms: Sendable {
  let graphs: GenerationGraphs
  let encoder: CompiledModel?
  let step: CompiledModel
  /// As `step`, but it tells tokens and not probabilities. Neither packs weights before it is used.
  let choice: CompiledModel
  /// From logits to log probabilities.
  let normalization: CompiledModel
  private let drafting = Mutex(Drafting())
  /// Whether steps would be faster with weights of 8 bits.
  private let draftPays: Bool
  private let policy: DraftPolicy
  private let registry: OperatorRegistry
  /// Encoder, step and draft read the same tables of embeddings.
  private let residents: ResidentConstants

  /// - Throws: `ZooError` (`unsupported`) for a graph that can't be split.
  init(
    _ model: ModelDefinition, registry: OperatorRegistry, options: CompileOptions, cacheType: CacheType = .float32,
    drafting: DraftPolicy = DraftPolicy()
  ) throws {
    policy = drafting
    self.registry = registry
    let residents = ResidentConstants()
    self.residents = residents
    graphs = try GenerationGraphs(model, registry: registry, cacheType: cacheType)
    draftPays = Self.draftPays(graphs.step, options: options, policy: policy)
    encoder = try graphs.encoder.map {
      try CompiledModel($0, registry: registry, options: options, residents: residents)
    }
    step = try CompiledModel(graphs.step, registry: registry, options: options, residents: residents)
    choice = try CompiledModel(graphs.choice, registry: registry, options: options, residents: residents)
    normalization = try CompiledModel(
      graphs.normalization, registry: registry, options: options, residents: residents)
  }

  /// The step with weights rounded to 8 bits, which takes a quarter of the time where reading them is what limits.
  ///
  /// - Returns: `nil` until it was asked for so often that making it pays, and for models that it would not make faster.
  func draft() throws -> CompiledModel? {
    guard draftPays else { return nil }
    return try drafting.withLock { drafting in
      if let made = drafting.model { return made }
      drafting.asked += 1
      guard drafting.asked > policy.stepsBefore else { return nil }
      var options = step.options
      options.arithmetic = Arithmetic(.int8)
      let made = try CompiledModel(graphs.step, registry: registry, options: options, residents: residents)
      drafting.model = made
      return made
    }
  }

  private struct Drafting {
    var asked = 0
    var model: CompiledModel?
  }

  private static func draftPays(_ step: ImportedModel, options: CompileOptions, policy: DraftPolicy) -> Bool {
    guard options.arithmetic.precision == .float32, !step.holdsBlocks else { return false }
    let graph = step.graph
    let byteCount = Set(graph.nodes.flatMap { graph[$0].operands.compactMap(\.self) })
      .reduce(0) { $0 + (graph[$1].constant?.shape.reduce(4, *) ?? 0) }
    return byteCount >= policy.leastBytes
  }

  /// Bytes of caches that one row takes for each token.
  var cacheByteCount: Int { graphs.caches.reduce(0) { $0 + $1.heads * $1.rowByteCount } }
}

/// When a draft pays.
struct DraftPolicy: Sendable {
  /// Smaller weights stay in a processor's caches.
  var leastBytes = 32 << 20
  /// So many steps take as much time as rounding all weights.
  var stepsBefore = 64
}
