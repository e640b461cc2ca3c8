import Foundation
import ONNXFormat
import PackageFormat
import TestSupport
import Testing
import ZooCore

@Suite struct RoundTripTests {
  /// The onnx package's own test models: what is read and written, directly and through a package, must be the same
  /// message.
  @Test(.needs(.python("onnx")))
  func everyModelOfTheONNXPackage() throws {
    let folder = try TemporaryFolder()
    try Python.run(modelsScript, "make", folder.path)
    for name in try folder.names {
      let path = "\(folder.path)/\(name)"
      #expect(ONNXFormat.sniff(path), "\(name)")
      let model = try ONNXFormat.read(path)
      try ONNXFormat.write(model, to: path.dropLast(5) + ".copy.onnx")
      let package = String(path.dropLast(5)) + ".zoo"
      try PackageFormat.write(model, to: package)
      #expect(!ONNXFormat.sniff(package), "\(name)")
      try ONNXFormat.write(PackageFormat.read(package), to: package + ".onnx")
    }
    try Python.run(modelsScript, "compare", folder.path)
  }

  @Test func writesWhatItReadsByteForByte() throws {
    let folder = try TemporaryFolder()
    let model = try sampleModel()
    try ONNXFormat.write(model, to: "\(folder.path)/a.onnx")
    let read = try ONNXFormat.read("\(folder.path)/a.onnx")
    #expect(read.metadata == model.metadata)
    #expect(read.properties == model.properties)
    #expect(read.documentation == model.documentation)
    #expect(read.unknownFields == model.unknownFields)
    #expect(read.graph.inputs == model.graph.inputs)
    #expect(try read.graph.initializers[0].tensor.load().elements() == (0..<600).map { Float($0) })
    #expect(try read.graph.initializers[2].tensor.load().strings == [[0, 255], []])
    try ONNXFormat.write(read, to: "\(folder.path)/b.onnx")
    #expect(try folder.read("a.onnx") == folder.read("b.onnx"))
    #expect(try folder.names == ["a.onnx", "b.onnx"])
  }

  @Test func keepsWhatItDoesNotModel() throws {
    let folder = try TemporaryFolder()
    let sparse = Wire().message(1, Wire().integer(1, 2)).data(3, [1, 2])
    let graph = Wire().message(
      1,
      Wire().text(1, "x").text(4, "Op").message(5, Wire().text(1, "a").integer(20, 99).message(24, sparse))
        .message(10, Wire().text(1, "two"))
    ).message(5, Wire().integer(1, 1).integer(2, 2).data(9, [7]).message(3, Wire().integer(1, 0).integer(2, 1)))
      .message(14, Wire().text(1, "x"))
    let bytes = Wire().integer(1, 10).message(7, graph).message(20, Wire()).message(26, Wire().text(1, "two"))
      .integer(99, 1 << 63).bytes
    let model = try ONNXFormat.read(folder.write(bytes, to: "a.onnx"))
    #expect(model.unknownFields.map(\.number) == [20, 26, 99])
    #expect(model.graph.unknownFields.map(\.number) == [14])
    #expect(model.graph.nodes[0].unknownFields.map(\.number) == [10])
    #expect(model.graph.nodes[0].attributes[0].unknownFields.map(\.number) == [24])
    #expect(model.graph.initializers[0].unknownFields.map(\.number) == [3])
    try ONNXFormat.write(model, to: "\(folder.path)/b.onnx")
    let again = try ONNXFormat.read("\(folder.path)/b.onnx")
    #expect(again.unknownFields == model.unknownFields)
    #expect(again.graph.unknownFields == model.graph.unknownFields)
    #expect(again.graph.nodes[0].attributes[0].unknownFields == model.graph.nodes[0].attributes[0].unknownFields)
  }

  @Test func keepsCalibration() throws {
    let folder = try TemporaryFolder()
    var model = try sampleModel()
    model.metadata.calibration = Calibration(samples: 2, ranges: [.init(value: "x", least: -0.1, greatest: 3e38)])
    try ONNXFormat.write(model, to: "\(folder.path)/a.onnx")
    #expect(try ONNXFormat.read("\(folder.path)/a.onnx").metadata == model.metadata)
    for range in ["1, \"greatest\": 0", "-1e60, \"greatest\": 0", "\"NaN\", \"greatest\": 0"] {
      let json =
        #"{"calibration": {"samples": 1, "ranges": [{"value": "x", "least": \#(range)}]}, "#
        + #""name": "", "architecture": "", "task": "none", "labels": [], "outputsProbabilities": false, "#
        + #""license": "", "source": "", "summary": "", "accuracy": []}"#
      let property = Wire().text(1, "modelzoo.metadata").text(2, json)
      let path = try folder.write(Wire().integer(1, 10).message(7, Wire()).message(14, property).bytes, to: "b.onnx")
      let error = #expect(throws: ZooError.self) { try ONNXFormat.read(path) }
      #expect(error?.kind == .badData, "\(range)")
    }
  }

  @Test func damagedMetadataIsNamed() throws {
    let folder = try TemporaryFolder()
    let property = Wire().text(1, "modelzoo.metadata").text(2, "{\"task\": 3}")
    let path = try folder.write(Wire().integer(1, 10).message(7, Wire()).message(14, property).bytes, to: "a.onnx")
    let error = #expect(throws: ZooError.self) { try ONNXFormat.read(path) }
    #expect(error?.kind == .badData && error?.message.contains("modelzoo.metadata") == true)
  }
}
