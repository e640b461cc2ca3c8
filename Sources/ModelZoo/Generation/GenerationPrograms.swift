import ZooRuntime

/// The compiled encoder and step of a model that generates; any number of sessions share them.
final class GenerationPrograms: Sendable {
  let graphs: GenerationGraphs
  let encoder: CompiledModel?
  let step: CompiledModel

  /// - Throws: `ZooError` (`unsupported`) for a graph that can't be split.
  init(_ model: ModelDefinition, registry: OperatorRegistry, options: CompileOptions) throws {
    graphs = try GenerationGraphs(model, registry: registry)
    encoder = try graphs.encoder.map { try CompiledModel($0, registry: registry, options: options) }
    step = try CompiledModel(graphs.step, registry: registry, options: options)
  }

  /// Bytes of caches that one row takes for each token.
  var cacheByteCount: Int { graphs.caches.reduce(0) { $0 + $1.heads * $1.size } * MemoryLayout<Float>.size }
}

extension Int {
  /// The next multiple of `step`: so that few different shapes occur, each of which is planned once.
  func roundedUp(to step: Int) -> Int { (self + step - 1) / step * step }
}
