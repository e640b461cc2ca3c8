import Foundation
import ModelZoo
import SafetensorsFormat
import Testing
import TestSupport
import ZooCore
import TensorFiles

/// Weights through the program: convert, inspect --stats, diff.
@Suite(.needs(Zoo.built))
struct ConvertTests {
  private static let checkpoint = Zoo.root + "/Tests/PyTorchFormatTests/Fixtures/checkpoint_zip_215.pt"

  private static func save(_ tensors: [(String, [Float])], to path: String) throws {
    let named = try tensors.map { NamedTensor(name: $0, tensor: StoredTensor(try Tensor($1, shape: [$1.count]))) }
    try SafetensorsFormat.write(TensorFile(tensors: named), to: path)
  }

  private static func names(_ path: String) throws -> [String] {
    try WeightSource(contentsOf: path).file.tensors.map(\.name)
  }

  @Test func weightsGoThroughAPackage() throws {
    try withFolder { folder in
      for (from, to) in [
        (Self.checkpoint, "/a.zoo"), (folder + "/a.zoo", "/b.safetensors"), (folder + "/b.safetensors", "/c/"),
        (folder + "/c", "/d.zoo"),
      ] {
        let outcome = try Zoo.run("convert", from, folder + to, "--json")
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        #expect(try outcome.json()["exact"] as? Bool == true)
        let diff = try Zoo.run("diff", Self.checkpoint, folder + to)
        #expect(diff.status == 0 && diff.output.contains("tensors are the same"), "\(diff.output)\(diff.errors)")
      }
      let report = try Zoo.run("inspect", folder + "/a.zoo", "--json").json()
      #expect(report["format"] as? String == "zoo" && (report["tensors"] as? [Any])?.isEmpty == false)
      let run = try Zoo.run("run", folder + "/a.zoo", "--seed", "1")
      #expect(run.status == 65, "\(run.status) \(run.errors)")
      #expect(try Zoo.run("convert", folder + "/a.zoo", folder + "/a.onnx").status == 64)
    }
  }

  /// config.json says which network the weights are.
  @Test func aPretrainedFolderBecomesAModel() throws {
    try withFolder { folder in
      let (given, packed) = (Zoo.root + "/Tests/ModelZooTests/Fixtures/vit", folder + "/vit.zoo")
      #expect(try Zoo.run("pack", given, "--output", packed).status == 0)
      for (name, options) in [("a.onnx", []), ("b.onnx", ["--opset", "17"])] {
        let outcome = try Zoo.run(["convert", given, "\(folder)/\(name)"] + options)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let comparison = try Zoo.run("compare", "\(folder)/\(name)", "--reference", packed, "--seed", "1")
        #expect(comparison.status == 0, "\(comparison.output)\(comparison.errors)")
      }
      try FileManager.default.createDirectory(atPath: folder + "/bare", withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: given + "/model.safetensors", toPath: folder + "/bare/model.safetensors")
      let refused = try Zoo.run("convert", folder + "/bare", folder + "/c.onnx")
      #expect(refused.status != 0 && refused.errors.contains("config.json"), "\(refused.errors)")
    }
  }

