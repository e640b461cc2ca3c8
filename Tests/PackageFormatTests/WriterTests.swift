import PackageFormat
import Testing
import ZooCore

@Suite struct WriterTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private struct FailingSource: TensorSource {
    func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) throws {
      throw ZooError(.badData, "the disk is on fire")
    }
  }

  @Test(arguments: [PackageFormat.Compression.none, .planes])
  func failureLeavesTheOldFile(compression: PackageFormat.Compression) throws {
    try folder.write([1, 2, 3], "a.zoo")
    let model = model(of: try StoredTensor(type: .float32, shape: [1000], source: FailingSource()))
    let error = #expect(throws: ZooError.self) {
      try PackageFormat.write(model, to: folder.file("a.zoo"), compression: compression)
    }
    #expect(error?.location?.contains("tensor \"weights\"") == true)
    #expect(folder.names == ["a.zoo"])
    #expect(try folder.contents("a.zoo") == [1, 2, 3])
  }

  @Test func folderThatIsMissing() {
    let error = #expect(throws: ZooError.self) {
      try PackageFormat.write(ModelDefinition(), to: folder.file("no/a.zoo"))
    }
    #expect(error?.kind == .notFound)
  }

  @Test func textWithNULIsRefused() {
    var model = ModelDefinition()
    model.graph.name = "a\0b"
    #expect(throws: ZooError.self) { try PackageFormat.write(model, to: folder.file("a.zoo")) }
  }

  @Test func rewritingAFileThatIsOpen() throws {
    let tensor = try Tensor(normalNumbers(1 << 19), shape: [1 << 19])
    try PackageFormat.write(model(of: StoredTensor(tensor)), to: folder.file("a.zoo"))
    let read = try PackageFormat.read(folder.file("a.zoo"))
    try PackageFormat.write(read, to: folder.file("a.zoo"), compression: .none)
    try expectEqual(PackageFormat.read(folder.file("a.zoo")).graph.initializers[0].tensor.load(), tensor)
    try expectEqual(read.graph.initializers[0].tensor.load(), tensor)
  }

  @Test func trainedWeightsShrink() throws {
    // Normal numbers have the distribution that matters; real ones are measured in Benchmarks.
    let floats = normalNumbers(1 << 20)
    let bfloats = floats.map { UInt16($0.bitPattern >> 16) }
    let stored = try Tensor(type: .bfloat16, shape: [1 << 20]) { bytes in
      bfloats.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
    for (tensor, limit) in [(try Tensor(floats, shape: [1 << 20]), 0.86), (stored, 0.70)] {
      try PackageFormat.write(model(of: StoredTensor(tensor)), to: folder.file("a.zoo"))
      let summary = try PackageFormat.summary(folder.file("a.zoo"))
      #expect(Double(summary.storedByteCount) < limit * Double(summary.byteCount))
    }
  }
}
