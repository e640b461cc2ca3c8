import Foundation
import ModelZoo
import TestSupport
import Testing
import ZooCore
import TensorFiles

/// Texts of strangers: on the terminal, and as files.
@Suite(.needs(Zoo.built))
struct StrangersTextTests {
  private static let hostile = "e\u{1b}[2J\u{7}\u{9b}31m\u{202e}x\r\nzoo: done\u{7f}"

  /// Whatever says something about a model shows what its texts hold, and does not do it.
  @Test func controlCharactersReachNoTerminal() throws {
    try withFolder { folder in
      var model = colourModel()
      model.metadata.name = Self.hostile
      model.metadata.labels = ["red", "green", "blue"].map { $0 + Self.hostile }
      model.metadata.license = Self.hostile
      model.metadata.summary = Self.hostile
      model.graph.nodes[0].name = Self.hostile
      model.properties = [Property(key: Self.hostile, value: Self.hostile)]
      let path = folder + "/\u{1b}m\n.zoo"
      try model.write(to: path, format: .package)
      let photo = folder + "/\u{1b}x\n.png"
      try writePicture(0, 255, 0, to: photo)
      for arguments in [
        ["predict", path, photo], ["predict", path, photo, "--top", "1"], ["predict", path, path], ["inspect", path],
        ["inspect", path, "--compiled"], ["run", path], ["run", path, "--seed", "1"], ["bench", path, "--profile"],
        ["diff", path, path], ["convert", path, path], ["convert", path, folder + "/\u{1b}"], ["list"],
        ["add", path, "--name", Self.hostile], ["remove", Self.hostile], ["verify", path],
        ["plugins", "--plugin", path], ["pack", Self.hostile], [Self.hostile], ["eval", path, photo],
        ["compare", path, "--seed", "1"],
      ] {
        let outcome = try Zoo.run(
          arguments, environment: ["ZOO_PATH": folder, "ZOO_LOG": "debug", "XDG_DATA_HOME": folder + "/none"])
        for text in [outcome.output, outcome.errors] {
          #expect(!text.unicodeScalars.contains(where: Self.isHarmful), "\(arguments): \(text.debugDescription)")
          #expect(!text.contains("\nzoo: done"), "\(arguments)")
        }
      }
      let shown = try Zoo.run("predict", path, photo).output
      #expect(shown.contains(#"greene\x1b[2J\x07\x9b31m\u202ex\r\nzoo: done\x7f"#), "\(shown)")
      let outcome = try Zoo.run("predict", path, photo, "--json")
      #expect(!outcome.output.unicodeScalars.contains(where: Self.isHarmful))
      let prediction = try #require((try outcome.json()["predictions"] as? [[String: Any]])?.first)
      #expect(prediction["input"] as? String == photo)
      let classes = try #require(prediction["classes"] as? [[String: Any]])
      #expect(classes.first?["label"] as? String == "green" + Self.hostile)
    }
  }

