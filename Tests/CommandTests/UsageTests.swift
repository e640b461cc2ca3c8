import Foundation
import ModelZoo
import TestSupport
import Testing

@Suite(.needs(Zoo.built))
struct UsageTests {
  @Test func explainsItself() throws {
    let help = try Zoo.run("--help")
    #expect(help.status == 0 && help.errors.isEmpty)
    let commands = "pack convert diff inspect predict run verify bench eval list add remove plugins"
    for command in commands.split(separator: " ") {
      #expect(["  \(command) ", "  \(command), "].contains(where: help.output.contains), "\(command)")
      let own = try Zoo.run(String(command), "--help")
      #expect(own.status == 0 && own.errors.isEmpty && own.output.contains("--json"), "\(command)")
    }
    #expect(try Zoo.run("--version").output == "zoo \(zooVersion)\n")
  }

  @Test(arguments: [
    ["predict"], ["predict", "model.zoo"], ["predict", "--top", "0", "m", "i"], ["predict", "--nonsense", "m", "i"],
    ["bench"], ["bench", "m", "--precision", "fp16"], ["bench", "m", "--precision", "int4"],
    ["bench", "m", "--batch", "0"],
    ["convert", "only-one"], ["verify"], ["eval", "model"], ["run"], ["pack"],
    ["inspect", "a", "--threads", "none"], ["inspect", "a", "--threads", "0"],
  ])
  func refusesWrongUsage(_ arguments: [String]) throws {
    let outcome = try Zoo.run(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("zoo: "), "\(outcome.errors)")
    #expect(outcome.errors.contains("Usage: zoo"), "\(outcome.errors)")
  }

  @Test func tellsWhichModelsThereAre() throws {
    try withFolder { folder in
      try colourModel().write(to: folder + "/colours.zoo", format: .package)
      let outcome = try Zoo.run(["predict", "colour", "x.jpg"], environment: ["ZOO_PATH": folder])
      #expect(outcome.status == 66)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.contains(folder) && outcome.errors.contains("did you mean colours"), "\(outcome.errors)")
    }
  }

  @Test func tellsWhichArchitecturesThereAre() throws {
    let incomplete = try Zoo.run("pack", "resnet20")
    #expect(incomplete.status == 64 && incomplete.errors.contains("add --weights FILE"), "\(incomplete.errors)")
    let outcome = try Zoo.run("pack", "resnet19", "--weights", "x.pth")
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("resnet18") && outcome.errors.contains("resnet110"), "\(outcome.errors)")
  }

  @Test(arguments: [
    ["predict", "./missing.zoo", "x.jpg"], ["inspect", "missing.onnx"], ["run", "./missing.zoo"],
    ["bench", "no/such/file"], ["convert", "./missing.onnx", "out.zoo"], ["verify", "./missing"],
    ["pack", "resnet20", "--weights", "missing.pth"], ["plugins", "--plugin", "missing.so"],
  ])
  func missesFiles(_ arguments: [String]) throws {
    for arguments in [arguments, arguments + ["--json"]] {
      let outcome = try Zoo.run(arguments)
      #expect(outcome.status == 66)
      #expect(
        outcome.errors.hasPrefix("zoo: ") && outcome.errors.contains("missing") == !arguments.contains("no/such/file"))
    }
  }

  @Test func refusesBadFiles() throws {
    try withFolder { folder in
      try write("hello, I am no model", to: folder + "/text.zoo")
      try write("", to: folder + "/empty.onnx")
      for name in ["text.zoo", "empty.onnx"] {
        let outcome = try Zoo.run("inspect", "\(folder)/\(name)", "--json")
        #expect(outcome.status == 65)
        #expect(try outcome.json()["error"] is [String: Any])
        #expect(outcome.errors.hasPrefix("zoo: \(folder)/\(name): "), "\(outcome.errors)")
      }
      try colourModel().write(to: folder + "/colours.zoo", format: .package)
      let converted = try Zoo.run("convert", folder + "/colours.zoo", folder + "/out.txt")
      #expect(converted.status == 64 && converted.errors.contains(".zoo or .onnx"))
    }
  }

  @Test func namesTheMissingOperator() throws {
    try withFolder { folder in
      var model = colourModel()
      model.graph.nodes[1].operatorType = "Flatter"
      try model.write(to: folder + "/model.zoo", format: .package)
      let outcome = try Zoo.run("run", folder + "/model.zoo", "--seed", "1")
      #expect(outcome.status == 65)
      #expect(outcome.errors.contains("Flatter") && outcome.errors.contains("17"), "\(outcome.errors)")
    }
  }

  @Test func reportsAClosedOutput() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "\"$1\" plugins --json >/dev/full", "sh", try #require(Zoo.executable)]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 65)
  }
}
