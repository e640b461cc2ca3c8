import Foundation
import TestSupport
import Testing
import ZooCore
import ZooPluginHost
import ZooRuntime

/// Real shared libraries, compiled here.
@Suite(.needs(Compiler.need))
struct PluginHostTests {
  @Test func loadsAFileOnce() throws {
    let folder = try Folder()
    let path = try folder.plugin("good", Source.good)
    let host = try PluginHost()
    try host.load(path)
    try host.load(path)
    try host.load(folder.path)
    let plugin = try #require(host.plugins.first)
    #expect(host.plugins.count == 1 && plugin.info.name == "sample" && plugin.path == path)
    #expect(plugin.info.operators.map(\.name) == ["Twice"] && plugin.info.operators[0].domain == "test.example")
    // Another host in the same process.
    let other = try PluginHost()
    try other.load(path)
    #expect(other.registry.plugins.count == 1)
  }

  @Test func foldersMayHoldOtherLibraries() throws {
    let folder = try Folder()
    _ = try folder.plugin("good", Source.good)
    // Its constructor would end the process.
    _ = try folder.plugin(
      "other", "#include <stdlib.h>\n__attribute__((constructor)) static void stop(void) { abort(); }")
    // Imports the symbol, but does not define it.
    _ = try folder.plugin(
      "importer", "extern int zoo_plugin_entry(void); int call(void) { return zoo_plugin_entry(); }")
    try Data("no library".utf8).write(to: URL(fileURLWithPath: folder.path + "/libtext.so"))
    let host = try PluginHost()
    try host.load(folder.path)
    #expect(host.plugins.map(\.info.name) == ["sample"])
  }

  @Test func systemLibrariesAreNoPlugins() throws {
    let host = try PluginHost()
    for folder in ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
    where FileManager.default.fileExists(atPath: folder) {
      try host.load(folder)
    }
    #expect(host.plugins.isEmpty)
    // Texts for the linker, such as libc.so, are no damaged libraries.
    #expect(!host.registry.refused.contains { $0.message.contains("begin as an ELF file") })
  }

  @Test func findsSymbolsInEitherHashTable() throws {
    for style in ["sysv", "gnu"] {
      let folder = try Folder()
      let host = try PluginHost()
      try host.load(folder.plugin("good", Source.good, options: ["-Wl,--hash-style=\(style)"]))
      #expect(host.plugins.count == 1)
    }
  }

  @Test func refusals() throws {
    try expect(.badData, "ABI version 7, not 2", Source.table(version: "7"))
    try expect(.badData, "ABI version 1, not 2", Source.table(version: "1"))
    try expect(.badData, "can't work here: too old a host", Source.refusing)
    try expect(.badData, "malformed", Source.table(size: "8"))
    try expect(.badData, "malformed", Source.table(name: "NULL"))
    try expect(.badData, "malformed", Source.table(list: "NULL"))
    try expect(.badData, "malformed", Source.table(count: "(size_t)-1"))
    try expect(.badData, "malformed", Source.table(type: "NULL"))
    try expect(.badData, "malformed", Source.table(domain: "NULL"))
    try expect(.badData, "malformed", Source.table(infer: "NULL"))
    try expect(.badData, "malformed", Source.table(operatorSize: "16"))
    try expect(.badData, "does not export zoo_plugin_entry", "int nothing;")
    try expect(.badData, "undefined symbol", Source.good + "int missing(void); int f(void) { return missing(); }")
  }

  @Test func missingFiles() throws {
    let error = #expect(throws: ZooError.self) { try PluginHost().load("/nonexistent/libnothing.so") }
    #expect(error?.kind == .notFound && error?.location == "/nonexistent/libnothing.so")
  }

  @Test func filesThatOthersCanWrite() throws {
    let folder = try Folder()
    let path = try folder.plugin("good", Source.good)
    let files = FileManager.default
    for (place, mode) in [(path, 0o775), (path, 0o757), (folder.path, 0o775), (folder.path, 0o1777)] {
      let before = try #require(files.attributesOfItem(atPath: place)[.posixPermissions])
      try files.setAttributes([.posixPermissions: mode], ofItemAtPath: place)
      let error = #expect(throws: ZooError.self) { try PluginHost().load(path) }
      #expect(error?.kind == .badData && error?.message.contains("others can write") == true)
      #expect(error?.location == place)
      try files.setAttributes([.posixPermissions: before], ofItemAtPath: place)
    }
    try PluginHost().load(path)
  }

