import ZooPluginHost

/// Where a model's operators come from.
public struct Plugins: Sendable {
  private let load: @Sendable () throws -> OperatorRegistry

  /// The plugins of `ZOO_PLUGIN_PATH`, and after them those that are linked into the program or, where none are, lie beside
  /// it. They are loaded once, when the first model of the process needs them. Where two offer the same form of an operator,
  /// the first one serves, and a warning is logged.
  public static let standard = Plugins { try Shared.registry.get() }

  /// Operators that the caller has registered.
  public static func registry(_ registry: OperatorRegistry) -> Plugins { Plugins { registry } }

  /// The plugin files and folders at `paths`, and after them those of `standard`.
  ///
  /// - Throws: `ZooError`: `notFound` for a path that is not there, `badData` for a plugin that is refused.
  public static func at(_ paths: [String]) throws(ZooError) -> Plugins {
    do {
      let host = try PluginHost()
      try host.loadAll(paths: paths)
      return .registry(host.registry)
    } catch { throw ZooError(error) }
  }

  /// As `at`, but a plugin that is refused is told by the registry's `refused` alone, wherever it was found.
  ///
  /// - Throws: `ZooError`, when `ZOO_PLUGIN_ALLOW` names a file that is missing or no list of sums.
  package static func lenient(at paths: [String]) throws -> Plugins {
    let host = try PluginHost()
    try host.loadAll(paths: paths, isLenient: true)
    return .registry(host.registry)
  }

  /// Those that are linked into the program, and no others: no file is loaded, whatever the environment says. Who depends
  /// on the product `ModelZoo` has them all.
  public static let linked = Plugins { try Shared.linked.get() }

  /// The operators; loads what is not loaded yet.
  ///
  /// - Throws: `ZooError` (`badData`) for a plugin that is refused.
  public func registry() throws(ZooError) -> OperatorRegistry {
    do { return try load() } catch { throw ZooError(error) }
  }

  private enum Shared {
    static let registry = Result {
      let host = try PluginHost()
      try host.loadAll()
      return host.registry
    }
    static let linked = Result {
      let registry = OperatorRegistry()
      try registry.registerLinked()
      return registry
    }
  }
}