  private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
    scalar != "\n" && (scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar == "\u{202e}")
  }

  @Test func labelsComeInManyForms() throws {
    try withFolder { folder in
      var bare = colourModel()
      bare.metadata = ModelMetadata()
      bare.graph.inputs = [ValueInfo(name: "photo", elementType: .float32, shape: ["N", 3, 32, 32])]
      try bare.write(to: folder + "/m.onnx", format: .onnx)
      // A network that does not say how many classes it has.
      let open = ValueType(.tensor(elementType: ElementType.float32.rawValue, shape: nil))
      bare.graph.outputs = [ValueInfo(name: "scores", type: open)]
      try bare.write(to: folder + "/open.onnx", format: .onnx)
      func convert(_ model: String, _ labels: Data) throws -> Zoo.Outcome {
        try labels.write(to: URL(fileURLWithPath: folder + "/labels"))
        return try Zoo.run(
          "convert", "\(folder)/\(model).onnx", folder + "/m.zoo", "--task", "image-classification",
          "--preprocessing", "cifar10", "--labels", folder + "/labels")
      }
      let mark = "\u{feff}"
      for text in [
        "rot\ngrün\nblau\n", "\(mark)rot\ngrün\nblau", "rot\r\ngrün\r\nblau\r\n", "rot\rgrün\rblau\r",
        "\n\nrot\ngrün\nblau\n\n\n", "\(mark)rot\r\ngrün\r\nblau\r\n\r\n", #"["rot", "grün", "blau"]"#,
        mark + #" ["rot","gr\u00fcn","blau"]"#, #"{"2": "blau", "0": "rot", "1": "grün"}"#,
        #"{"rot": 0, "grün": 1, "blau": 2}"#, #"{"0": ["n1", "rot"], "1": ["n2", "grün"], "2": ["n3", "blau"]}"#,
        #"{"model_type": "x", "id2label": {"0": "rot", "1": "grün", "2": "blau"}}"#,
      ] {
        for model in ["m", "open"] {
          let outcome = try convert(model, Data(text.utf8))
          #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(text): \(outcome.errors)")
          #expect(try ModelDefinition(contentsOf: folder + "/m.zoo").metadata.labels == ["rot", "grün", "blau"])
        }
      }
      let wide = Data([0xFF, 0xFE]) + (try #require("rot\r\ngrün\r\nblau".data(using: .utf16LittleEndian)))
      #expect(try convert("m", wide).status == 0)
      try FileManager.default.removeItem(atPath: folder + "/m.zoo")
      for (text, status, part) in [
        ("rot\n\ngrün\nblau", 65, "line 2"), ("\n\n", 65, "no labels"), ("[1, 2, 3]", 65, "no list of labels"),
        (#"{"0": "rot", "1": "grün", "3": "blau"}"#, 65, "index 3"), ("[\"rot\"", 65, "JSON"), ("{}", 65, "no list"),
        (#"{"0": "rot", "00": "grün", "1": "blau"}"#, 65, "index 0"), ("rot\ngrün", 64, "2 labels"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", 65, "git lfs pull"),
      ] {
        for model in ["m", "open"] {
          let outcome = try convert(model, Data(text.utf8))
          #expect(outcome.status == Int32(status) && outcome.errors.contains(part), "\(text): \(outcome.errors)")
        }
      }
      #expect(!FileManager.default.fileExists(atPath: folder + "/m.zoo"))
    }
  }

  @Test func unknownFilesAreToldApart() throws {
    try withFolder { folder in
      let photo = folder + "/x.png"
      try writePicture(0, 255, 0, to: photo)
      try colourModel().write(to: folder + "/whole.onnx", format: .onnx)
      let whole = try bytes(of: folder + "/whole.onnx")
      let safetensors = folder + "/whole.safetensors"
      try WeightTarget.file(.safetensors).write(
        TensorFile(tensors: [NamedTensor(name: "w", tensor: StoredTensor(Tensor([Float(1)], shape: [1])))]),
        to: safetensors)
      for (contents, part) in [
        (Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n".utf8), "git lfs pull"),
        (Array("/annex/objects/SHA256E-s1--0\n".utf8), "git annex get"),
        (Array("\u{feff}\n <!DOCTYPE html><html>Not Found</html>".utf8), "web page"),
        (Array("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>".utf8), "XML"),
        ([0x1F, 0x8B, 8, 0, 0, 0], "gzip"), ([0x50, 0x4B, 3, 4] + [UInt8](repeating: 7, count: 60), "zip archive"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0], "xz"), ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0], "7-Zip"),
        ([UInt8](repeating: 65, count: 257) + Array("ustar".utf8) + [0], "tar archive"), ([], "empty"),
        ([0x80, 4, 0x95, 1, 0], "pickle"), (Array("{\"a\": 1}".utf8), "JSON"),
        ([UInt8](repeating: 0, count: 100), "zeros"), (Array(whole.prefix(whole.count - 9)), "end is missing"),
        (Array(whole.prefix(whole.count / 2)), "end is missing"), (Array("hello".utf8), "not what its name says"),
      ] as [([UInt8], String)] {
        for name in ["m.onnx", "m.safetensors"] {
          let path = "\(folder)/\(name)"
          try Data(contents).write(to: URL(fileURLWithPath: path))
          // All commands ask the same two questions: is this a model, is this weights?
          let pack = ["pack", "resnet20", "--weights", path, "-o", folder + "/out.zoo"]
          for arguments in [["run", path, "--seed", "1"], pack] {
            let outcome = try Zoo.run(arguments)
            #expect(outcome.status == 65 && outcome.errors.hasPrefix("zoo: \(path): "), "\(arguments): \(outcome)")
            #expect(outcome.errors.range(of: part, options: .regularExpression) != nil, "\(part): \(outcome.errors)")
          }
        }
      }
      let pointer = folder + "/pointer.npz"
      try write("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", to: pointer)
      for arguments in [
        ["predict", pointer, photo], ["predict", folder + "/whole.onnx", pointer], ["inspect", pointer],
        ["add", pointer],
        ["convert", pointer, folder + "/out.zoo"], ["diff", pointer, pointer], ["bench", pointer],
        ["run", folder + "/whole.onnx", "--input", "photo=" + pointer], ["eval", folder + "/whole.onnx", pointer],
      ] {
        let outcome = try Zoo.run(arguments, environment: ["ZOO_PATH": folder])
        #expect(outcome.status == 65 && outcome.errors.contains(pointer), "\(arguments): \(outcome)")
        #expect(outcome.errors.contains("git lfs pull"), "\(arguments): \(outcome)")
      }
      // What one command does not take, another one does.
      for (arguments, part) in [
        (["predict", safetensors, photo], "zoo pack ARCH"), (["run", safetensors, "--seed", "1"], "zoo pack ARCH"),
        (["pack", "resnet20", "--weights", folder + "/whole.onnx"], "zoo convert"),
      ] {
        let outcome = try Zoo.run(arguments)
        #expect(outcome.status == 65 && outcome.errors.contains(part), "\(arguments): \(outcome)")
      }
      #expect(try Zoo.run("inspect", safetensors).status == 0)
    }
  }

  @Test func logitsAreNotShownAsProbabilities() throws {
    try withFolder { folder in
      var model = colourModel(probabilities: true)
      model.metadata.image?.deviation = [0.1, 0.1, 0.1]
      try model.write(to: folder + "/m.zoo", format: .package)
      try writePicture(0, 255, 0, to: folder + "/x.png")
      let outcome = try Zoo.run("predict", folder + "/m.zoo", folder + "/x.png")
      #expect(outcome.status == 65 && !outcome.output.contains("%"), "\(outcome)")
      #expect(outcome.errors.contains("--scores logits"), "\(outcome.errors)")
      #expect(try Zoo.run("convert", folder + "/m.zoo", folder + "/n.zoo", "--scores", "logits").status == 0)
      let answer = try Zoo.run("predict", folder + "/n.zoo", folder + "/x.png", "--top", "1")
      // softmax of 0, 10, 0
      #expect(answer.output.contains("green 99.99 %"), "\(answer)")
    }
  }
}
