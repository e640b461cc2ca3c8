import CZooPlugin
import Synchronization
import ZooCompiler
import ZooCore
import ZooOperators
import ZooSystem

/// The operators that are there, from whatever plugins.
public final class OperatorRegistry: Sendable {
  /// A plugin that has been registered.
  public struct PluginInfo: Sendable {
    public var name: String
    public var version: String
    /// A path, or words for a plugin that comes out of no file.
    public var origin: String
    public var operators: [OperatorInfo]
  }

  public struct OperatorInfo: Sendable, Hashable, Comparable {
    /// Empty for ONNX's own.
    public var domain: String
    public var name: String
    public var sinceVersion: Int64

    package init(domain: String, name: String, sinceVersion: Int64) {
      (self.domain, self.name, self.sinceVersion) = (domain, name, sinceVersion)
    }

    public static func < (left: OperatorInfo, right: OperatorInfo) -> Bool {
      (left.domain, left.name, left.sinceVersion) < (right.domain, right.name, right.sinceVersion)
    }
  }

  /// A form of an operator that does not serve, as another plugin that came first offers the same.
  public struct HiddenOperator: Sendable, Hashable {
    public var info: OperatorInfo
    /// The origin of the plugin that offers it in vain.
    public var origin: String
    /// The origin of the plugin whose form serves.
    public var serving: String
  }

  /// Names of operators are bytes.
  private struct Key: Hashable {
    var domain: ExactText
    var name: ExactText

    init(domain: String, name: String) { (self.domain, self.name) = (ExactText(domain), ExactText(name)) }
  }

  private struct Contents {
    var plugins: [PluginInfo] = []
    /// Files and folders that were searched for plugins.
    var places: [String] = []
    var refused: [ZooError] = []
    var hidden: [HiddenOperator] = []
    /// By falling version; the first registered comes first among equals.
    var operators: [Key: [RegisteredOperator]] = [:]
  }

  private let contents = Mutex(Contents())

  public init() {}

  public var plugins: [PluginInfo] { contents.withLock { $0.plugins } }

  /// Remembers a file or folder that was searched for plugins, for the error about a missing operator.
  func noteSearched(_ place: String) {
    contents.withLock { if !$0.places.contains(place) { $0.places.append(place) } }
  }

  /// Why plugins that were found are not used.
  public var refused: [ZooError] { contents.withLock { $0.refused } }

  func noteRefused(_ error: ZooError) { contents.withLock { $0.refused.append(error) } }

  /// What two plugins offer, and whose serves.
  public var hidden: [HiddenOperator] { contents.withLock { $0.hidden } }

  /// `hidden` in words, a line for each two plugins.
  package var hiddenReport: [String] {
    let groups = Dictionary(grouping: hidden) { [$0.origin, $0.serving] }
    return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { origins, operators in
      let names = Array(Set(operators.map(\.info.name))).sorted()
      let rest = names.count > 3 ? " and \(names.count - 3) more" : ""
      return "\(names.prefix(3).joined(separator: ", "))\(rest) of the plugin \(origins[0]) will not be used:"
        + " \(origins[1]) came first and offers the same"
    }
  }

