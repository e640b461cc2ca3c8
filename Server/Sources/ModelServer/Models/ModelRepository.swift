import HTTPTypes
import Logging
import Metrics
import ModelZoo

/// The models that the server has by name: opened when they are first asked for, closed when others need the memory.
///
/// Names are those of the command line, or of the catalog; no request names a file.
public actor ModelRepository {
  /// Of every model: files have no others.
  static let version = "1"

  /// What is known of a model.
  struct Entry: Sendable {
    var name: String
    var isOpen: Bool
    /// Whether a request would be answered, as far as is known.
    var isReady: Bool
    /// Why not.
    var reason: String

    /// What the protocol calls it.
    var state: String { isReady ? "READY" : "UNAVAILABLE" }
  }

  private enum State {
    case closed
    case opening(Task<ServedModel, any Error>)
    case open(ServedModel)
    /// Until somebody loads it.
    case unloaded
    case failed(Failure)
  }

  private let catalog: ModelCatalog?
  private let paths: [String: String]
  private var states: [String: State] = [:]
  /// Of models that have been open; they outlive each opening.
  private var statistics: [String: ModelStatistics] = [:]
  private let options: Model.Options
  private let limits: ServerLimits
  private let logger: Logger

  /// - Parameters:
  ///   - models: Names and files.
  ///   - catalog: Where else models are; `nil` for nowhere.
  ///   - options: How they are opened.
  public init(
    models: [(name: String, path: String)], catalog: ModelCatalog?, options: Model.Options, limits: ServerLimits,
    logger: Logger
  ) throws {
    var paths: [String: String] = [:]
    for (name, path) in models {
      guard paths.updateValue(path, forKey: name) == nil else {
        throw ZooError(.usage, "two models are called \(name)", advice: "give one another name: NAME=FILE")
      }
    }
    (self.paths, self.catalog, self.options, self.limits, self.logger) = (paths, catalog, options, limits, logger)
  }

  /// The models' names, in order.
  var names: [String] {
    let others = catalog?.entries.map(\.name) ?? []
    return Set(paths.keys).union(others).sorted()
  }

  var entries: [Entry] { names.map { entry(of: $0) } }

  private func entry(of name: String) -> Entry {
    switch states[name] {
    case .open: Entry(name: name, isOpen: true, isReady: true, reason: "")
    case .opening: Entry(name: name, isOpen: false, isReady: true, reason: "loading")
    case .closed, nil: Entry(name: name, isOpen: false, isReady: true, reason: "opened when it is asked for")
    case .unloaded: Entry(name: name, isOpen: false, isReady: false, reason: "unloaded")
    case .failed(let failure): Entry(name: name, isOpen: false, isReady: false, reason: failure.message)
    }
  }

  /// - Throws: `Failure` (404) for a name that there is not.
  func entry(_ name: String, version: String? = nil) throws -> Entry {
    _ = try path(of: name, version)
    return entry(of: name)
  }

  /// What was asked of a model, or of all models that have been open, in the order of their names.
  ///
  /// - Throws: `Failure` (404) for a name that there is not.
  func statistics(of name: String?, version: String? = nil) throws -> [(name: String, counts: ModelStatistics.Counts)] {
    guard let name else { return statistics.sorted { $0.key < $1.key }.map { ($0.key, $0.value.counts) } }
    _ = try path(of: name, version)
    return [(name, statistics[name]?.counts ?? .init())]
  }

  private func path(of name: String, _ version: String?) throws -> String {
    guard version ?? Self.version == Self.version else {
      throw Failure(.notFound, "the model \(name) has no version but \(Self.version)")
    }
    if let path = paths[name] { return path }
    guard let path = catalog?.entries.first(where: { $0.name == name })?.path else {
      throw Failure(.notFound, "there is no model \(name.prefix(200))")
    }
    return path
  }

  /// What `body` makes of the model, which stays open meanwhile.
  ///
  /// - Throws: `Failure`: (404) for a model that there is not, (400) for one that was unloaded, (503) where there is no
  ///   memory for it; what `body` throws.
  nonisolated func with<Result: Sendable>(
    _ name: String, version: String? = nil, _ body: @Sendable (ServedModel) async throws -> Result
  ) async throws -> Result {
    let lease = try await self.lease(name, version: version)
    let result = try await body(lease.model)
    return withExtendedLifetime(lease) { result }
  }

  /// The model, which stays open while somebody has the lease.
  ///
  /// - Throws: as `with`.
  func lease(_ name: String, version: String? = nil) async throws -> ModelLease {
    let path = try path(of: name, version)
    switch states[name] {
    case .open(let model): return ModelLease(model)
    case .opening(let task): return ModelLease(try await task.value)
    case .unloaded: throw Failure(.badRequest, "the model \(name) is unloaded: load it first")
    case .closed, .failed, nil: return ModelLease(try await open(name, path))
    }
  }

  private func open(_ name: String, _ path: String) async throws -> ServedModel {
    let task = Task { () throws -> ServedModel in
      do {
        return try await read(name, path)
      } catch {
        logger.error("model does not open", metadata: ["model": "\(name)", "error": "\(error)"])
        var failure = Failure(error)
        // A file's faults are the server's.
        if failure.status == .badRequest || failure.status == .unprocessableContent {
          failure.status = .internalServerError
        }
        throw failure
      }
    }
    states[name] = .opening(task)
    let result = await task.result
    // Somebody may have unloaded it meanwhile; this request had it before.
    if case .opening(task)? = states[name], case .failure(let error) = result {
      if let failure = error as? Failure, failure.status != .serviceUnavailable {
        states[name] = .failed(failure)
      } else {
        states[name] = .closed
      }
    }
    Gauge(label: "zoo_open_models").record(openModels.count)
    return try result.get()
  }

  private func read(_ name: String, _ path: String) async throws -> ServedModel {
    let began = ContinuousClock.now
    var options = options
    options.observer = { report in
      let dimensions = [("model", name), ("outcome", report.error?.kind.rawValue ?? "ok")]
      Timer(label: "zoo_model_duration_seconds", dimensions: dimensions).record(duration: report.duration)
    }
    let model = try await Model.load(contentsOf: path, options: options)
    let statistics = statistics[name] ?? ModelStatistics()
    self.statistics[name] = statistics
    let served = ServedModel(name: name, model: model, limits: limits, statistics: statistics)
    try makeRoom(for: served)
    // At once, so that whoever makes room next counts it.
    if case .opening? = states[name] { states[name] = .open(served) }
    let seconds = (ContinuousClock.now - began).seconds
    logger.info(
      "model opened", metadata: ["model": "\(name)", "bytes": "\(served.byteCount)", "seconds": "\(seconds)"])
    return served
  }

  private var openModels: [ServedModel] {
    states.values.compactMap { if case .open(let model) = $0 { model } else { nil } }
  }

  /// Closes models that nobody uses, those first that were used longest ago, until `model` fits.
  private func makeRoom(for model: ServedModel) throws {
    guard let limit = limits.memory else { return }
    guard model.byteCount <= limit else {
      throw Failure(
        .serviceUnavailable,
        "the model \(model.name) has \(model.byteCount) bytes of weights, and the limit is \(limit)")
    }
    var sum = openModels.reduce(model.byteCount) { $0 + $1.byteCount }
    let idle = openModels.filter { $0.uses.withLock { $0.count } == 0 }
      .sorted { $0.uses.withLock { $0.last } < $1.uses.withLock { $0.last } }
    for other in idle where sum > limit {
      states[other.name] = .closed
      sum -= other.byteCount
      logger.info("model closed for another", metadata: ["model": "\(other.name)", "other": "\(model.name)"])
    }
    guard sum <= limit else {
      throw Failure(.serviceUnavailable, "there is no memory for the model \(model.name) now", retryAfter: 5)
    }
  }

  /// Opens models before the first request, as many as memory is for, and does ahead what a first request would.
  ///
  /// - Throws: what is wrong with a file.
  public func open(_ names: [String]) async throws {
    for name in names {
      do {
        let model = try await open(name, path(of: name, nil))
        // What leaves shapes open is planned when they are known.
        do { try await model.model.warmUp() } catch {
          logger.debug("not warmed up", metadata: ["model": "\(name)", "error": "\(error)"])
        }
      } catch let failure as Failure where failure.status == .serviceUnavailable {
        logger.warning("model not opened ahead", metadata: ["model": "\(name)", "error": "\(failure.message)"])
      }
    }
  }

  /// Opens a model, once more if it is open already.
  ///
  /// - Parameter parameters: Names of what the request says about it.
  /// - Throws: `Failure` (400) where there are any; as `with`.
  func load(_ name: String, parameters: [String]) async throws {
    if let parameter = parameters.first {
      throw Failure(.badRequest, "models are loaded as their files are: no parameter \(parameter.prefix(200))")
    }
    let path = try path(of: name, nil)
    if case .opening(let task)? = states[name] {
      _ = try await task.value
      return
    }
    _ = try await open(name, path)
  }

  /// Closes a model until somebody loads it. Requests that have it get their answers.
  func unload(_ name: String) throws {
    _ = try path(of: name, nil)
    states[name] = .unloaded
    logger.info("model unloaded", metadata: ["model": "\(name)"])
  }
}

/// Somebody who uses a model, until it is gone.
final class ModelLease: Sendable {
  let model: ServedModel

  init(_ model: ServedModel) {
    self.model = model
    model.uses.withLock { $0 = .init(count: $0.count + 1, last: .now) }
  }

  deinit { model.uses.withLock { $0 = .init(count: $0.count - 1, last: .now) } }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
