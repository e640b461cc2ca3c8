import Foundation
import ModelZoo
import TestSupport
import Testing
import TensorFiles

/// Folders whose weights have no usual name, and files of one model that disagree.
@Suite struct FolderWeightsTests {
  private func write(_ names: [String], to path: String, metadata: [String: String] = [:]) throws {
    let tensors = try names.map { NamedTensor(name: $0, tensor: try StoredTensor(Tensor([Float(1), 2], shape: [2]))) }
    let format = try #require(WeightsFormat(nameOf: path))
    let properties = metadata.sorted { $0.key < $1.key }.map { Property(key: $0.key, value: $0.value) }
    try WeightTarget.file(format).write(TensorFile(tensors: tensors, metadata: properties), to: path)
  }

  @Test(arguments: [
    ["diffusion_pytorch_model.safetensors"], ["adapter_model.safetensors", "training_args.bin"],
    ["anything.safetensors"],
    ["anything.pth"], ["weights.gguf"], ["weights.npz"], ["net.h5"], ["a.safetensors", "b.pth"],
    ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
    ["x-00001-of-00002.bin", "x-00002-of-00002.bin", "optimizer.pt"],
  ])
  func theOneThatCanBeMeantIsTaken(files: [String]) throws {
    try withFolder { folder in
      for (index, file) in files.enumerated() { try write(["tensor\(index)"], to: "\(folder)/\(file)") }
      let source = try WeightSource(contentsOf: folder)
      let isSharded = files[0].contains("-of-")
      #expect(source.file.tensors.map(\.name) == (isSharded ? ["tensor0", "tensor1"] : ["tensor0"]))
    }
  }

  @Test(arguments: [
    ([], "no checkpoint"), (["a.safetensors", "b.safetensors"], "several"), (["a.npz", "b.gguf"], "several"),
    (["m-00001-of-00003.safetensors", "m-00003-of-00003.safetensors"], "2 of the model's 3"),
    (["m-00001-of-00002.safetensors"], "1 of the model's 2"), (["optimizer.pt"], "no checkpoint"),
    (["m-00001-of-00002.safetensors", "n-00002-of-00002.safetensors"], "several"),
  ])
  func severalAreAnError(files: [String], message: String) throws {
    try withFolder { folder in
      for file in files { try write(["tensor"], to: "\(folder)/\(file)") }
      let error = #expect(throws: ZooError.self) { try WeightFiles(contentsOf: folder) }
      #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    }
  }

  @Test func twoPartsWithOneTensorAreAnError() throws {
    try withFolder { folder in
      for number in 1...2 { try write(["same"], to: "\(folder)/m-0000\(number)-of-00002.safetensors") }
      let error = #expect(throws: ZooError.self) { try WeightFiles(contentsOf: folder) }
      #expect(error?.kind == .badData && error?.description.contains("same") == true)
    }
  }

  @Test func whatPartsDisagreeOnIsLeftOutAndTold() throws {
    try withFolder { folder in
      try write(["a"], to: "\(folder)/1.safetensors", metadata: ["format": "pt", "part": "1", "first": "x"])
      try write(["b"], to: "\(folder)/2.safetensors", metadata: ["format": "pt", "part": "2"])
      let index = #"{"metadata": {}, "weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}"#
      try Data(index.utf8).write(to: URL(filePath: "\(folder)/model.safetensors.index.json"))
      let source = try WeightSource(contentsOf: folder)
      let metadata = Dictionary(uniqueKeysWithValues: source.file.metadata.map { ($0.key, $0.value) })
      #expect(metadata == ["format": "pt", "first": "x"])
      #expect(source.file.unread.count == 1 && source.file.unread[0].contains("\"part\""))
      for format in WeightsFormat.all where format.isWritable && format != .numpyArray && format != .svm {
        try WeightTarget.file(format).write(source.file, to: "\(folder)/out\(format.endings[0])")
      }
    }
  }
}
