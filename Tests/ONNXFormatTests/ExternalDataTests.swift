import Foundation
import ONNXFormat
import Testing
import ZooCore

@Suite struct ExternalDataTests {
  @Test func initializersGoToAFileBeside() throws {
    let folder = try TemporaryFolder()
    let model = try sampleModel()
    try ONNXFormat.write(model, to: "\(folder.path)/m.onnx", externalData: .always)
    #expect(try folder.names == ["m.onnx", "m.onnx.data"])
    #expect(try folder.read("m.onnx.data").count == 2400)
    let read = try ONNXFormat.read("\(folder.path)/m.onnx")
    #expect(try read.graph.initializers[0].tensor.load().elements() == (0..<600).map { Float($0) })
    // The file is replaced while the model still reads from the old one.
    try ONNXFormat.write(read, to: "\(folder.path)/m.onnx", externalData: .always)
    let again = try ONNXFormat.read("\(folder.path)/m.onnx")
    #expect(try again.graph.initializers[0].tensor.load().elements() == (0..<600).map { Float($0) })
    try ONNXFormat.write(read, to: "\(folder.path)/inline.onnx", externalData: .never)
    try ONNXFormat.write(model, to: "\(folder.path)/other.onnx")
    #expect(try folder.read("inline.onnx") == folder.read("other.onnx"))
  }

