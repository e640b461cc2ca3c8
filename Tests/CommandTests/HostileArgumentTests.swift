import Foundation
import ModelZoo
import TestSupport
import Testing

/// Files that are none, and places that take none.
@Suite(.needs(Zoo.built))
struct HostileArgumentTests {
  /// Devices, pipes without a writer and folders end at once, whatever they are given as.
  @Test func whatIsNoFileIsAnError() throws {
    try withFolder { folder in
      let model = folder + "/colours.zoo"
      try colourModel().write(to: model, format: .package)
      try writePicture(0, 255, 0, to: folder + "/x.png")
      try #require(mkfifo(folder + "/pipe", 0o600) == 0)
      try FileManager.default.createDirectory(atPath: folder + "/empty", withIntermediateDirectories: false)
      let output = folder + "/out.zoo"
      for path in ["/dev/zero", "/dev/null", folder + "/pipe", folder + "/empty"] {
        for arguments in [
          ["predict", path, folder + "/x.png"], ["predict", model, path], ["run", path, "--seed", "1"],
          ["run", model, "--input", "photo=\(path)"], ["bench", path], ["inspect", path], ["eval", model, path],
          ["convert", path, output], ["convert", model, output, "--labels", path],
          ["pack", "resnet20", "--weights", path, "-o", output], ["verify", path],
        ] {
          let outcome = try Zoo.run(arguments)
          #expect((64...66).contains(outcome.status) && outcome.errors.hasPrefix("zoo: "), "\(arguments): \(outcome)")
        }
      }
      #expect(!FileManager.default.fileExists(atPath: output))
    }
  }

  @Test func labelsHaveALimit() throws {
    try withFolder { folder in
      try colourModel().write(to: folder + "/m.zoo", format: .package)
      try write("red", to: folder + "/labels")
      try #require(truncate(folder + "/labels", 5 << 30) == 0)
      let outcome = try Zoo.run("convert", folder + "/m.zoo", folder + "/o.zoo", "--labels", folder + "/labels")
      #expect(outcome.status == 65 && outcome.errors.contains("larger than 64 MiB"), "\(outcome.errors)")
    }
  }

  /// A limit on the size of files stands for a full disk.
  @Test func whatCanNotBeWrittenLeavesNothing() throws {
    try withFolder { folder in
      var model = colourModel()
      let noise = (0..<100_000).map { Float(($0 &* 2_654_435_761) % 1_000_003) }
      model.graph.initializers = [NamedTensor(name: "noise", tensor: StoredTensor(try Tensor(noise, shape: [100_000])))]
      try model.write(to: folder + "/m.zoo", format: .package)
      try write("before", to: folder + "/old.onnx")
      try FileManager.default.createDirectory(atPath: folder + "/folder.onnx", withIntermediateDirectories: false)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      let zoo = try #require(Zoo.executable)
      for target in ["old.onnx", "new.onnx", "m.zoo", "new.zoo"] {
        let outcome = try Zoo.run(
          ["-c", "ulimit -f 100; exec \"$@\"", "sh", zoo, "convert", folder + "/m.zoo", "\(folder)/\(target)"],
          program: "/bin/sh")
        #expect(outcome.status == 65 && outcome.errors.contains("can't be written"), "\(outcome)")
      }
      for target in ["folder.onnx", "none/new.onnx"] {
        let outcome = try Zoo.run("convert", folder + "/m.zoo", "\(folder)/\(target)")
        #expect([65, 66].contains(outcome.status) && outcome.errors.contains(target), "\(outcome)")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == names)
      #expect(try String(contentsOfFile: folder + "/old.onnx", encoding: .utf8) == "before")
      // Onto itself.
      #expect(try Zoo.run("convert", folder + "/m.zoo", folder + "/m.zoo").status == 0)
      let copy = try ModelDefinition(contentsOf: folder + "/m.zoo")
      #expect(try copy.graph.initializers[0].tensor.load().elements(Float.self) == noise)
    }
  }
}