  /// Whoever owns a folder above can put another one in the place of the plugin's.
  @Test(.needs(.root)) func foldersAboveOfOthers() throws {
    let folder = try Folder()
    let above = folder.path + "/above"
    let inner = above + "/inner"
    try FileManager.default.createDirectory(
      atPath: inner, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    let path = inner + "/libgood.so"
    try FileManager.default.copyItem(atPath: folder.plugin("good", Source.good), toPath: path)
    for (mode, owner, part) in [(0o755, 1234, "another user"), (0o1777, 1234, "another user"), (0o775, 0, "can write")]
    {
      try #require(chown(above, uid_t(owner), 0) == 0 && chmod(above, mode_t(mode)) == 0)
      let error = #expect(throws: ZooError.self) { try PluginHost().load(path) }
      #expect(error?.location == above && error?.message.contains(part) == true, "\(error as Any)")
    }
    let list = inner + "/allowed"
    try "\(folder.sha256(path))\n".write(toFile: list, atomically: true, encoding: .utf8)
    let error = #expect(throws: ZooError.self) { try PluginAllowList(contentsOf: list) }
    #expect(error?.location == above)
    try #require(chmod(above, 0o1777) == 0)
    try PluginHost(allowList: PluginAllowList(contentsOf: list)).load(path)
  }

  @Test func librariesBesideAPlugin() throws {
    let folder = try Folder()
    let helper = try folder.plugin(
      "helper", "const char *helper_name(void) { return \"sample\"; }",
      options: ["-Wl,-soname,libhelper.so"])
    let source =
      Source.refusing.replacingOccurrences(
        of: "host->set_error(\"too old a host\")", with: "host->set_error(helper_name())"
      )
      .replacingOccurrences(of: "#include", with: "const char *helper_name(void);\n#include")
    let path = try folder.plugin("user", source, options: [helper, "-Wl,-rpath,$ORIGIN"])
    let error = #expect(throws: ZooError.self) { try PluginHost().load(path) }
    #expect(error?.message.contains("can't work here: sample") == true, "\(error as Any)")
  }

  @Test func aBadPluginIsLeftOut() throws {
    let folder = try Folder()
    _ = try folder.plugin("a", Source.table(version: "7"))
    _ = try folder.plugin("good", Source.good)
    let bad = try folder.plugin("worse", Source.table(name: "NULL"))
    let host = try PluginHost()
    try host.load(folder.path)
    #expect(host.plugins.map(\.info.name) == ["sample"])
    #expect(host.registry.refused.map(\.location) == [folder.path + "/liba.so", bad])
    // A folder that holds no other.
    try FileManager.default.removeItem(atPath: folder.path + "/libgood.so")
    let error = #expect(throws: ZooError.self) { try PluginHost().load(folder.path) }
    #expect(error?.location == bad)
  }

  @Test func allowLists() throws {
    let folder = try Folder()
    let path = try folder.plugin("good", Source.good)
    let list = folder.path + "/allowed"
    try "# mine\n\(folder.sha256(path))  libgood.so\n".write(toFile: list, atomically: true, encoding: .utf8)
    try PluginHost(allowList: PluginAllowList(contentsOf: list)).load(path)
    let none = try PluginAllowList(sums: [String(repeating: "0", count: 64)])
    let error = #expect(throws: ZooError.self) { try PluginHost(allowList: none).load(path) }
    #expect(error?.message.contains(try folder.sha256(path)) == true)
    try "libgood.so".write(toFile: list, atomically: true, encoding: .utf8)
    let wrong = #expect(throws: ZooError.self) { try PluginAllowList(contentsOf: list) }
    #expect(wrong?.location == "\(list), line 1")
  }

  /// What stands behind an ELF file's end changes its sum alone.
  @Test func sumsOfAnyLength() throws {
    let folder = try Folder()
    let path = try folder.plugin("good", Source.good)
    let none = try PluginAllowList(sums: [])
    let length = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
    for end in Array(length..<length + 130) + [1 << 16, 1 << 17, (1 << 17) + 1] where end >= length {
      try #require(truncate(path, end) == 0)
      let error = #expect(throws: ZooError.self) { try PluginHost(allowList: none).load(path) }
      #expect(error?.message.contains(try folder.sha256(path)) == true, "\(end)")
    }
  }

  @Test func whatTwoOfferIsToldAndTheFirstServes() throws {
    let folder = try Folder()
    let first = try folder.plugin("first", Source.good)
    let second = try folder.plugin("second", Source.table(name: "\"another\""))
    let host = try PluginHost()
    try host.load(first)
    #expect(host.registry.hidden.isEmpty)
    try host.load(second)
    let hidden = try #require(host.registry.hidden.first)
    #expect(host.registry.hidden.count == 1 && hidden.info.name == "Twice")
    #expect(hidden.origin == second && hidden.serving == first)
  }

  /// Cut off anywhere, the file is refused or, past all that is loaded, still good; nothing crashes.
  @Test func truncatedFiles() throws {
    let folder = try Folder()
    let good = try Data(contentsOf: URL(fileURLWithPath: folder.plugin("good", Source.good)))
    let cut = folder.path + "/libcut.so"
    for length in Array(0..<1024) + stride(from: 1024, to: good.count * 3 / 4, by: 97) {
      try good.prefix(length).write(to: URL(fileURLWithPath: cut))
      let error = #expect(throws: ZooError.self) { try PluginHost().load(cut) }
      #expect(error?.kind == .badData)
      if error == nil { return }
    }
  }

  /// Not a plugin, with every byte of its headers changed: looked at in a folder, never loaded.
  @Test func damagedHeaders() throws {
    let folder = try Folder()
    let source = try folder.plugin("other", "int nothing;")
    let good = try Data(contentsOf: URL(fileURLWithPath: source))
    let host = try PluginHost()
    for position in 0..<min(640, good.count) {
      for value: UInt8 in [0xff] {
        var bad = good
        bad[bad.startIndex + position] = value
        try bad.write(to: URL(fileURLWithPath: source))
        try host.load(folder.path)
      }
    }
    #expect(host.plugins.isEmpty)
  }

  @Test func missingOperatorsSayWhereWasLooked() throws {
    let folder = try Folder()
    let host = try PluginHost()
    try host.load(folder.plugin("good", Source.good))
    let node = Node("Thrice", domain: "test.example", inputs: ["x"], outputs: ["y"])
    let error = #expect(throws: ZooError.self) {
      _ = try runOperator(node, inputs: [Tensor([Float(1)], shape: [1])], opset: 3, registry: host.registry)
    }
    let message = error?.message ?? ""
    for part in ["Thrice", "test.example", "version 3", "sample", folder.path + "/libgood.so"] {
      #expect(message.contains(part), "\(message)")
    }
  }

