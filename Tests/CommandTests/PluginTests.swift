import Foundation
import ModelZoo
import TestSupport
import Testing

/// Which plugins the built program loads.
@Suite(.needs(Zoo.built))
struct PluginTests {
  @Test func comeFromTheSearchPath() throws {
    try withOwnFolder { folder in
      let zoo = try copyOfZoo(in: folder)
      #expect(try names(zoo) == [])
      let conv = try copyPlugin("Conv", to: folder + "/conv")
      let standard = try copyPlugin("Standard", to: folder + "/standard")
      #expect(try names(zoo, path: conv) == ["libZooConv.so"])
      #expect(try names(zoo, path: folder + "/conv") == ["libZooConv.so"])
      #expect(try names(zoo, path: "\(standard)::\(folder)/conv:") == ["libZooStandard.so", "libZooConv.so"])
      // The same file twice, and by another name.
      try FileManager.default.createSymbolicLink(atPath: folder + "/link.so", withDestinationPath: conv)
      #expect(try names(zoo, path: "\(conv):\(folder)/conv:\(folder)/link.so") == ["libZooConv.so"])
      #expect(try names(zoo, path: folder) == [])
    }
  }

  @Test func lieBesideTheProgram() throws {
    try withOwnFolder { folder in
      _ = try copyPlugin("Standard", to: folder + "/bin")
      let zoo = try copyOfZoo(in: folder + "/bin")
      #expect(try names(zoo) == ["libZooStandard.so"])
      // A link to the program elsewhere finds them too.
      try FileManager.default.createSymbolicLink(atPath: folder + "/zoo", withDestinationPath: zoo)
      #expect(try names(folder + "/zoo") == ["libZooStandard.so"])
    }
  }

  /// As `make install` puts them.
  @Test func lieInTheLibrariesOfAnInstalledProgram() throws {
    try withOwnFolder { folder in
      _ = try copyPlugin("Standard", to: folder + "/lib/zoo")
      try FileManager.default.createDirectory(atPath: folder + "/bin", withIntermediateDirectories: true)
      #expect(try names(copyOfZoo(in: folder + "/bin")) == ["libZooStandard.so"])
    }
  }