  @Test func offsetAndLengthAreOptional() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write([9, 8, 7, 6], to: "w.bin")
    for entries: KeyValuePairs in [
      ["location": "w.bin"], ["location": "./w.bin", "length": "4", "checksum": "?"],
    ] {
      let tensor = Wire().integer(1, 4).integer(2, 2).external(entries)
      let model = try ONNXFormat.read(folder.write(Wire.model(initializer: tensor), to: "m.onnx"))
      #expect(try model.graph.initializers[0].tensor.load().elements() == [9, 8, 7, 6] as [UInt8])
    }
  }

  @Test func attributesCanBeExternal() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write([9, 8, 7, 6], to: "w.bin")
    let tensor = Wire().integer(1, 2).integer(2, 2).external(["location": "w.bin", "offset": "1"])
    let attribute = Wire().text(1, "value").message(5, tensor).integer(20, 4)
    let graph = Wire().message(1, Wire().text(4, "Constant").message(5, attribute))
    let model = try ONNXFormat.read(folder.write(Wire.model(graph: graph), to: "m.onnx"))
    guard case .tensor(let value)? = model.graph.nodes[0][attribute: "value"] else {
      Issue.record("no tensor")
      return
    }
    #expect(try value.tensor.load().elements() == [8, 7] as [UInt8])
  }

  @Test func refusesWhatLiesElsewhere() throws {
    let folder = try TemporaryFolder()
    let outside = try folder.write([1, 2, 3, 4], to: "outside.bin")
    let home = "\(folder.path)/home"
    try FileManager.default.createDirectory(atPath: "\(home)/inner", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: "\(home)/link", withDestinationPath: "../outside.bin")
    try FileManager.default.createSymbolicLink(atPath: "\(home)/up", withDestinationPath: "..")
    try FileManager.default.createSymbolicLink(atPath: "\(home)/itself", withDestinationPath: "itself")
    _ = mkfifo("\(home)/pipe", 0o600)
    _ = try folder.write([1, 2, 3, 4], to: "home/w.bin")
    let cases: [KeyValuePairs<String, String>] = [
      ["location": outside], ["location": "../outside.bin"], ["location": "inner/../../outside.bin"],
      ["location": "link"], ["location": "up/outside.bin"], ["location": "inner"], ["location": "pipe"],
      ["location": ""], ["location": "w.bin\0"], [:], ["offset": "0"],
      ["location": "w.bin", "offset": "1"], ["location": "w.bin", "offset": "-1"],
      ["location": "w.bin", "offset": "9223372036854775807"], ["location": "w.bin", "offset": "1e3"],
      ["location": "w.bin", "length": "5"], ["location": "w.bin", "length": "99999999999999999999"],
    ]
    for entries in cases {
      let tensor = Wire().integer(1, 4).integer(2, 2).external(entries)
      let path = try folder.write(Wire.model(initializer: tensor), to: "home/m.onnx")
      let error = #expect(throws: ZooError.self, "\(entries)") { try ONNXFormat.read(path) }
      #expect(error?.kind == .badData, "\(entries)")
    }
    for missing in ["nowhere", "itself"] {
      let tensor = Wire().integer(1, 4).integer(2, 2).external(["location": missing])
      let path = try folder.write(Wire.model(initializer: tensor), to: "home/m.onnx")
      #expect(throws: ZooError.self) { try ONNXFormat.read(path) }
    }
  }

  /// The cache of Hugging Face's hub: both files are links into a folder of contents.
  @Test func aModelThatIsALink() throws {
    let folder = try TemporaryFolder()
    let files = FileManager.default
    for name in ["blobs/deep", "snapshots/one/onnx", "elsewhere"] {
      try files.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
    }
    func link(_ name: String, _ target: String) throws {
      try files.createSymbolicLink(atPath: "\(folder.path)/\(name)", withDestinationPath: target)
    }
    func blob(_ name: String, _ location: String) throws {
      let tensor = Wire().integer(1, 4).integer(2, 2).external(["location": location])
      _ = try folder.write(Wire.model(initializer: tensor), to: "blobs/\(name)")
    }
    func elements(_ name: String) throws -> [UInt8] {
      try ONNXFormat.read("\(folder.path)/\(name)").graph.initializers[0].tensor.load().elements()
    }
    _ = try folder.write([1, 2, 3, 4], to: "blobs/2222")
    _ = try folder.write([5, 6, 7, 8], to: "elsewhere/secret")
    _ = try folder.write([9, 9, 9, 9], to: "blobs/deep/data")
    try blob("1111", "model.onnx_data")
    let home = "snapshots/one/onnx"
    try link("\(home)/model.onnx", "../../../blobs/1111")
    try link("\(home)/model.onnx_data", "../../../blobs/2222")
    #expect(try elements("\(home)/model.onnx") == [1, 2, 3, 4])
    // A link to a link, and data beside the model's target alone.
    try link("elsewhere/again.onnx", "../\(home)/model.onnx")
    try blob("3333", "deep/data")
    try link("elsewhere/plain.onnx", "../blobs/3333")
    #expect(try elements("elsewhere/plain.onnx") == [9, 9, 9, 9])
    #expect(throws: ZooError.self) { try elements("elsewhere/again.onnx") }
    // What leads to neither folder.
    try link("\(home)/out", "../../../elsewhere/secret")
    try link("blobs/out", "../elsewhere/secret")
    try link("blobs/chain", "out")
    for location in ["out", "chain", "../elsewhere/secret", "../../../elsewhere/secret", "\(folder.path)/blobs/2222"] {
      try blob("4444", location)
      try? files.removeItem(atPath: "\(folder.path)/\(home)/bad.onnx")
      try link("\(home)/bad.onnx", "../../../blobs/4444")
      #expect(throws: ZooError.self, "\(location)") { try elements("\(home)/bad.onnx") }
    }
  }

  /// A tensor that can't be loaded.
  private struct Failing: TensorSource {
    func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
      throw ZooError(.badData, "the source is broken")
    }
  }

  @Test func aFailureLeavesNothingBehind() throws {
    let folder = try TemporaryFolder()
    var model = ModelDefinition()
    let broken = try StoredTensor(type: .uint8, shape: [5000], source: Failing())
    model.graph.initializers = [NamedTensor(name: "w", tensor: broken)]
    for mode in [ONNXFormat.ExternalData.never, .automatic, .always] {
      let error = #expect(throws: ZooError.self) {
        try ONNXFormat.write(model, to: "\(folder.path)/m.onnx", externalData: mode)
      }
      #expect(error?.message == "the source is broken")
      #expect(try folder.names.isEmpty)
    }
    let huge = try StoredTensor(type: .uint8, shape: [1 << 31], source: Failing())
    model.graph.initializers = [NamedTensor(name: "w", tensor: huge)]
    let error = #expect(throws: ZooError.self) {
      try ONNXFormat.write(model, to: "\(folder.path)/m.onnx", externalData: .never)
    }
    #expect(error?.kind == .usage)
    // Too large for one file, it gets as far as the external data.
    let second = #expect(throws: ZooError.self) { try ONNXFormat.write(model, to: "\(folder.path)/m.onnx") }
    #expect(second?.message == "the source is broken")
    #expect(throws: ZooError.self) { try ONNXFormat.write(model, to: "\(folder.path)/nowhere/m.onnx") }
    #expect(try folder.names.isEmpty)
  }
}