  private func expect(_ kind: ZooError.Kind, _ part: String, _ source: String) throws {
    let folder = try Folder()
    let path = try folder.plugin("bad", source)
    let error = #expect(throws: ZooError.self) { try PluginHost().load(path) }
    #expect(error?.kind == kind && error?.location == path && error?.message.contains(part) == true, "\(error as Any)")
  }
}

private enum Compiler {
  static let path = ["/usr/bin/cc", "/usr/bin/clang", "/usr/bin/gcc"].first(where: FileManager.default.isExecutableFile)
  static let need = Need("a C compiler", isMet: path != nil)
}

private enum Source {
  static let good = table()
  static let refusing = """
    #include "zoo_plugin.h"
    const zoo_plugin *zoo_plugin_entry(uint32_t version, const zoo_host *host) {
      host->set_error("too old a host");
      return NULL;
    }
    """

  static func table(
    size: String = "sizeof(zoo_plugin)", version: String = "2", name: String = "\"sample\"", list: String = "list",
    count: String = "1", operatorSize: String = "sizeof(zoo_operator)", domain: String = "\"test.example\"",
    type: String = "\"Twice\"", infer: String = "infer"
  ) -> String {
    """
    #include "zoo_plugin.h"
    static zoo_status infer(void *context, const zoo_node *node, zoo_tensor *const *outputs) { return ZOO_FAILED; }
    static zoo_status create(void *c, const zoo_node *n, const zoo_executor *e, zoo_kernel *k) { return ZOO_FAILED; }
    static const zoo_operator twice = {.size = \(operatorSize), .domain = \(domain), .op_type = \(type),
      .since_version = 1, .infer = \(infer), .create = create};
    static const zoo_operator *const list[] = {&twice};
    static const zoo_plugin plugin = {\(size), \(version), \(name), "1.0", \(list), \(count)};
    const zoo_plugin *zoo_plugin_entry(uint32_t version, const zoo_host *host) { return &plugin; }
    """
  }
}

/// A folder that nobody else can write, removed at the end.
private final class Folder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("zoo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    path = url.resolvingSymlinksInPath().path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func plugin(_ name: String, _ source: String, options: [String] = []) throws -> String {
    let headers = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/CZooPlugin/include").standardized.path
    let input = "\(path)/\(name).c"
    let output = "\(path)/lib\(name).so"
    try source.write(toFile: input, atomically: true, encoding: .utf8)
    try Program.run(
      #require(Compiler.path), ["-shared", "-fPIC", "-w", "-I", headers, "-o", output, input] + options)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: output)
    return output
  }

  /// What sha256sum says.
  func sha256(_ file: String) throws -> String {
    String(try Program.run("/usr/bin/sha256sum", [file]).prefix { $0 != " " })
  }
}
