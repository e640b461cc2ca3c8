import ArgumentParser
import ModelZoo
import ZooPluginHost

struct PluginsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugins", abstract: "List the loaded plugins and their operators.",
    discussion: """
      Plugins are the lib*.so files of --plugin, of the folders of ZOO_PLUGIN_PATH, and of the folder that zoo lies in. \
      One that is refused is reported, and the others are listed all the same.
      """)

  @OptionGroup var options: CommonOptions

  func run() throws {
    let registry = try Plugins.lenient(at: options.plugins).registry()
    var failures = Failures()
    registry.refused.forEach { failures.report($0) }
    try show(registry)
    try failures.finish()
  }

  private func show(_ registry: OperatorRegistry) throws {
    let plugins = registry.plugins.map(Plugin.init)
    if options.json {
      let refused = registry.refused.map { Refusal(path: $0.location ?? "", error: ErrorReport($0)) }
      let hidden = registry.hidden.map { Hidden(path: $0.origin, operator: Operator($0.info), used: $0.serving) }
      return try Console.printJSON(Report(plugins: plugins, refused: refused, hidden: hidden))
    }
    if plugins.isEmpty { Console.print("no plugins") }
    for plugin in plugins {
      Console.print("\(plugin.name) \(plugin.version)  \(plugin.path)".visibleLine)
      let operators = plugin.operators.map { "\($0.domain.isEmpty ? "" : $0.domain + ".")\($0.name) \($0.since)" }
      Console.print(wrapped(operators.joined(separator: ", "), width: Console.width ?? 100, indent: "  "))
    }
    for line in registry.hiddenReport { Console.print(line.visibleLine) }
  }

  private struct Report: Encodable {
    var plugins: [Plugin]
    var refused: [Refusal]
    var hidden: [Hidden]
  }

  private struct Refusal: Encodable {
    var path: String
    var error: ErrorReport
  }

  /// An operator that another plugin offers, too, which is the one that is used.
  private struct Hidden: Encodable {
    var path: String
    var `operator`: Operator
    var used: String
  }

  private struct Plugin: Encodable {
    var name: String
    var version: String
    var path: String
    var operators: [Operator]

    init(_ info: OperatorRegistry.PluginInfo) {
      name = info.name
      version = info.version
      path = info.origin
      operators = info.operators.map(Operator.init)
    }
  }

  private struct Operator: Encodable {
    var domain: String
    var name: String
    var since: Int64

    init(_ info: OperatorRegistry.OperatorInfo) {
      (domain, name, since) = (info.domain, info.name, info.sinceVersion)
    }
  }
}

/// `text` broken at spaces into lines of at most `width` characters.
private func wrapped(_ text: String, width: Int, indent: String) -> String {
  var lines: [String] = []
  var line = indent
  for word in text.split(separator: ", ") {
    if line.count + word.count + 2 > width, line != indent {
      lines.append(line)
      line = indent
    }
    line += (line == indent ? "" : " ") + word + ","
  }
  lines.append(line == indent ? line : String(line.dropLast()))
  return lines.joined(separator: "\n")
}
