import Foundation
import PackageFormat
import TestSupport
import Testing
import ZooCore

/// What others make of our files: a reader in Python that was written from Docs/format.md, and protoc.
@Suite struct OutsideReaderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(
    .needs(.program("python3")),
    arguments: [PackageFormat.Compression.none, .planes])
  func pythonReadsTheSameTensors(compression: PackageFormat.Compression) throws {
    var model = try completeModel()
    for (type, width) in [(ElementType.float32, 4), (.bfloat16, 2), (.float64, 8), (.complex64, 8), (.int64, 8)] {
      let numbers = normalNumbers(100_000).withUnsafeBytes { Array($0) }
      let tensor = try Tensor(type: type, shape: [numbers.count / width]) { bytes in
        for index in bytes.indices { bytes[index] = type == .int64 && index % 8 > 1 ? 0 : numbers[index] }
      }
      model.graph.initializers.append(NamedTensor(name: "long \(type)", tensor: StoredTensor(tensor)))
    }
    try PackageFormat.write(model, to: folder.file("a.zoo"), compression: compression)
    try folder.write(Array(dump(model).utf8), "expected.bin")

    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("reader.py").path
    let lines = try Program.run(#require(Program.path(of: "python3")), [script, folder.file("a.zoo")]).split(
      separator: "\n"
    ).map(String.init)
    let hashes = try Program.run(
      #require(Program.path(of: "python3")), ["-c", hashScript, folder.file("expected.bin")])
    #expect(lines == hashes.split(separator: "\n").map(String.init))
    #expect(lines.count == model.graph.initializers.count)
  }

  /// One line a tensor, the elements in hexadecimal; `hashScript` turns them into what reader.py prints.
  private func dump(_ model: ModelDefinition) throws -> String {
    try model.graph.initializers.map { constant in
      let tensor = try constant.tensor.load()
      var bytes = tensor.withUnsafeBytes { Array($0) }
      for string in tensor.strings ?? [] { bytes += littleEndian(UInt32(string.count)) + string }
      let shape = tensor.shape.map(String.init).joined(separator: "x")
      return "\(constant.name)\t\(tensor.type.rawValue)\t\(shape)\t\(Data(bytes).base64EncodedString())\n"
    }.joined()
  }

  private let hashScript = """
    import base64, hashlib, sys
    for line in open(sys.argv[1]):
        *head, data = line.rstrip("\\n").split("\\t")
        print(*head, hashlib.sha256(base64.b64decode(data)).hexdigest(), sep="\\t")
    """

  @Test(.needs(.program("protoc")))
  func protocDecodes() throws {
    var model = model(of: StoredTensor(try Tensor(normalNumbers(100_000), shape: [100_000])))
    model.graph.nodes = [Node("Relu", inputs: ["x"], outputs: ["y"])]
    try PackageFormat.write(model, to: folder.file("a.zoo"))
    let schema = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Formats/Package/Schema").standardized.path
    let text = try Program.run(
      #require(Program.path(of: "protoc")), ["--decode", "zoo.Package", "--proto_path", schema, "\(schema)/zoo.proto"],
      input: folder.file("a.zoo"))
    #expect(text.contains("operator_type: \"Relu\""))
    #expect(text.contains("name: \"weights\""))
    #expect(text.contains("version: 1\n"))
    // Nothing is left over that the schema doesn't know.
    #expect(!text.split(separator: "\n").contains { $0.first?.isNumber == true })
  }

  @Test(.needs(.program("protoc-c")))
  func generatedCodeIsCurrent() throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Formats/generate-schemas.sh").standardized.path
    _ = try Program.run(script, ["--check"])
  }
}
