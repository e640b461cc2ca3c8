import Foundation
import ModelZoo
import TestSupport
import Testing

/// What people type, and what programs read.
@Suite(.needs(Zoo.built))
struct CommandLineTests {
  private func withModel(_ body: (_ folder: String, _ model: String) throws -> Void) throws {
    try withFolder { folder in
      try colourModel().write(to: folder + "/colours.zoo", format: .package)
      try writePicture(0, 255, 0, to: folder + "/green.png")
      try body(folder, folder + "/colours.zoo")
    }
  }

  /// Runs a line of the shell in `folder`, where `$zoo` is the program.
  private func shell(_ folder: String, _ line: String) throws -> Zoo.Outcome {
    try Zoo.run(
      ["-c", "cd \"$folder\" && \(line)"],
      environment: ["zoo": try #require(Zoo.executable), "folder": folder, "ZOO_PATH": folder, "HOME": folder],
      program: "/bin/bash")
  }

  // MARK: Words

  @Test func aDashBeginsAFileOrWrongUsage() throws {
    try withModel { folder, _ in
      let found = try shell(folder, "cp green.png ./-dash.png && $zoo predict colours -dash.png --top 1")
      #expect(found.status == 0 && found.output.contains("-dash.png: green"), "\(found)")
      let behind = try shell(folder, "$zoo predict colours --top 1 -- -dash.png")
      #expect(behind.status == 0 && behind.output.contains("-dash.png: green"), "\(behind)")
      for name in ["-h.png", "-hidden", "-x"] {
        let outcome = try shell(folder, "$zoo predict colours \(name)")
        #expect(outcome.status == 64 && outcome.output.isEmpty && outcome.errors.contains(name), "\(outcome)")
      }
      #expect(try shell(folder, "$zoo predict -h").status == 0)
    }
  }

  @Test func numbersOutOfRangeAreToldTheRange() throws {
    for (arguments, range) in [
      (["bench", "m", "--batch", "-1"], "1 to 1048576"), (["run", "m", "--seed", "-1"], "0 to 18446744073709551615"),
      (["bench", "m", "--seconds", "-1"], "0 to 86400"), (["predict", "m", "x", "--threads", "9999"], "1 to 1024"),
      (["predict", "m", "x", "--threads", "many"], "1 to 1024"), (["predict", "m", "x", "--top", "-3"], "1 or more"),
      (["predict", "m", "x", "--top-p", "1.5"], "above 0, 1 at most"),
      (["predict", "m", "x", "--beams", "0"], "1 to 1024"),
      (["predict", "m", "x", "--temperature", "-1"], "0 or more"),
      (["diff", "a", "b", "--tolerance", "-1"], "0 or more"),
      (["predict", "m", "x", "--threshold", "2"], "0 to 1"), (["run", "m", "--memory-limit", "-5"], "1 byte to"),
      (["calibrate", "m", "x", "-o", "y.zoo", "--limit", "0"], "1 or more"),
    ] {
      let outcome = try Zoo.run(arguments)
      #expect(outcome.status == 64 && outcome.errors.contains(range), "\(arguments): \(outcome.errors)")
    }
  }

  @Test func commandsHaveOtherNamesAndNearOnes() throws {
    try withModel { folder, _ in
      for (name, other) in [("ls", "list"), ("show colours", "inspect colours"), ("rm none", "remove none")] {
        let (one, two) = (try shell(folder, "$zoo \(name)"), try shell(folder, "$zoo \(other)"))
        #expect(one.output == two.output && one.errors == two.errors && one.status == two.status, "\(name): \(one)")
      }
      #expect(try Zoo.run("version").output == "zoo \(zooVersion)\n")
      #expect(try Zoo.run("version", "--json").json()["version"] as? String == zooVersion)
      for (word, near) in [("predct", "zoo predict"), ("lst", "zoo list"), ("instpect", "zoo inspect")] {
        let outcome = try Zoo.run(word)
        #expect(outcome.status == 64 && outcome.errors.contains("did you mean \(near)"), "\(outcome.errors)")
      }
      #expect(try shell(folder, "$zoo colours green.png").errors.contains("zoo predict colours"))
      let run = try shell(folder, "$zoo run colours green.png")
      #expect(run.status == 64 && run.errors.contains("zoo predict colours green.png"), "\(run.errors)")
    }
  }

  @Test func optionsThatDoNotApplyAreRefused() throws {
    try withModel { folder, model in
      var bare = colourModel()
      bare.metadata.task = .none
      try bare.write(to: folder + "/bare.zoo", format: .package)
      for (arguments, option) in [
        ([model, "x", "--threshold", "0.5"], "--threshold"), ([model, "x", "--beams", "2"], "options of generating"),
        ([model, "x", "--prompt", "query"], "--prompt"), ([model, "x", "--draw", "o.png"], "--draw"),
        ([model, "--file", "texts"], "--file"), ([folder + "/bare.zoo", "x", "--top", "2"], "--top"),
        ([model, "x", "--json", "--json-lines"], "--json-lines"),
      ] {
        let outcome = try Zoo.run(["predict"] + arguments)
        #expect(outcome.status == 64 && outcome.errors.contains(option), "\(arguments): \(outcome.errors)")
      }
      for option in [["--batch", "2"], ["--dim", "N=2"], ["--precision", "int8"], ["--memory-limit", "1G"]] {
        let outcome = try Zoo.run(["inspect", model] + option)
        #expect(outcome.status == 64 && outcome.errors.contains(option[0]), "\(outcome.errors)")
        #expect(try Zoo.run(["inspect", model, "--compiled"] + option).status == 0)
      }
    }
  }

  // MARK: Files

  @Test func namesOfFilesAreBytes() throws {
    try withModel { folder, _ in
      for line in [
        "cp green.png $'caf\\xe9.png' && $zoo predict colours $'caf\\xe9.png' --top 1",
        "mkdir $'d\\xff' && cp green.png $'d\\xff/caf\\xe9.png' && $zoo predict colours $'d\\xff' --top 1",
        "cp colours.zoo $'m\\xfe.zoo' && $zoo predict $'m\\xfe.zoo' $'caf\\xe9.png' --top 1",
        "printf 'caf\\xe9.png\\n' | $zoo predict colours - --json-lines",
      ] {
        let outcome = try shell(folder, line)
        #expect(
          outcome.status == 0 && outcome.output.contains(#"caf\"#) && outcome.output.contains("green"), "\(outcome)")
        #expect(outcome.output.contains("xe9.png"), "\(outcome.output)")
      }
      let json = try shell(folder, "$zoo predict colours $'caf\\xe9.png' --json").json()
      let predictions = try #require(json["predictions"] as? [[String: Any]])
      #expect(predictions.first?["input"] as? String == #"caf\xe9.png"#)
      // Written, replaced, and read again; nothing else is left.
      for _ in 0..<2 {
        let outcome = try shell(folder, "$zoo convert colours.zoo $'out\\xc3.onnx' && $zoo inspect $'out\\xc3.onnx'")
        #expect(outcome.status == 0 && outcome.output.contains(#"out\xc3.onnx"#), "\(outcome)")
      }
      #expect(try shell(folder, "ls | grep -c -a $'^out\\xc3.onnx$'").output == "1\n")
      // What looks like such a byte in Unicode is another file.
      let other = try shell(folder, "$zoo predict colours $'caf\\xf4\\x8f\\xbb\\xa9.png'")
      #expect(other.status == 66 && other.errors.contains(#"caf\xf4\x8f\xbb\xa9.png: no such file"#), "\(other)")
    }
  }

  @Test func filesAreReplacedUnlessTheyAreToStay() throws {
    try withModel { folder, model in
      try write("0 1\n", to: folder + "/labels")
      let tensor = folder + "/out/scores.npy"
      for (arguments, file) in [
        (["convert", model, folder + "/a.onnx"], folder + "/a.onnx"),
        (["run", model, "--seed", "1", "--output-dir", folder + "/out"], tensor),
        (["add", model, "--name", "mine"], folder + "/mine.zoo"),
        (["bench", model, "--seconds", "0", "--profile=\(folder)/trace"], folder + "/trace"),
      ] {
        let environment = ["ZOO_PATH": folder]
        #expect(try Zoo.run(arguments + ["--no-clobber"], environment: environment).status == 0, "\(arguments)")
        let path = FileManager.default.fileExists(atPath: file) ? file : try onlyFile(in: folder + "/out")
        try write("precious", to: path)
        let kept = try Zoo.run(arguments + ["-n"], environment: environment)
        #expect(kept.status == 64 && kept.output.isEmpty, "\(arguments): \(kept)")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
        #expect(try Zoo.run(arguments, environment: environment).status == 0, "\(arguments)")
        #expect(try bytes(of: path) != Array("precious".utf8))
      }
    }
  }

  private func onlyFile(in folder: String) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    return folder + "/" + (try #require(names.count == 1 ? names[0] : nil))
  }

  // MARK: Answers

  /// Each line is answered before the next one is written.
  @Test func isACoProcess() throws {
    try withModel { folder, model in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: try #require(Zoo.executable))
      process.arguments = ["predict", model, "-", "--json-lines", "--top", "1"]
      let (input, output) = (Pipe(), Pipe())
      process.standardInput = input
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      for (name, label) in [("green.png", "green"), ("none.png", nil), ("green.png", "green")] as [(String, String?)] {
        try input.fileHandleForWriting.write(contentsOf: Data("\(folder)/\(name)\n".utf8))
        var line = Data()
        while line.last != 0x0A {
          let byte = output.fileHandleForReading.readData(ofLength: 1)
          try #require(!byte.isEmpty)
          line += byte
        }
        let answer = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
        #expect(answer["input"] as? String == "\(folder)/\(name)" && answer["schema"] as? Int == 1)
        let classes = answer["classes"] as? [[String: Any]]
        #expect(classes?.first?["label"] as? String == label)
        let error = answer["error"] as? [String: Any]
        #expect((error?["kind"] as? String) == (label == nil ? "not-found" : nil))
      }
      try input.fileHandleForWriting.close()
      process.waitUntilExit()
      #expect(process.terminationStatus == 66)
    }
  }

  @Test func textsAreAnsweredAsTheyCome() throws {
    // A line, then nothing for a while: the answer is there before the second line.
    let outcome = try shell(
      Zoo.root,
      "(echo 'A dog.'; while ! grep -q Hund \"$out\"; do sleep 0.1; done; printf 'A \\xff.\\nA cat.') | "
        + "timeout 60 $zoo predict transformer-en-de - --json-lines --beams 1 >\"$out\"; "
        + "echo $?; cat \"$out\"", with: ["out"])
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 4 && lines[0] == "65", "\(outcome)")
    #expect(lines[1].contains("Hund") && lines[2].contains("bad-data") && lines[3].contains("Katze"), "\(lines)")
  }

  /// As `shell`, with files of these names' variables.
  private func shell(_ folder: String, _ line: String, with files: [String]) throws -> Zoo.Outcome {
    try withFolder { own in
      try shell(folder, files.map { "export \($0)='\(own)/\($0)'; touch \"$\($0)\"; " }.joined() + line)
    }
  }

  @Test func errorsAreAnswers() throws {
    try withModel { folder, model in
      try write("no model", to: folder + "/bad.zoo")
      for (arguments, kind, status) in [
        (["predict", "none", "x"], "not-found", 66), (["inspect", folder + "/bad.zoo"], "bad-data", 65),
        (["predict", model, "x", "--beams", "2"], "usage", 64), (["nonsense"], "usage", 64),
        (["predict", model, "x", "--nonsense"], "usage", 64), (["pack", "resnet20"], "usage", 64),
      ] {
        let outcome = try Zoo.run(arguments + ["--json"])
        let document = try outcome.json()
        #expect(document["schema"] as? Int == 1)
        let error = try #require(document["error"] as? [String: Any])
        #expect(error["kind"] as? String == kind && error["status"] as? Int == status, "\(outcome)")
        #expect(outcome.status == Int32(status) && outcome.errors.hasPrefix("zoo: "), "\(outcome)")
        let message = try #require(error["message"] as? String)
        #expect(outcome.errors.contains(message.prefix(40)), "\(outcome)")
      }
      let lines = try Zoo.run("predict", "none", "x", "--json-lines")
      #expect(lines.output.split(separator: "\n").count == 1 && lines.output.contains(#""kind":"not-found""#))
    }
  }

  @Test func everyDocumentSaysItsSchema() throws {
    try withModel { folder, model in
      try write("0 1\n", to: folder + "/labels")
      for arguments in [
        ["predict", model, folder + "/green.png"], ["run", model, "--seed", "1"], ["bench", model, "--seconds", "0"],
        ["inspect", model], ["diff", model, model], ["convert", model, folder + "/c.onnx"], ["list"], ["plugins"],
        ["compare", model, "--seed", "1"], ["add", model, "--name", "mine"], ["remove", "mine"], ["version"],
      ] {
        let outcome = try Zoo.run(
          arguments + ["--json"], environment: ["ZOO_PATH": folder, "XDG_DATA_HOME": folder + "/none"])
        #expect(try outcome.json()["schema"] as? Int == 1, "\(arguments): \(outcome)")
        // One way of writing names.
        let keys = outcome.output.matches(of: /"([A-Za-z_]+)" :/).map { String($0.output.1) }
        let operators = ["Flatten", "Gemm", "ReduceMean", "GlobalAveragePool", "Conv", "MatMul", "Softmax"]
        #expect(keys.filter { $0.contains { $0.isUppercase } && !operators.contains($0) } == [], "\(arguments)")
      }
    }
  }

  @Test func shapesAreNumbersAndSymbols() throws {
    try withModel { _, model in
      let report = try Zoo.run("inspect", model, "--json", "--compiled").json()
      let input = try #require((report["inputs"] as? [[String: Any]])?.first)
      #expect(input["type"] as? String == "float32")
      let shape = try #require(input["shape"] as? [Any])
      #expect(shape[0] as? String == "N" && shape[1] as? Int == 3 && shape.count == 4)
      #expect((report["metadata"] as? [String: Any])?["task"] as? String == "image-classification")
    }
  }

  // MARK: The terminal

  @Test func whatIsDoneIsSaid() throws {
    try withModel { folder, model in
      for (environment, arguments) in [(["ZOO_LOG": "debug"], []), ([:], ["--verbose"])]
        as [([String: String], [String])]
      {
        let outcome = try Zoo.run(["predict", model, folder + "/green.png"] + arguments, environment: environment)
        for part in ["loaded the plugin", "opened the model \(model) in ", "kernels and ", "answered 1 images in "] {
          #expect(outcome.errors.contains(part), "\(part): \(outcome.errors)")
        }
        #expect(outcome.output.contains("green") && !outcome.output.contains("debug"))
      }
      let outcome = try Zoo.run(["predict", model, folder + "/green.png"], environment: ["ZOO_LOG": "loud"])
      #expect(outcome.status == 0 && outcome.errors.contains("ZOO_LOG=loud is none of"), "\(outcome)")
      #expect(try Zoo.run("predict", model, folder + "/green.png").errors.isEmpty)
    }
  }

  /// `script` makes a terminal.
  @Test(.needs(Need("script", isMet: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"))))
  func listsFitTheTerminal() throws {
    try withFolder { folder in
      let deep = folder + "/" + String(repeating: "long", count: 30)
      try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
      var model = colourModel()
      model.metadata.accuracy = [.init(dataset: String(repeating: "many colours ", count: 8), metric: "top1", value: 1)]
      try model.write(to: deep + "/colours.zoo", format: .package)
      let line = "stty cols 72 && ZOO_PATH='\(deep)' '\(try #require(Zoo.executable))' list"
      let outcome = try Zoo.run(["-qec", line, "/dev/null"], program: "/usr/bin/script")
      let lines = outcome.output.split(whereSeparator: \.isNewline)
      #expect(lines.contains { $0.hasPrefix("colours ") && $0.hasSuffix("colours.zoo") }, "\(outcome.output)")
      #expect(lines.allSatisfy { $0.count <= 72 }, "\(outcome.output)")
      // A pipe gets all.
      #expect(try Zoo.run(["list"], environment: ["ZOO_PATH": deep]).output.contains(deep + "/colours.zoo"))
    }
  }

  @Test func anEmptyZooSaysWhatToDo() throws {
    try withFolder { folder in
      // A copy has no models beside it.
      try FileManager.default.copyItem(atPath: try #require(Zoo.executable), toPath: folder + "/zoo")
      let outcome = try Zoo.run(
        ["list"], environment: ["ZOO_PATH": folder, "XDG_DATA_HOME": folder + "/none"], program: folder + "/zoo")
      #expect(outcome.status == 0 && outcome.output.contains("zoo add FILE"), "\(outcome)")
    }
  }

  @Test func serveBecomesTheProgramBesideIt() throws {
    try withFolder { folder in
      try FileManager.default.copyItem(atPath: try #require(Zoo.executable), toPath: folder + "/zoo")
      let missing = try Zoo.run(["serve"], program: folder + "/zoo")
      #expect(missing.status == 66 && missing.errors.contains("make server"), "\(missing)")
      let server = folder + "/zoo-serve"
      try write("#!/bin/sh\necho \"$0\" \"$@\"\nexit 7\n", to: server)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: server)
      let given = ["a model", "--port", "0", "--help"]
      let outcome = try Zoo.run(["serve"] + given, program: folder + "/zoo")
      #expect(outcome.status == 7 && outcome.output.hasSuffix("zoo-serve a model --port 0 --help\n"), "\(outcome)")
    }
  }

  @Test func completionKnowsModelsAndFiles() throws {
    try withModel { folder, _ in
      try shellScript(folder)
      try write("", to: folder + "/a b.png")
      try write("", to: folder + "/$(touch ran).zoo")
      for (words, expected) in [
        ("predict colou", ["colours", "colours.zoo"]), ("predict colours a", ["a b.png"]), ("show colou", ["colours"]),
        ("rm colou", ["colours"]), ("pre", ["predict"]), ("inspect --plugin a", ["a b.png"]),
      ] {
        let outcome = try shell(folder, "PATH=\"${zoo%/*}:$PATH\" bash complete.sh zoo \(words)")
        for word in expected { #expect(outcome.output.contains("[\(word)]"), "\(words): \(outcome)") }
      }
      #expect(!FileManager.default.fileExists(atPath: folder + "/ran"))
    }
  }

  private func shellScript(_ folder: String) throws {
    try write(
      """
      source <("$1" --generate-completion-script bash)
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
      COMP_POINT=${#COMP_LINE}
      _zoo zoo "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
      printf '[%s]' "${COMPREPLY[@]}"
      """, to: folder + "/complete.sh")
  }
}