  @Test func anOperatorSetIsChosen() throws {
    try withFolder { folder in
      let network = Zoo.root + "/Zoo/ResNet/resnet20-cifar10.zoo"
      for (name, version) in [("a.onnx", 9), ("b.zoo", 28)] as [(String, Int64)] {
        let outcome = try Zoo.run("convert", network, "\(folder)/\(name)", "--opset", "\(version)", "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try ModelDefinition(contentsOf: "\(folder)/\(name)").version(ofDomain: "") == version)
      }
      let outcome = try Zoo.run("compare", folder + "/a.onnx", "--reference", network, "--seed", "1", "--json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      for (name, version, status) in [
        ("c.onnx", "6", 64), ("c.onnx", "29", 64), ("c.onnx", "x", 64), ("c.safetensors", "13", 64),
      ] as [(String, String, Int32)] {
        let outcome = try Zoo.run("convert", network, "\(folder)/\(name)", "--opset", version)
        #expect(outcome.status == status && !outcome.errors.isEmpty)
      }
      let detector = Zoo.root + "/Zoo/RCNN/rcnn-bccd.zoo"
      let refused = try Zoo.run("convert", detector, folder + "/c.onnx", "--opset", "15")
      #expect(refused.status == 65 && refused.errors.contains("RoiAlign") && refused.errors.contains("16"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/c.onnx"))
    }
  }

  @Test func tensorsAreChosenRenamedAndCast() throws {
    try withFolder { folder in
      let (a, b) = (folder + "/a.safetensors", folder + "/b.safetensors")
      try Self.save([("module.x", [1, 1 + 0x1p-12]), ("module.y", [2]), ("step", [100_000])], to: a)
      let outcome = try Zoo.run(
        "convert", a, b, "--exclude", "^step$", "--rename", #"module\.(.*)=\1"#, "--rename", "^x=z", "--dtype", "bf16",
        "--json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let cast = try #require(try outcome.json()["cast"] as? [String: Any])
      #expect(cast["changed_values"] as? Int == 1 && cast["values"] as? Int == 3)
      #expect(cast["largest_error"] as? Double == 0x1p-12 && cast["worst_tensor"] as? String == "z")
      #expect(try outcome.json()["exact"] as? Bool == false)
      #expect(try Self.names(b) == ["z", "y"])
      // A file may take its own place.
      let half = try Zoo.run("convert", a, a, "--dtype", "fp16", "--include", "step")
      #expect(half.status == 0 && half.output.contains("1 finite values became infinite"), "\(half.output)")
      #expect(try Self.names(a) == ["step"])
      for arguments in [
        ["--rename", "nothing"], ["--include", "zzz"], ["--to-arch", "nothing"], ["--shard-size", "x"],
        ["--labels", "x"], ["--weights", "bf16"], ["--rename", "[zy]=c"],
      ] {
        let refused = try Zoo.run(["convert", b, folder + "/c.safetensors"] + arguments)
        #expect(refused.status == 64 && refused.errors.hasPrefix("zoo: "), "\(arguments): \(refused.errors)")
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.safetensors", "b.safetensors"])
    }
  }

  @Test func diffTellsWhatDiffers() throws {
    try withFolder { folder in
      let (a, b) = (folder + "/a.safetensors", folder + "/b.safetensors")
      try Self.save([("x", [1, 2, 3]), ("gone", [1])], to: a)
      try Self.save([("x", [1, 2.5, 3]), ("new", [1])], to: b)
      let text = try Zoo.run("diff", a, b)
      #expect(text.status == 1 && text.errors.isEmpty)
      for word in ["gone", "new", "x", "0.5"] { #expect(text.output.contains(word), "\(text.output)") }
      let report = try Zoo.run("diff", a, b, "--json")
      #expect(report.status == 1)
      let tensors = try #require(try report.json()["tensors"] as? [String: Any])
      let differing = try #require((tensors["differing"] as? [[String: Any]])?.first)
      #expect(differing["values"] as? Int == 1 && differing["largest"] as? Double == 0.5)
      #expect(differing["relative"] as? Double == 0.2)
      try Self.save([("x", [1, 2, 3.0001])], to: a)
      try Self.save([("x", [1, 2, 3])], to: b)
      #expect(try Zoo.run("diff", a, b).status == 1)
      #expect(try Zoo.run("diff", a, b, "--tolerance", "0.001").status == 0)
      #expect(try Zoo.run("diff", a, b, "--relative", "1e-4").status == 0)
      #expect(try Zoo.run("diff", a, b, "--relative", "-1").status == 64)
      #expect(try Zoo.run("diff", a, folder + "/missing").status == 66)
    }
  }

  @Test func diffComparesGraphs() throws {
    try withFolder { folder in
      var model = colourModel()
      try model.write(to: folder + "/a.zoo", format: .package)
      try model.write(to: folder + "/a.onnx", format: .onnx)
      let same = try Zoo.run("diff", folder + "/a.zoo", folder + "/a.onnx")
      #expect(same.status == 0 && same.output.contains("so are the graphs"), "\(same.output)")
      model.graph.nodes[1].attributes = [Attribute("axis", .int(2))]
      model.graph.nodes[0].name = "other"
      try model.write(to: folder + "/b.zoo", format: .package)
      let graph = try #require(
        try Zoo.run("diff", folder + "/a.zoo", folder + "/b.zoo", "--json").json()["graph"] as? [String: Any])
      #expect(graph["added"] as? [String] == ["other"] && graph["removed"] as? [String] == ["pool"])
      #expect(graph["changed"] as? [String] == ["flatten"])
    }
  }

  @Test func inspectCountsNumbers() throws {
    try withFolder { folder in
      let path = folder + "/a.safetensors"
      try Self.save([("x", [1, 3, .nan])], to: path)
      let tensors = try #require(
        try Zoo.run("inspect", path, "--stats", "--json").json()["tensors"] as? [[String: Any]])
      let numbers = try #require(tensors[0]["statistics"] as? [String: Any])
      #expect(numbers["mean"] as? Double == 2 && numbers["std"] as? Double == 1 && numbers["nans"] as? Int == 1)
      #expect(try Zoo.run("inspect", path, "--stats").output.contains("std"))
      let model = try Zoo.run("inspect", "resnet20", "--stats", "--json")
      let weights = try #require(try model.json()["tensors"] as? [[String: Any]])
      #expect(weights.contains { ($0["statistics"] as? [String: Any])?["std"] as? Double ?? 0 > 0 })
    }
  }

  @Test func anInterruptionLeavesNothing() throws {
    try withFolder { folder in
      let (a, b) = (folder + "/a.safetensors", folder + "/b.zoo")
      var generator = NormalGenerator(seed: 1)
      let tensor = NamedTensor(name: "x", tensor: StoredTensor(try generator.tensor(.float32, [4096, 4096])))
      try SafetensorsFormat.write(TensorFile(tensors: [tensor]), to: a)
      try write("old", to: b)
      for number in [SIGINT, SIGTERM] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Zoo.executable))
        process.arguments = ["convert", a, b]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        usleep(60_000)
        kill(process.processIdentifier, number)
        process.waitUntilExit()
        // A machine that is quick may be done before.
        if process.terminationReason == .uncaughtSignal {
          #expect(process.terminationStatus == number)
          #expect(try String(contentsOfFile: b, encoding: .utf8) == "old")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.safetensors", "b.zoo"])
      }
    }
  }
}