  /// Who owns the program can do what a plugin can.
  @Test(.needs(.root)) func mayBelongToTheProgramsOwner() throws {
    try withOwnFolder { folder in
      let own = folder + "/own"
      let plugin = try copyPlugin("Standard", to: own)
      let zoo = try copyOfZoo(in: own)
      for path in [own, plugin, zoo] { try #require(chown(path, 1234, 0) == 0) }
      #expect(try names(zoo) == ["libZooStandard.so"])
      let named = try Zoo.run("plugins", "--plugin", plugin)
      #expect(named.status == 65 && named.errors.contains("another user (1234)"), "\(named.errors)")
      try #require(chown(plugin, 1235, 0) == 0)
      let outcome = try Zoo.run(["plugins"], program: zoo)
      #expect(outcome.status == 65 && outcome.errors.contains("another user (1235)"), "\(outcome.errors)")
    }
  }

  @Test func whatTwoOfferIsReported() throws {
    try withOwnFolder { folder in
      let zoo = try copyOfZoo(in: folder)
      let own = try copyPlugin("Standard", to: folder)
      let named = try copyPlugin("Standard", to: folder + "/named")
      let environment = ["ZOO_PLUGIN_PATH": named]
      let outcome = try Zoo.run(["plugins", "--json"], environment: environment, program: zoo)
      let hidden = try #require(try outcome.json()["hidden"] as? [[String: Any]])
      #expect(outcome.status == 0 && hidden.count > 100)
      #expect(hidden.allSatisfy { $0["path"] as? String == own && $0["used"] as? String == named })
      try colourModel().write(to: folder + "/m.onnx", format: .onnx)
      let answer = try Zoo.run(["run", folder + "/m.onnx", "--seed", "1"], environment: environment, program: zoo)
      #expect(answer.errors.contains("of the plugin \(own) will not be used: \(named) came first"), "\(answer)")
      // Those that come together don't get into each other's way.
      #expect(try Zoo.run("plugins", "--json").json()["hidden"] as? [[String: String]] == [])
    }
  }

  @Test func mayBeLimitedToAList() throws {
    try withOwnFolder { folder in
      let plugin = try copyPlugin("Standard", to: folder)
      let zoo = try copyOfZoo(in: folder)
      let list = folder + "/allowed"
      let sum = try Zoo.run([plugin], program: "/usr/bin/sha256sum").output.prefix(64)
      for (lines, status) in [("\(sum)  libZooStandard.so\n", 0), (String(repeating: "0", count: 64), 65), ("?", 65)] {
        try write(lines, to: list)
        let outcome = try Zoo.run(["plugins", "--json"], environment: ["ZOO_PLUGIN_ALLOW": list], program: zoo)
        #expect(outcome.status == Int32(status), "\(outcome.errors)")
        if status != 0 { #expect(outcome.errors.contains(lines == "?" ? list : plugin), "\(outcome.errors)") }
      }
      try #require(mkfifo(folder + "/pipe", 0o600) == 0)
      for list in ["/dev/zero", folder + "/pipe", folder] {
        let outcome = try Zoo.run(["plugins"], environment: ["ZOO_PLUGIN_ALLOW": list], program: zoo)
        #expect(outcome.status == 65 && outcome.errors.contains(list), "\(outcome.errors)")
      }
      let missing = try Zoo.run(["plugins"], environment: ["ZOO_PLUGIN_ALLOW": folder + "/none"], program: zoo)
      #expect(missing.status == 66, "\(missing.errors)")
    }
  }

  @Test func areLookedAtBeforeTheyAreLoaded() throws {
    try withOwnFolder { folder in
      let zoo = try copyOfZoo(in: folder)
      let plugin = try copyPlugin("Conv", to: folder + "/plugins")
      try write("no library", to: folder + "/libtext.so")
      try Data(contentsOf: URL(fileURLWithPath: plugin)).prefix(100_000)
        .write(to: URL(fileURLWithPath: folder + "/libcut.so"))
      try #require(mkfifo(folder + "/libpipe.so", 0o600) == 0)
      for (path, status) in [
        ("libtext.so", 65), ("libcut.so", 65), ("libpipe.so", 65), ("zoo", 65), ("/dev/zero", 65), ("libnone.so", 66),
      ] {
        let path = path.hasPrefix("/") ? path : "\(folder)/\(path)"
        for arguments in [["plugins", "--plugin", path], ["plugins"]] {
          let outcome = try Zoo.run(
            arguments, environment: arguments.count > 1 ? [:] : ["ZOO_PLUGIN_PATH": path], program: zoo)
          #expect(outcome.status == Int32(status) && outcome.errors.contains(path), "\(outcome.errors)")
        }
      }
      // A folder that others can write to.
      try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder + "/plugins")
      let outcome = try Zoo.run(["plugins", "--plugin", folder + "/plugins"], program: zoo)
      #expect(outcome.status == 65 && outcome.errors.contains("others can write"), "\(outcome.errors)")
    }
  }

  /// One that is refused leaves the others at work.
  @Test func aBadOneIsLeftOut() throws {
    try withOwnFolder { folder in
      let zoo = try copyOfZoo(in: folder)
      _ = try copyPlugin("Standard", to: folder)
      let bad = try copyPlugin("Conv", to: folder)
      try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: bad)
      for arguments in [[], ["--plugin", bad], ["--plugin", folder]] {
        let outcome = try Zoo.run(["plugins", "--json"] + arguments, program: zoo)
        #expect(outcome.status == 65 && outcome.errors.contains(bad), "\(outcome.errors)")
        #expect(try plugins(outcome).compactMap { $0["name"] as? String } == ["Standard"])
        let refused = try #require(try outcome.json()["refused"] as? [[String: Any]])
        #expect(refused.contains { $0["path"] as? String == bad && $0["error"] is [String: Any] })
      }
      try writePicture(0, 255, 0, to: folder + "/x.png")
      try colourModel().write(to: folder + "/m.zoo", format: .package)
      let answer = try Zoo.run(["predict", folder + "/m.zoo", folder + "/x.png"], program: zoo)
      #expect(answer.status == 0 && answer.output.contains("green"), "\(answer)")
      #expect(answer.errors.contains("left out") && answer.errors.contains(bad), "\(answer.errors)")
      // What the user names must be there.
      let named = try Zoo.run(["predict", folder + "/m.zoo", folder + "/x.png", "--plugin", bad], program: zoo)
      #expect(named.status == 65 && named.output.isEmpty, "\(named)")
      #expect(try Zoo.run(["list"], program: zoo).errors.isEmpty)
    }
  }

