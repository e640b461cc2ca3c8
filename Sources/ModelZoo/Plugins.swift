import CZooPlugin
import ZooPluginHost
import ZooRuntime

/// Where a model's operators come from.
public struct Plugins: Sendable {
  private let load: @Sendable () throws -> OperatorRegistry

  /// The plugins of `ZOO_PLUGIN_PATH` and those beside the running program, loaded once, when the first model of the
  /// process needs them.
  public static let standard = Plugins { try Shared.registry.get() }

  /// Operators that the caller has registered.
  public static func registry(_ registry: OperatorRegistry) -> Plugins { Plugins { registry } }

  /// The plugin files and folders at `paths`, and after them those of `standard`.
  ///
  /// - Throws: `ZooError`: `notFound` for a path that is not there, `badData` for a plugin that is refused.
  public static func at(_ paths: [String]) throws -> Plugins {
    let host = try PluginHost()
    try host.loadAll(paths: paths)
    return .registry(host.registry)
  }

  /// As `at`, but a plugin that is refused is told by the registry's `refused` alone, wherever it was found.
  ///
  /// - Throws: `ZooError`, when `ZOO_PLUGIN_ALLOW` names a file that is missing or no list of sums.
  public static func lenient(at paths: [String]) throws -> Plugins {
    let host = try PluginHost()
    try host.loadAll(paths: paths, isLenient: true)
    return .registry(host.registry)
  }

  /// Plugins that are linked into the program, by name, and no others.
  ///
  /// ```swift
  /// import ConvPlugin
  /// import StandardPlugin
  ///
  /// let plugins = try Plugins.linked([("Standard", standardPluginEntry), ("Conv", convPluginEntry)])
  /// let model = try Model(contentsOf: url, options: .init(plugins: plugins))
  /// ```
  ///
  /// - Throws: `ZooError` (`badData`) for a plugin of another version.
  public static func linked(_ plugins: [(name: String, entry: LinkedEntry)]) throws -> Plugins {
    let registry = OperatorRegistry()
    for plugin in plugins {
      guard let table = plugin.entry(UInt32(ZOO_PLUGIN_ABI_VERSION), HostTable.shared.pointer) else {
        throw ZooError(
          .badData, "the plugin refuses this host", at: plugin.name, advice: "build both from the same version")
      }
      try registry.register(table, origin: plugin.name)
    }
    return .registry(registry)
  }

  /// What a plugin's library exports as `zoo_plugin_entry`.
  public typealias LinkedEntry = (UInt32, UnsafePointer<zoo_host>) -> UnsafePointer<zoo_plugin>?

  /// The operators; loads what is not loaded yet.
  ///
  /// - Throws: `ZooError` (`badData`) for a plugin that is refused.
  public func registry() throws -> OperatorRegistry { try load() }

  private enum Shared {
    static let registry = Result {
      let host = try PluginHost()
      try host.loadAll()
      return host.registry
    }
  }
}
