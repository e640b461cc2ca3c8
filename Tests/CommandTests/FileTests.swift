import Foundation
import ModelZoo
import TestSupport
import Testing

@Suite(.needs(Zoo.built))
struct FileTests {
  @Test func convertsThereAndBack() throws {
    try withFolder { folder in
      try colourModel().write(to: folder + "/a.onnx", format: .onnx)
      #expect(try Zoo.run("convert", folder + "/a.onnx", folder + "/b.zoo").status == 0)
      let outcome = try Zoo.run("convert", folder + "/b.zoo", folder + "/c.onnx", "--json")
      #expect(outcome.status == 0)
      #expect(try outcome.json()["path"] as? String == folder + "/c.onnx")
      let files = try ["a", "c"].map { try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0).onnx")) }
      #expect(files[0] == files[1])
    }
  }

  /// Caffe's weights lie beside the prototxt, under its name or alone in the folder.
  @Test func readsOtherFrameworksNetworks() throws {
    let fixtures = Zoo.root + "/Tests/GraphFormatTests"
    try withFolder { folder in
      let caffe = fixtures + "/Caffe/Fixtures/alexnet"
      for (path, format) in [
        (caffe + ".prototxt", "caffe"), (fixtures + "/TFLite/Fixtures/classifier-int8.tflite", "tflite"),
      ] {
        let report = try Zoo.run("inspect", path, "--json").json()
        #expect(report["format"] as? String == format)
        #expect(try Zoo.run("convert", path, folder + "/m.zoo").status == 0)
        let outcome = try Zoo.run("run", folder + "/m.zoo", "--seed", "1", "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      let files = FileManager.default
      try files.copyItem(atPath: caffe + ".prototxt", toPath: folder + "/deploy.prototxt")
      let missing = try Zoo.run("inspect", folder + "/deploy.prototxt")
      #expect(missing.status == 66 && missing.errors.contains("no .caffemodel"), "\(missing.errors)")
      try files.copyItem(atPath: caffe + ".caffemodel", toPath: folder + "/trained.caffemodel")
      #expect(try Zoo.run("inspect", folder + "/deploy.prototxt").status == 0)
      let weights = folder + "/trained.caffemodel"
      #expect(try Zoo.run("convert", weights, folder + "/w.safetensors").status == 0)
      let graph = try Zoo.run("run", weights, "--seed", "1")
      #expect(graph.status == 65 && graph.errors.contains("prototxt"), "\(graph.errors)")
      try files.copyItem(atPath: caffe + ".caffemodel", toPath: folder + "/other.caffemodel")
      let several = try Zoo.run("inspect", folder + "/deploy.prototxt")
      #expect(several.errors.contains("other.caffemodel, trained.caffemodel"), "\(several.errors)")
    }
  }

  @Test func recordsWhatPredictingNeeds() throws {
    try withFolder { folder in
      var bare = colourModel()
      bare.metadata = ModelMetadata()
      try bare.write(to: folder + "/bare.onnx", format: .onnx)
      try writePicture(0, 255, 0, to: folder + "/x.png")
      let refused = try Zoo.run("predict", folder + "/bare.onnx", folder + "/x.png")
      #expect(refused.status == 64 && refused.errors.contains("--task"), "\(refused.errors)")
      #expect(refused.errors.contains(folder + "/bare.onnx"), "\(refused.errors)")
      try write("one\ntwo\n", to: folder + "/labels")
      let tooFew = try Zoo.run("convert", folder + "/bare.onnx", folder + "/m.zoo", "--labels", folder + "/labels")
      #expect(tooFew.status == 64 && tooFew.errors.contains("2 labels"), "\(tooFew.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/m.zoo"))
      #expect(
        try Zoo.run("convert", folder + "/bare.onnx", folder + "/m.zoo", "--task", "image-classification").status == 64)
      for labels in ["rouge\nvert\nbleu\n", #"["rouge", "vert", "bleu"]"#] {
        try write(labels, to: folder + "/labels")
        let outcome = try Zoo.run(
          "convert", folder + "/bare.onnx", folder + "/m.zoo", "--task", "image-classification", "--preprocessing",
          "cifar10", "--labels", folder + "/labels", "--name", "couleurs")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let metadata = try ModelDefinition(contentsOf: folder + "/m.zoo").metadata
        #expect(metadata.labels == ["rouge", "vert", "bleu"] && metadata.name == "couleurs")
        #expect(metadata.task == .imageClassification && metadata.image != nil)
      }
    }
  }

  @Test func looksInside() throws {
    try withFolder { folder in
      for format in ModelFormat.written {
        let path = "\(folder)/colours.\(format.rawValue)"
        try colourModel().write(to: path, format: format)
        let report = try Zoo.run("inspect", path, "--compiled", "--json").json()
        #expect(report["nodes"] as? Int == 2 && report["format"] as? String == format.rawValue)
        #expect((report["metadata"] as? [String: Any])?["name"] as? String == "colours")
        let regions = try #require(report["regions"] as? [[String: Any]])
        #expect(regions.count == 1 && regions[0]["planned"] as? Bool == true && regions[0]["arena_bytes"] is Int)
        let text = try Zoo.run("inspect", path, "--compiled", "--tensors")
        #expect(text.status == 0 && text.errors.isEmpty)
        #expect(text.output.contains("photo: float32 N×3×4×4"), "\(text.output)")
      }
    }
  }

  @Test func looksIntoCheckpoints() throws {
    let path = Zoo.root + "/Tests/PyTorchFormatTests/Fixtures/checkpoint_zip_215.pt"
    let report = try Zoo.run("inspect", path, "--json").json()
    #expect(report["format"] as? String == "pytorch")
    let tensors = try #require(report["tensors"] as? [[String: Any]])
    #expect(!tensors.isEmpty && tensors.allSatisfy { $0["name"] is String && $0["shape"] is [Int] })
    let name = try #require(tensors[0]["name"] as? String)
    #expect(try Zoo.run("inspect", path, "--tensors").output.contains(name))
    let compiled = try Zoo.run("inspect", path, "--compiled")
    #expect(compiled.status == 65 && compiled.errors.contains("zoo pack"), "\(compiled.errors)")
  }

  @Test func listsPlugins() throws {
    let outcome = try Zoo.run("plugins", "--json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let plugins = try #require(try outcome.json()["plugins"] as? [[String: Any]])
    let operators = plugins.flatMap { $0["operators"] as? [[String: Any]] ?? [] }
    for name in ["Conv", "Add", "Gemm"] { #expect(operators.contains { $0["name"] as? String == name }, "\(name)") }
    for key in ["name", "version", "path"] { #expect(plugins.allSatisfy { $0[key] is String }) }
  }

  @Test func refusesPluginsThatOthersCanWrite() throws {
    try withFolder { folder in
      let plugins = try #require(try Zoo.run("plugins", "--json").json()["plugins"] as? [[String: Any]])
      let path = try #require(plugins.first?["path"] as? String)
      let copy = folder + "/libCopy.so"
      try FileManager.default.copyItem(atPath: path, toPath: copy)
      try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: copy)
      let outcome = try Zoo.run("plugins", "--plugin", copy)
      #expect(outcome.status == 65)
      #expect(outcome.errors.contains("libCopy.so"), "\(outcome.errors)")
    }
  }
}
