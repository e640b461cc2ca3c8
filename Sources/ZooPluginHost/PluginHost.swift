import CZooPlugin
import CZooSystem
import Glibc
import Logging
import Synchronization
import ZooCore
import ZooSystem
import ZooPlatform

/// Finds plugins, checks that they can be trusted, loads them and puts their operators into a registry.
///
/// ```swift
/// let host = PluginHost()
/// try host.loadAll()
/// for plugin in host.plugins { print(plugin.info.name, plugin.path) }
/// ```
///
/// A plugin is code that runs with all rights of the process, so only the user decides which are loaded: those in paths
/// that the caller gives, in `ZOO_PLUGIN_PATH`, and beside the executable (or the library that holds this runtime). A
/// file that others could change, by itself or through a folder above it, is refused; with an allow-list, by the caller or in the file that `ZOO_PLUGIN_ALLOW`
/// names, so is one whose SHA-256 sum is not on it. A process with raised rights (setuid) ignores both variables.
package final class PluginHost: Sendable {
  /// A plugin that has been loaded from a file.
  package struct LoadedPlugin: Sendable {
    /// Name, version and operators.
    package var info: OperatorRegistry.PluginInfo
    /// Absolute, without symbolic links.
    package var path: String
  }

  /// Where the operators go.
  package let registry: OperatorRegistry
  private let allowLists: [PluginAllowList]
  private let loaded = Mutex<[(identity: PluginFile.Identity, plugin: LoadedPlugin)]>([])

  /// - Parameter allowList: the sums that may be loaded, beside those rules that `ZOO_PLUGIN_ALLOW` adds; `nil` for any.
  /// - Throws: `ZooError`, when `ZOO_PLUGIN_ALLOW` names a file that is missing or no list of sums.
  package init(registry: OperatorRegistry = OperatorRegistry(), allowList: PluginAllowList? = nil) throws {
    self.registry = registry
    let named = try Self.environment("ZOO_PLUGIN_ALLOW").map { try PluginAllowList(contentsOf: $0) }
    allowLists = [allowList, named].compactMap { $0 }
  }

  /// What has been loaded from files, in order.
  package var plugins: [LoadedPlugin] { loaded.withLock { $0.map(\.plugin) } }

  /// Loads the plugins of `paths` (files, or folders with `lib*.so` in them), then those of `ZOO_PLUGIN_PATH`, then those
  /// that come with the program: linked into it or, where none are, in its folders. Where two offer the same form of an
  /// operator, the first one serves; the log has a warning, and the registry's `hidden` tells which.
  ///
  /// What the search path holds besides is used without a plugin that is refused: the log has a warning, and the registry's
  /// `refused` why.
  ///
  /// - Parameter isLenient: Whether that is so for `paths` too, and nothing is logged.
  /// - Throws: `ZooError`: `notFound` for one of `paths` that is not there, `badData` for one that is refused.
  package func loadAll(paths: [String] = [], isLenient: Bool = false) throws {
    for path in paths { try isLenient ? noting { try load(path) } : load(path) }
    let named = Self.environment("ZOO_PLUGIN_PATH")?.split(separator: ":").map(String.init) ?? []
    for path in named { try noting { try load(path) } }
    if try !registry.registerLinked() {
      for folder in Self.ownFolders() { try noting { try loadFolder(folder.path, owner: folder.owner) } }
    }
    guard !isLenient else { return }
    let logger = Logger(label: "zoo.plugins")
    for error in registry.refused { logger.warning("a plugin is left out: \(error)") }
    for line in registry.hiddenReport { logger.warning("\(line)") }
  }

  /// Has the registry remember what `body` throws.
  private func noting(_ body: () throws -> Void) throws {
    do { try body() } catch let error as ZooError { registry.noteRefused(error) }
  }

  /// Loads one file, or all plugins among the `lib*.so` of a folder.
  ///
  /// - Throws: `ZooError`, for a folder only where all of its plugins are refused.
  package func load(_ path: String) throws {
    let resolved = try PluginFile.resolved(path)
    var status = stat()
    guard stat(resolved.fileName, &status) == 0 else { throw PluginFile.unreadable(path) }
    if status.st_mode & S_IFMT == S_IFDIR { return try loadFolder(resolved) }
    registry.noteSearched(resolved)
    let file = try PluginFile(path: resolved)
    guard try file.isPlugin() else {
      throw ZooError(
        .badData, "a shared library, but not a plugin: it does not export \(ZOO_PLUGIN_ENTRY)", at: resolved,
        advice: "export that function (zoo_plugin.h)")
    }
    try load(file)
  }

  // MARK: Finding

  /// - Parameter owner: Who may own the plugins and their folder beside those who always may.
  private func loadFolder(_ path: String, owner: uid_t? = nil) throws {
    registry.noteSearched(path)
    let folder = try PluginFolder(resolved: path, owner: owner)
    var refusals: [ZooError] = []
    var count = 0
    for name in try Self.libraries(in: path) {
      let file: PluginFile
      do {
        file = try Self.file(name, in: folder)
        // Other libraries lie beside plugins, and texts by which the linker finds some.
        guard try !file.isLinkerText && file.isPlugin() else { continue }
      } catch let error as ZooError {
        // Whether it was a plugin can't be told.
        registry.noteRefused(error)
        continue
      }
      do {
        try load(file)
        count += 1
      } catch let error as ZooError { refusals.append(error) }
    }
    // The last one is noted by whoever catches it.
    let thrown = count == 0 ? refusals.popLast() : nil
    for error in refusals { registry.noteRefused(error) }
    if let thrown { throw thrown }
  }

  /// The library of that name, or what it links to.
  private static func file(_ name: String, in folder: PluginFolder) throws -> PluginFile {
    do { return try PluginFile(in: folder, name) } catch { return try PluginFile(path: "\(folder.path)/\(name)") }
  }

  private static func libraries(in folder: String) throws -> [String] {
    guard let directory = opendir(folder.fileName) else { throw PluginFile.unreadable(folder) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cFileName: $0) }
      }
      if name.hasPrefix("lib") && name.hasSuffix(".so") { names.append(name) }
    }
    return names.sorted()
  }

  /// The folders of the executable and of the library around the runtime, and `lib/zoo` beside a `bin` that the executable
  /// lies in; each with the owner of that file, who has the program in hand anyway.
  private static func ownFolders() -> [(path: String, owner: uid_t)] {
    var folders: [(path: String, owner: uid_t)] = []
    func add(_ path: String, _ owner: uid_t) {
      if !folders.contains(where: { $0.path == path }) { folders.append((path, owner)) }
    }
    for file in [RunningProgram.path, zoo_own_library().map { String(cFileName: $0) }].compactMap({ $0 }) {
      var status = stat()
      guard let path = try? PluginFile.resolved(file), stat(path.fileName, &status) == 0 else { continue }
      let folder = PluginFile.split(path).folder
      add(folder, status.st_uid)
      guard folder.hasSuffix("/bin"), let installed = try? PluginFile.resolved(folder + "/../lib/zoo") else { continue }
      add(installed, status.st_uid)
    }
    return folders
  }

  private static func environment(_ name: String) -> String? {
    zoo_trusted_environment(name).map { String(cFileName: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  // MARK: Loading

  private func load(_ file: PluginFile) throws {
    guard !loaded.withLock({ $0.contains { $0.identity == file.identity } }) else { return }
    try file.checkTrust()
    try checkAllowed(file)
    let start = ContinuousClock.now
    let table = try Self.table(of: file)
    try registry.register(table, origin: file.path)
    guard let info = registry.plugins.last(where: { $0.origin == file.path }) else { return }
    loaded.withLock { $0.append((file.identity, LoadedPlugin(info: info, path: file.path))) }
    let logger = Logger(label: "zoo.plugins")
    logger.debug(
      "loaded the plugin \(file.path): \(info.name) \(info.version), \(info.operators.count) operators, in \(ContinuousClock.now - start)"
    )
  }

  /// Taking the sum reads all of the file, so only a list has it done.
  private func checkAllowed(_ file: PluginFile) throws {
    guard !allowLists.isEmpty else { return }
    let sum = try file.sha256()
    guard allowLists.allSatisfy({ $0.sums.contains(sum) }) else {
      throw ZooError(
        .badData, "refused: the plugin's SHA-256 sum \(sum) is not on the list of allowed plugins", at: file.path,
        advice: "if you trust it, add the output of sha256sum for it to the list")
    }
  }

  /// What the dynamic linker has loaded, whatever came of it.
  private struct Library: Sendable {
    /// Keeps the folder open: libraries that the plugin asks for later are looked for beside it, and the linker would take
    /// another file under the same descriptor for this one.
    let file: PluginFile
    let entry: Result<Entry, ZooError>
  }

  private struct Entry: Sendable {
    nonisolated(unsafe) let table: UnsafePointer<zoo_plugin>
  }

  /// A file's entry point is called once in a process, whatever the number of hosts.
  private static let libraries = Mutex<[PluginFile.Identity: Library]>([:])

  private static func table(of file: PluginFile) throws -> UnsafePointer<zoo_plugin> {
    try libraries.withLock { libraries in
      if let known = libraries[file.identity] { return try known.entry.get() }
      let handle = try open(file)
      let entry = Result { () throws(ZooError) in try Self.entry(of: file, handle) }
      libraries[file.identity] = Library(file: file, entry: entry)
      return try entry.get()
    }.table
  }

  private static func open(_ file: PluginFile) throws -> UnsafeMutableRawPointer {
    let loadingPath = file.loadingPath
    if let handle = dlopen(loadingPath.fileName, RTLD_NOW | RTLD_LOCAL) { return handle }
    var reason = dlerror().map { String(cString: $0) } ?? "for no known reason"
    if reason.hasPrefix(loadingPath) { reason = file.path + reason.dropFirst(loadingPath.count) }
    throw ZooError(
      .badData, "the plugin can't be loaded: \(reason)", at: file.path,
      advice: "the libraries that it needs must be installed or lie beside it")
  }

  private static func entry(of file: PluginFile, _ handle: UnsafeMutableRawPointer) throws(ZooError) -> Entry {
    guard file.isUnchanged(), let symbol = dlsym(handle, ZOO_PLUGIN_ENTRY) else {
      throw ZooError(.badData, "the plugin changed while it was loaded", at: file.path, advice: "try again")
    }
    let entry = unsafeBitCast(symbol, to: zoo_plugin_entry_function.self)
    return Entry(table: try table(from: entry, at: file.path))
  }

  static func table(
    from entry: zoo_plugin_entry_function, at place: String
  ) throws(ZooError) -> UnsafePointer<zoo_plugin> {
    _ = zoo_plugin_error_take()
    guard let table = entry(UInt32(ZOO_PLUGIN_ABI_VERSION), HostTable.shared.pointer) else {
      let message = String(cString: zoo_plugin_error_take())
      throw ZooError(
        .badData, "the plugin can't work here: \(message.isEmpty ? "it does not say why" : message)", at: place,
        advice: "this program speaks ABI version \(ZOO_PLUGIN_ABI_VERSION); get a plugin that was built for it")
    }
    return table
  }
}