  /// Those of a folder, each bad in its own way; a good one lies among them.
  @Test(.needs(AuthorsPlugin.compiler)) func aFolderMayHoldBadOnes() throws {
    try withOwnFolder { folder in
      let good = try AuthorsPlugin.build(in: folder + "/plugins", named: "libgood.so")
      try AuthorsPlugin.model(operator: "Scale", to: folder + "/m.onnx")
      let old = try AuthorsPlugin.build(in: folder + "/plugins", named: "libold.so", defines: ["VERSION=1"])
      let cut = folder + "/plugins/libcut.so"
      try Data(contentsOf: URL(fileURLWithPath: good)).prefix(5000).write(to: URL(fileURLWithPath: cut))
      let open = try AuthorsPlugin.build(in: folder + "/plugins", named: "libopen.so", defines: ["NAME=\"Other\""])
      try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: open)
      // None of anybody's business: a library that is no plugin, a text that leads a linker.
      try write("/* GNU ld script */ GROUP ( libgood.so )\n", to: folder + "/plugins/liblink.so")
      let environment = ["ZOO_PLUGIN_PATH": folder + "/plugins"]
      let outcome = try Zoo.run(["run", folder + "/m.onnx", "--seed", "1"], environment: environment)
      #expect(outcome.status == 0, "\(outcome)")
      let listed = try Zoo.run(["plugins", "--json"], environment: environment)
      let refused = try #require(listed.json()["refused"] as? [[String: Any]])
      #expect(refused.compactMap { $0["path"] as? String }.sorted() == [cut, old, open].sorted(), "\(refused)")
      for path in [old, cut, open] { #expect(outcome.errors.contains("left out: \(path): "), "\(outcome.errors)") }
      #expect(!outcome.errors.contains("liblink.so"))
      // Whoever needs one of them is told why it is not there.
      try AuthorsPlugin.model(operator: "Other", to: folder + "/other.onnx")
      let other = try Zoo.run(["run", folder + "/other.onnx", "--seed", "1"], environment: environment)
      #expect(other.status == 65 && other.errors.contains("no plugin offers Other"), "\(other.errors)")
      #expect(
        other.errors.contains("left out: \(cut): ") && other.errors.contains("\(open): refused as a plugin: others"))
      #expect(other.errors.contains("\(old): the plugin speaks ABI version 1"), "\(other.errors)")
    }
  }

  @Test(.needs(AuthorsPlugin.compiler)) func whatOneGivesIsComparedWithTheModel() throws {
    try withOwnFolder { folder in
      let plugin = try AuthorsPlugin.build(in: folder, named: "libscale.so")
      for (shape, isRight) in [([2, 3], true), (["N", 3], true), ([2, 4], false), ([6], false)] as [([Any], Bool)] {
        try AuthorsPlugin.model(operator: "Scale", output: shape, to: folder + "/m.onnx")
        let outcome = try Zoo.run("run", folder + "/m.onnx", "--seed", "1", "--plugin", plugin)
        #expect(outcome.status == (isRight ? 0 : 65), "\(shape): \(outcome)")
        guard !isRight else { continue }
        let said = shape.map { "\($0)" }.joined(separator: ", ")
        for part in ["float32 [2, 3]", "float32 [\(said)]", "example.com.Scale \"scale\"", "\"y\""] {
          #expect(outcome.errors.contains(part), "\(part): \(outcome.errors)")
        }
      }
      // Of an operator that everybody knows, ONNX Runtime warns and goes on.
      try AuthorsPlugin.model(operator: "Abs", domain: "", output: [2, 4], to: folder + "/known.onnx")
      let known = try Zoo.run("run", folder + "/known.onnx", "--seed", "1")
      #expect(known.status == 0 && known.errors.contains("declares float32 [2, 4]"), "\(known)")
    }
  }

  @Test(.needs(AuthorsPlugin.compiler)) func whoseOperatorRunsIsSaid() throws {
    try withOwnFolder { folder in
      let first = try AuthorsPlugin.build(in: folder + "/a", named: "libscale.so", defines: ["PLUGIN=\"first\""])
      _ = try AuthorsPlugin.build(in: folder + "/b", named: "libscale.so", defines: ["PLUGIN=\"second\""])
      try AuthorsPlugin.model(operator: "Scale", to: folder + "/m.onnx")
      let environment = ["ZOO_PLUGIN_PATH": "\(folder)/a:\(folder)/b"]
      let text = try Zoo.run(["inspect", folder + "/m.onnx", "--compiled"], environment: environment)
      #expect(text.output.contains(/scale +example.com.Scale +float32 2×3 +first/), "\(text.output)")
      #expect(text.errors.contains("will not be used"), "\(text.errors)")
      let report = try Zoo.run(["inspect", folder + "/m.onnx", "--compiled", "--json"], environment: environment).json()
      let steps = (report["regions"] as? [[String: Any]])?.first?["steps"] as? [[String: Any]]
      let plugin = try #require(steps?.first?["plugin"] as? [String: Any])
      #expect(plugin["name"] as? String == "first" && plugin["path"] as? String == first)
    }
  }

  /// On whatever thread, and with names of strangers.
  @Test(.needs(AuthorsPlugin.compiler)) func aCrashSaysWhere() throws {
    try withOwnFolder { folder in
      for (define, phase) in [("CRASH_RUN", "run"), ("CRASH_TASK", "task"), ("CRASH_CREATE", "create")] {
        let plugin = try AuthorsPlugin.build(in: folder, named: "lib\(phase).so", defines: [define])
        try AuthorsPlugin.model(operator: "Scale", node: "sc\u{1b}ale", to: folder + "/m.onnx")
        let outcome = try Zoo.run(
          ["-c", "\"$0\" run m.onnx --seed 1 --plugin \(plugin); echo $?", try #require(Zoo.executable)],
          environment: ["SWIFT_BACKTRACE": "enable=no"], folder: folder, program: "/bin/sh")
        #expect(outcome.output == "139\n", "\(outcome)")
        let line = #"zoo: crashed (SIGSEGV) in example.com.Scale "sc\x1bale", in the plugin authors (\#(plugin))"#
        #expect(outcome.errors.contains(line), "\(phase): \(outcome.errors)")
      }
    }
  }

  /// The folder that a user happens to be in is no place for plugins, whatever lies in it.
  @Test func doNotComeFromTheFolderOneIsIn() throws {
    try withOwnFolder { folder in
      _ = try copyOfZoo(in: folder)
      _ = try copyPlugin("Standard", to: folder + "/here")
      try write("", to: folder + "/here/zoo")
      let script = "cd '\(folder)/here' && PATH='\(folder)':$PATH && exec zoo plugins --json"
      let outcome = try Zoo.run(["-c", script], program: "/bin/sh")
      #expect(outcome.status == 0, "\(outcome)")
      #expect(try plugins(outcome).isEmpty)
    }
  }

  /// Arguments, the program's own folder and descriptors are known without it.
  @Test(.needs(Unmounting.need)) func needNoProc() throws {
    try withOwnFolder { folder in
      let zoo = try copyOfZoo(in: folder)
      _ = try copyPlugin("Standard", to: folder)
      try colourModel().write(to: folder + "/m.onnx", format: .onnx)
      try writePicture(0, 255, 0, to: folder + "/x.png")
      func run(_ command: String) throws -> Zoo.Outcome {
        let script = "cd '\(folder)' && PATH='\(folder)':$PATH && \(Unmounting.command) && exec \(command)"
        return try Zoo.run(["-m", "sh", "-c", script], program: "/usr/bin/unshare")
      }
      #expect(try run("zoo convert m.onnx m.zoo").output.hasPrefix("m.zoo: "))
      let answer = try run("zoo predict m.zoo x.png --top 1")
      #expect(answer.status == 0 && answer.output.contains("green"), "\(answer)")
      #expect(try plugins(run("./zoo plugins --json")).count == 1)
      #expect(try run("zoo nonsense").status == 64)
      #expect(try Zoo.run(["predict"], program: zoo).status == 64)
    }
  }

  private enum Unmounting {
    static let command = "umount -l /proc"
    static let need = Need(
      "mounts", isMet: (try? Zoo.run(["-m", "sh", "-c", command], program: "/usr/bin/unshare").status) == 0)
  }

  /// The names of the plugins that `program` loads, in order.
  private func names(_ program: String, path: String = "") throws -> [String] {
    let outcome = try Zoo.run(["plugins", "--json"], environment: ["ZOO_PLUGIN_PATH": path], program: program)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try plugins(outcome).compactMap { ($0["path"] as? String).map { ($0 as NSString).lastPathComponent } }
  }

  private func plugins(_ outcome: Zoo.Outcome) throws -> [[String: Any]] {
    try #require(outcome.json()["plugins"] as? [[String: Any]])
  }

  private func copyPlugin(_ name: String, to folder: String) throws -> String {
    let source = try #require(
      plugins(Zoo.run("plugins", "--json")).compactMap { $0["path"] as? String }.first { $0.contains("Zoo\(name)") })
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    let copy = "\(folder)/libZoo\(name).so"
    try FileManager.default.copyItem(atPath: source, toPath: copy)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: copy)
    return copy
  }

  private func copyOfZoo(in folder: String) throws -> String {
    try FileManager.default.copyItem(atPath: try #require(Zoo.executable), toPath: folder + "/zoo")
    return folder + "/zoo"
  }

  /// A folder that nobody else can write to.
  private func withOwnFolder(_ body: (String) throws -> Void) throws {
    try withFolder { folder in
      let real = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: real)
      try body(real)
    }
  }
}
