import Dispatch
import PackageFormat
import Synchronization
import Testing
import ZooCore

@Suite struct RoundTripTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [PackageFormat.Compression.none, .planes])
  func everythingSurvives(compression: PackageFormat.Compression) throws {
    let model = try completeModel()
    try PackageFormat.write(model, to: folder.file("a.zoo"), compression: compression)
    let read = try PackageFormat.read(folder.file("a.zoo"))
    #expect(try fingerprint(read) == fingerprint(model))
    try PackageFormat.verifyChecksums(folder.file("a.zoo"))
    #expect(PackageFormat.sniff(Array(try folder.contents("a.zoo").prefix(16))))

    // Same model, same bytes, whether its tensors come from memory or from a package.
    try PackageFormat.write(read, to: folder.file("b.zoo"), compression: compression)
    #expect(try folder.contents("a.zoo") == folder.contents("b.zoo"))
    #expect(folder.names.count == 2)
  }

  @Test func emptyModel() throws {
    try PackageFormat.write(ModelDefinition(), to: folder.file("a.zoo"))
    #expect(try fingerprint(PackageFormat.read(folder.file("a.zoo"))) == fingerprint(ModelDefinition()))
  }

  /// A field that is added to the metadata has to be added to the format, and to `completeMetadata`.
  @Test func metadataIsComplete() throws {
    func check(_ value: Any, differsFrom other: Any) {
      for (field, standard) in zip(Mirror(reflecting: value).children, Mirror(reflecting: other).children) {
        #expect("\(field.value)" != "\(standard.value)", "\(field.label ?? "") is not tested")
      }
    }
    check(completeMetadata(), differsFrom: ModelMetadata())
    check(
      try #require(completeMetadata().image),
      differsFrom: ImagePreprocessing(resize: .shorterSide(0), height: 0, width: 0, mean: [], deviation: []))
  }

  @Test(arguments: [ImagePreprocessing.Resize.shorterSide(256), .none]) func resize(_ resize: ImagePreprocessing.Resize)
    throws
  {
    var model = ModelDefinition()
    let side = resize == .none ? 0 : 224
    model.metadata.image = ImagePreprocessing(
      resize: resize, height: side, width: side, mean: [0, 0, 0], deviation: [1, 1, 1])
    try PackageFormat.write(model, to: folder.file("a.zoo"))
    #expect(try PackageFormat.read(folder.file("a.zoo")).metadata == model.metadata)
  }

  /// Pieces of any size, in any order and from several threads at once, are what reading the whole gives.
  @Test(arguments: [7_001, 100_003, 262_144, 600_000])
  func piecesAreTheWhole(pieceByteCount: Int) throws {
    let tensor = try Tensor(normalNumbers(700_000), shape: [700_000])
    for compression in [PackageFormat.Compression.none, .planes] {
      try PackageFormat.write(model(of: StoredTensor(tensor)), to: folder.file("a.zoo"), compression: compression)
      let stored = try PackageFormat.read(folder.file("a.zoo")).graph.initializers[0].tensor
      let count = (stored.byteCount + pieceByteCount - 1) / pieceByteCount
      let orders = [Array(0..<count), (0..<count).reversed(), (0..<count).map { ($0 * 3 + 1) % count }]
      for order in orders where Set(order).count == count {
        let result = try Tensor(type: .float32, shape: tensor.shape) { bytes in
          nonisolated(unsafe) let bytes = bytes
          let failures = Mutex(0)
          DispatchQueue.concurrentPerform(iterations: count) { place in
            let start = order[place] * pieceByteCount
            let piece = UnsafeMutableRawBufferPointer(
              rebasing: bytes[start..<min(start + pieceByteCount, bytes.count)])
            do {
              try stored.read(into: piece, at: start)
            } catch {
              failures.withLock { $0 += 1 }
            }
          }
          #expect(failures.withLock { $0 } == 0)
        }
        try expectEqual(result, tensor)
      }
    }
  }

  /// Several chunks of each type, compressible and not.
  @Test(arguments: ElementType.allCases.filter { $0 != .string })
  func longTensors(type: ElementType) throws {
    let numbers = normalNumbers(700_000)
    let count = 2_600_000 * 8 / type.bitWidth
    let noise = numbers.map { UInt8(truncatingIfNeeded: $0.bitPattern >> 3) }
    let tensors = [
      try Tensor(type: type, shape: [count]) { bytes in
        for index in bytes.indices { bytes[index] = noise[index % noise.count] }
      },
      try Tensor(type: type, shape: [2, count / 2]) { bytes in
        numbers.withUnsafeBytes { source in
          for index in bytes.indices { bytes[index] = source[index % source.count] }
        }
      },
      try Tensor(type: type, shape: [count]) { $0.initializeMemory(as: UInt8.self, repeating: 1) },
    ]
    for tensor in tensors {
      let model = model(of: StoredTensor(tensor))
      try PackageFormat.write(model, to: folder.file("a.zoo"))
      let stored = try PackageFormat.read(folder.file("a.zoo")).graph.initializers[0].tensor
      let loaded = try stored.load()
      try expectEqual(loaded, tensor)
      // Any part, across chunks.
      let part = 1_048_000..<2_098_001
      try withUnsafeTemporaryAllocation(byteCount: part.count, alignment: 1) { bytes in
        try stored.read(into: bytes, at: part.lowerBound)
        tensor.withUnsafeBytes { #expect(bytes.elementsEqual($0[part])) }
      }
    }
  }

  @Test func storedTensorsAreMapped() throws {
    let tensor = try Tensor(normalNumbers(300_000), shape: [300_000])
    var model = model(of: StoredTensor(tensor))
    model.graph.initializers += (0..<70).map { length in
      NamedTensor(
        name: "", tensor: StoredTensor(try! Tensor([UInt8](repeating: 7, count: 300 + length), shape: [300 + length])))
    }
    try PackageFormat.write(model, to: folder.file("a.zoo"), compression: .none)
    for (read, written) in zip(
      try PackageFormat.read(folder.file("a.zoo")).graph.initializers, model.graph.initializers)
    {
      let (first, second) = (try read.tensor.load(), try read.tensor.load())
      let address = UInt(bitPattern: first.memory?.mutableBytes.baseAddress)
      #expect(address % 64 == 0)
      #expect(
        second.memory?.mutableBytes.baseAddress == first.memory?.mutableBytes.baseAddress || read.tensor.shape == [369])
      try expectEqual(first, try written.tensor.load())
    }
  }

  @Test func summaryAddsUp() throws {
    let floats = try Tensor(normalNumbers(1 << 20), shape: [1 << 20])
    try PackageFormat.write(model(of: StoredTensor(floats)), to: folder.file("a.zoo"))
    let summary = try PackageFormat.summary(folder.file("a.zoo"))
    #expect(summary.version == 1)
    #expect(summary.fileSize == (try folder.contents("a.zoo").count))
    #expect(summary.tensors.map(\.name) == ["weights"])
    #expect(summary.tensors[0].chunks.count == 16)
    #expect(summary.byteCount == 4 << 20)
    #expect(summary.storedByteCount < summary.fileSize)
    #expect(summary.storedByteCount + summary.modelSize > summary.fileSize - 1000)
    // The exponents shrink, the middle of the mantissas doesn't.
    #expect(summary.tensors[0].chunks[0].planes.map(\.deflated)[1...] == [false, false, true])
  }
}

func expectEqual(_ a: Tensor, _ b: Tensor, sourceLocation: SourceLocation = #_sourceLocation) throws {
  #expect(a.type == b.type && a.shape == b.shape, sourceLocation: sourceLocation)
  let equal = a.withUnsafeBytes { x in b.withUnsafeBytes { y in x.elementsEqual(y) } }
  #expect(equal && a.strings == b.strings, sourceLocation: sourceLocation)
}
