import Foundation
import PyTorchFormat
import Testing
import ZooCore
import TensorFiles

/// Every fixture holds what PyTorch says it holds.
@Suite struct FixtureTests {
  static let names =
    [
      "tensors_zip", "tensors_legacy", "tensors_protocol5", "checkpoint_zip", "checkpoint_legacy", "arrays_zip",
      "tensor_zip",
      "pair_zip", "small_zip", "small_legacy",
    ].flatMap { ["\($0)_113", "\($0)_215"] } + [
      "unresolved_zip_215", "objects_zip_215", "objects_legacy_215", "module_zip_215", "checkpoint_deflated",
      "scripted_215", "traced_215",
    ]

  @Test(arguments: names) func tensorsAreThoseOfPyTorch(name: String) throws {
    let checkpoint = try PyTorchFormat.read(fixture("\(name).pt"))
    let lines = try String(contentsOfFile: fixture("\(name).txt"), encoding: .utf8).split(separator: "\n")
    #expect(checkpoint.tensors.count == lines.count)
    for (tensor, line) in zip(checkpoint.tensors, lines) {
      let fields = line.split(separator: " ")
      #expect(tensor.name == fields[0])
      #expect(tensor.tensor.type.name == fields[1], "\(tensor.name)")
      #expect(tensor.tensor.shape == (fields[2] == "scalar" ? [] : fields[2].split(separator: "x").map { Int($0)! }))
      let loaded = try tensor.tensor.load().withUnsafeBytes { Array($0) }
      #expect(hexadecimal(loaded) == fields[3], "\(tensor.name)")
      var copied = [UInt8](repeating: 0xAA, count: tensor.tensor.byteCount)
      try copied.withUnsafeMutableBytes { try tensor.tensor.read(into: $0) }
      #expect(copied == loaded)
      // The second half by itself, from whole elements on.
      let size = tensor.tensor.type.bitWidth / 8
      let start = copied.count / size / 2 * size
      var half = [UInt8](repeating: 0xAA, count: copied.count - start)
      try half.withUnsafeMutableBytes { try tensor.tensor.read(into: $0, at: start) }
      #expect(half == Array(loaded[start...]))
    }
  }

  @Test(arguments: [
    "checkpoint_zip_113", "checkpoint_zip_215", "checkpoint_legacy_113", "checkpoint_legacy_215", "checkpoint_deflated",
  ])
  func plainValuesAreKept(name: String) throws {
    let checkpoint = try PyTorchFormat.read(fixture("\(name).pt"))
    #expect(checkpoint.path == "state_dict")
    #expect(checkpoint.values["epoch"] == .int(12))
    #expect(checkpoint.values["labels"]?.texts == ["cat", "dög"])
    #expect(checkpoint.values["accuracy"] == .float(0.875))
    #expect(checkpoint.values["best"] == .float(91.5))
    #expect(checkpoint.values["steps"] == .int(-3))
    #expect(checkpoint.values["none"] == CheckpointValue.none)
    #expect(checkpoint.values["flag"] == .bool(true))
    #expect(checkpoint.values["args"] == .dictionary(["rate": .float(0.1), "layers": .list([.int(2), .int(2)])]))
    #expect(checkpoint.values["kinds"] == .list([.int(3)]))
    #expect(checkpoint.values["type"] == .other("torch.float16"))
    #expect(checkpoint.values["device"] == .other("torch.device"))
    #expect(checkpoint.values["size"] == .list([.int(1), .int(2)]))
    #expect(checkpoint.values["many"] == .dictionary(["a": .list([.int(1)])]))
    #expect(checkpoint.values["large"] == .other("a whole number of more than 64 bits"))
    #expect(checkpoint.values["optimizer"] == nil)
  }

  @Test(arguments: ["objects_zip_215", "objects_legacy_215"]) func otherObjectsAreNamed(name: String) throws {
    let checkpoint = try PyTorchFormat.read(fixture("\(name).pt"))
    #expect(checkpoint.path == "state_dict")
    let values = checkpoint.values
    #expect(values["epoch"] == .int(3))
    #expect(values["hyper_parameters"] == .dictionary(["rate": .float(0.5)]))
    #expect(values["counter"] == .dictionary(["a": .int(2), "b": .int(1)]))
    #expect(values["queue"] == .list([.int(1), .int(2)]))
    #expect(values["sets"] == .list([.list([.int(1)])]))
    #expect(values["path"] == .other("pathlib.PurePosixPath"))
    #expect(values["device"] == .other("torch.device"))
    #expect(values["schedule"] == .other("torch.optim.lr_scheduler.StepLR"))
    // The class that the weights themselves are in was read.
    #expect(!checkpoint.unread.contains("__main__.Settings"))
    for name in [
      "__main__.Callback", "__main__.Phase", "__main__.Slots", "__main__.Named", "__main__.Point",
      "pathlib.PurePosixPath", "datetime.datetime", "functools.partial", "torch.torch_version.TorchVersion",
    ] { #expect(checkpoint.unread.contains(name), "\(name) in \(checkpoint.unread)") }
  }

  @Test func alignedTensorsAreNotCopied() throws {
    let checkpoint = try PyTorchFormat.read(fixture("tensors_zip_215.pt"))
    let base = try #require(checkpoint.tensors.first { $0.name == "view.base" }).tensor
    let first = try base.load().withUnsafeBytes { $0.baseAddress }
    let second = try base.load().withUnsafeBytes { $0.baseAddress }
    #expect(first == second)
  }

  @Test func contentTellsTheFormat() throws {
    for name in Self.names {
      let beginning = try contents("\(name).pt").prefix(256)
      #expect(beginning.withUnsafeBytes { PyTorchFormat.sniff($0) }, "\(name)")
    }
    for other: [UInt8] in [[], [0x80], Array("PK\u{3}\u{4}".utf8), [8, 10, 18, 4], Array(repeating: 0, count: 256)] {
      #expect(!other.withUnsafeBytes { PyTorchFormat.sniff($0) })
    }
  }

  @Test func aMissingFileIsSaidToBeMissing() {
    #expect { try PyTorchFormat.read(fixture("absent.pt")) } throws: { ($0 as? ZooError)?.kind == .notFound }
    #expect { try PyTorchFormat.read(fixture(".")) } throws: { ($0 as? ZooError)?.kind == .badData }
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.isEmpty ? "-" : bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