  /// Adds the operators of `plugin`. Where two plugins offer the same form of an operator, the first one serves.
  ///
  /// - Throws: `ZooError` (`badData`) for a table that breaks the ABI.
  public func register(_ plugin: UnsafePointer<zoo_plugin>, origin: String) throws {
    if let spoken = plugin.copy(into: zoo_plugin(), through: \.abi_version)?.abi_version,
      spoken != ZOO_PLUGIN_ABI_VERSION
    {
      throw ZooError(
        .badData, "the plugin speaks ABI version \(spoken), not \(ZOO_PLUGIN_ABI_VERSION)", at: origin,
        advice: "rebuild it against this version of zoo_plugin.h")
    }
    guard let info = plugin.copy(into: zoo_plugin(), through: \.operator_count), let name = info.name,
      let version = info.version, 0..<1 << 20 ~= info.operator_count,
      info.operator_count == 0 || info.operators != nil
    else { throw ZooError(.badData, "the plugin's table is malformed", at: origin) }
    var found: [RegisteredOperator] = []
    for index in 0..<info.operator_count {
      guard let table = info.operators[index]?.copy(into: zoo_operator(), through: \.create),
        let domain = table.domain, let type = table.op_type, table.create != nil,
        table.infer != nil
          || OperatorCatalogue.declaration(String(cString: type), domain: String(cString: domain)) != nil
      else { throw ZooError(.badData, "operator \(index) of the plugin's table is malformed", at: origin) }
      found.append(
        RegisteredOperator(
          table: table,
          info: OperatorInfo(
            domain: Self.canonical(String(cString: domain)), name: String(cString: type),
            sinceVersion: table.since_version),
          plugin: String(cString: name), origin: origin,
          own: CrashNote("\(String(cString: type)), in the plugin \(String(cString: name)) (\(origin))")))
    }
    let description = PluginInfo(
      name: String(cString: name), version: String(cString: version), origin: origin,
      operators: found.map(\.info).sorted())
    contents.withLock { contents in
      contents.plugins.append(description)
      for entry in found {
        let key = Key(domain: entry.info.domain, name: entry.info.name)
        var forms = contents.operators[key] ?? []
        if let serving = forms.first(where: { $0.info.sinceVersion == entry.info.sinceVersion }) {
          contents.hidden.append(HiddenOperator(info: entry.info, origin: origin, serving: serving.origin))
        }
        let place = forms.firstIndex { $0.info.sinceVersion < entry.info.sinceVersion } ?? forms.endIndex
        forms.insert(entry, at: place)
        contents.operators[key] = forms
      }
    }
  }

  /// The form of an operator that serves models importing version `opset` of its domain.
  package func find(domain: String, name: String, opset: Int64) -> RegisteredOperator? {
    let key = Key(domain: Self.canonical(domain), name: name)
    return contents.withLock { $0.operators[key]?.first { $0.info.sinceVersion <= opset } }
  }

  /// As `find`, with an error that says what was looked for and where.
  package func require(_ node: CompilerNode) throws -> RegisteredOperator {
    let domain = node.domain
    if let found = find(domain: domain, name: node.operatorType, opset: node.opset) { return found }
    let (known, plugins, places, refused) = contents.withLock {
      (
        $0.operators[Key(domain: domain, name: node.operatorType)]?.map(\.info.sinceVersion) ?? [], $0.plugins,
        $0.places, $0.refused
      )
    }
    let searched = plugins.isEmpty ? "no plugin is loaded" : "searched: \(plugins.map(\.name).joined(separator: ", "))"
    let forms =
      known.isEmpty ? "" : "; there are forms since version \(known.map(String.init).joined(separator: ", "))"
    let looked = places.isEmpty ? "" : "; looked in \(places.joined(separator: ", "))"
    let reasons = refused.map { "\($0.location ?? "a plugin"): \($0.message)" }
    let leftOut = reasons.isEmpty ? "" : "; left out: \(reasons.joined(separator: "; "))"
    throw ZooError(
      .missingOperator,
      "no plugin offers \(node.operatorType) of domain \(domain.isEmpty ? "ai.onnx" : domain) for version \(node.opset)"
        + " (\(searched)\(forms)\(looked)\(leftOut))",
      at: node.label, advice: "put the folder of a plugin that offers it into ZOO_PLUGIN_PATH")
  }

  static func canonical(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }
}

/// One operator of one plugin. Plugins are never unloaded, so what the table points to lives as long as the process.
package struct RegisteredOperator: Sendable {
  nonisolated(unsafe) package let table: zoo_operator
  package let info: OperatorRegistry.OperatorInfo
  package let plugin: String
  let origin: String
  /// What a crash is told by that happens before there is a kernel.
  let own: CrashNote
}
