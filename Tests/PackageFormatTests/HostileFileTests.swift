import PackageFormat
import Testing
import ZooCore

@Suite struct HostileFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Reads `bytes` and all tensors in it.
  private func readAll(_ bytes: [UInt8]) throws -> ModelDefinition {
    try folder.write(bytes, "bad.zoo")
    let model = try PackageFormat.read(folder.file("bad.zoo"))
    for constant in model.graph.initializers { _ = try constant.tensor.load() }
    return model
  }

  private func expectBadData(
    _ bytes: [UInt8], saying text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: ZooError.self, sourceLocation: sourceLocation) { try readAll(bytes) }
    #expect(error?.kind == .badData, sourceLocation: sourceLocation)
    let description = error?.description ?? ""
    #expect(description.contains(text), "\(description)", sourceLocation: sourceLocation)
  }

  /// A model with tensors in both kinds of chunk and beside the graph.
  private func smallFile(_ compression: PackageFormat.Compression) throws -> (model: ModelDefinition, bytes: [UInt8]) {
    var model = model(of: StoredTensor(try Tensor(normalNumbers(80), shape: [80])))
    model.graph.initializers.append(
      NamedTensor(name: "zeros", tensor: StoredTensor(try Tensor([Int64](repeating: 1, count: 40), shape: [8, 5]))))
    model.graph.initializers.append(
      NamedTensor(name: "s", tensor: StoredTensor(try Tensor(strings: [[1], [], [2, 3]], shape: [3]))))
    model.graph.nodes = [
      Node("Add", inputs: ["a", "b"], outputs: ["c"], attributes: [Attribute("i", .ints([1, 300]))])
    ]
    model.graph.inputs = [ValueInfo(name: "a", elementType: .float32, shape: [1, "N"])]
    model.metadata.labels = ["cat"]
    try PackageFormat.write(model, to: folder.file("good.zoo"), compression: compression)
    return (model, try folder.contents("good.zoo"))
  }

  @Test(arguments: [PackageFormat.Compression.none, .planes])
  func everyTruncation(compression: PackageFormat.Compression) throws {
    let bytes = try smallFile(compression).bytes
    for count in 0..<bytes.count {
      let error = #expect(throws: ZooError.self, "\(count) bytes") { try readAll(Array(bytes.prefix(count))) }
      #expect(error?.kind == .badData, "\(count) bytes")
    }
  }

  @Test(arguments: [PackageFormat.Compression.none, .planes])
  func everyBitFlip(compression: PackageFormat.Compression) throws {
    let (model, bytes) = try smallFile(compression)
    let expected = try fingerprint(model)
    var survived = 0
    for position in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[position] ^= 1 << bit
        do {
          let read = try fingerprint(readAll(flipped))
          #expect(read == expected, "bit \(bit) of byte \(position)")
          survived += 1
        } catch let error as ZooError {
          #expect(error.kind == .badData, "bit \(bit) of byte \(position)")
        }
      }
    }
    // Everything is under a checksum or has a fixed meaning.
    #expect(survived == 0)
  }

  @Test func damageIsFoundByVerify() throws {
    var bytes = try smallFile(.planes).bytes
    bytes[bytes.count - 1] ^= 1
    try folder.write(bytes, "bad.zoo")
    let error = #expect(throws: ZooError.self) { try PackageFormat.verifyChecksums(folder.file("bad.zoo")) }
    #expect(error?.location?.contains("tensor \"zeros\": chunk 1") == true)
  }

  @Test func whatIsNoPackage() throws {
    expectBadData([], saying: "not a .zoo package")
    expectBadData(Array("PK\u{3}\u{4} and so on".utf8), saying: "not a .zoo package")
    expectBadData(
      CraftedPackage(version: 7, model: []).bytes,
      saying: "newer version 7 of the format; this reads up to 1")
    expectBadData(CraftedPackage(version: 0, model: []).bytes, saying: "damaged")
    #expect(throws: ZooError.self) { try PackageFormat.read(folder.path) }
    let error = #expect(throws: ZooError.self) { try PackageFormat.read(folder.file("missing.zoo")) }
    #expect(error?.kind == .notFound)
    #expect(error?.location?.contains("missing.zoo") == true)
  }

  @Test func textMovedThroughALineEndConverter() throws {
    let bytes = try smallFile(.planes).bytes
    expectBadData(bytes.flatMap { $0 == 10 ? [13, 10] : [$0] }, saying: "not a .zoo package")
  }

  @Test func unknownFieldsAreSkipped() throws {
    let (model, bytes) = try smallFile(.planes)
    #expect(try fingerprint(readAll(bytes + field(99, [1, 2, 3]) + number(100, 5))) == fingerprint(model))
  }

  /// Ranges of values that are none.
  @Test func calibration() throws {
    func float(_ number: UInt64, _ value: Float) -> [UInt8] { varint(number << 3 | 5) + littleEndian(value.bitPattern) }
    func range(_ name: String, _ least: Float, _ greatest: Float) -> [UInt8] {
      field(2, field(1, Array(name.utf8)) + float(2, least) + float(3, greatest))
    }
    func package(_ ranges: [UInt8], samples: UInt64 = 1) -> [UInt8] {
      CraftedPackage(
        model: CraftedPackage.model(initializers: [], chunkCount: 0)
          + field(11, field(11, number(1, samples) + ranges))
      ).bytes
    }
    let good = try readAll(package(range("x", -1, 2) + range("y", 3, 3), samples: .max)).metadata.calibration
    #expect(good?.ranges.map(\.value) == ["x", "y"] && good?.samples == .max)
    for (least, greatest): (Float, Float) in [(.nan, 1), (0, .nan), (1, 0), (-.infinity, 0), (0, .infinity)] {
      expectBadData(package(range("x", least, greatest)), saying: "calibration of \"x\"")
    }
    expectBadData(package(range("x", 0, 1) + range("x", 0, 2)), saying: "two ranges")
    expectBadData(package((0..<70_000).flatMap { range("\($0)", 0, 1) }), saying: "70000 ranges")
    // What is refused is not written either.
    var model = ModelDefinition()
    model.metadata.calibration = Calibration(samples: 1, ranges: [.init(value: "x", least: 1, greatest: 0)])
    #expect(throws: ZooError.self) { try PackageFormat.write(model, to: folder.file("none.zoo")) }
  }

  @Test(arguments: [40, 100_000])
  func deepNesting(depth: Int) throws {
    var graph: [UInt8] = []
    // Built from the inside, so that each level only adds a prefix.
    var prefixes: [[UInt8]] = []
    var size = 0
    for _ in 0..<depth {
      let attribute = number(2, 5)
      let inAttribute = varint(11 << 3 | 2) + varint(UInt64(size))
      let inNode = varint(7 << 3 | 2) + varint(UInt64(attribute.count + inAttribute.count + size))
      let nodeSize = inNode.count + attribute.count + inAttribute.count + size
      let inGraph = varint(2 << 3 | 2) + varint(UInt64(nodeSize))
      prefixes.append(inGraph + inNode + attribute + inAttribute)
      size += prefixes.last!.count
    }
    for prefix in prefixes.reversed() { graph += prefix }
    expectBadData(CraftedPackage(model: field(8, graph)).bytes, saying: "nested more than")

    var type: [UInt8] = []
    for _ in 0..<min(depth, 120) + 80 { type = field(3, type) }
    expectBadData(CraftedPackage(model: field(8, field(4, field(2, type)))).bytes, saying: "nested more than")
  }

  @Test func nestingThatIsTooDeepIsNotWritten() throws {
    var inner = Graph()
    for _ in 0..<2000 {
      var outer = Graph()
      outer.nodes = [Node("If", inputs: [], outputs: [], attributes: [Attribute("then_branch", .graph(inner))])]
      inner = outer
    }
    var model = ModelDefinition()
    model.graph = inner
    let error = #expect(throws: ZooError.self) { try PackageFormat.write(model, to: folder.file("deep.zoo")) }
    #expect(error?.message.contains("nested") == true)
    #expect(folder.names.isEmpty)
  }

  @Test func manyEmptyMessages() {
    // Each takes two bytes in the file, and hundreds unpacked.
    let nodes = [UInt8](repeatElement([0x12, 0x00], count: 1 << 19).joined())
    expectBadData(CraftedPackage(model: field(8, nodes)).bytes, saying: "can't be unpacked")
  }

  @Test func damagedModels() {
    expectBadData(CraftedPackage(model: number(1, 3) + number(1, 4)).bytes, saying: "given twice")
    expectBadData(CraftedPackage(model: field(3, [65, 0, 66])).bytes, saying: "holds a NUL")
    expectBadData(CraftedPackage(model: [0x43]).bytes, saying: "no protobuf")
    expectBadData(CraftedPackage(model: field(8, [0x12, 0x7F])).bytes, saying: "no protobuf")
    expectBadData(
      CraftedPackage(model: field(11, field(3, Array("telepathy".utf8)))).bytes, saying: "telepathy")
  }

  @Test func lyingShapes() {
    func inline(_ type: UInt64, _ shape: [UInt64], _ count: Int) -> [UInt8] {
      let tensor = number(2, type) + field(3, shape.flatMap(varint)) + field(4, [UInt8](repeating: 0, count: count))
      return CraftedPackage(model: CraftedPackage.model(initializers: [tensor], chunkCount: 0)).bytes
    }
    expectBadData(inline(1, [4], 15), saying: "15 bytes of elements")
    expectBadData(inline(1, [1 << 40, 1 << 40], 4), saying: "too large")
    expectBadData(inline(1, [UInt64.max], 4), saying: "negative")
    expectBadData(inline(1, [1 << 62], 4), saying: "too large")
    expectBadData(inline(99, [1], 4), saying: "unknown type 99")
    expectBadData(inline(8, [1 << 40], 0), saying: "strings do not fill")
  }

  @Test func lyingChunks() {
    let data = [UInt8](repeating: 5, count: 400)
    let chunk = CraftedPackage.chunk(byteCount: 400, codings: [0], sizes: [400], data: data)
    func file(_ tensors: [[UInt8]], _ chunks: [[UInt8]], claimed: UInt64? = nil) -> [UInt8] {
      let model = CraftedPackage.model(initializers: tensors, chunkCount: claimed ?? UInt64(chunks.count))
      return CraftedPackage(model: model, chunks: chunks).bytes
    }
    func one(_ chunk: [UInt8]) -> [UInt8] {
      file([CraftedPackage.tensor(shape: [400], byteCount: 400, chunkByteCount: 1024)], [chunk])
    }
    #expect(throws: Never.self) { try readAll(one(chunk)) }

    let tensor = CraftedPackage.tensor
    expectBadData(file([tensor(2, [400], 0, 500, 1024)], [chunk]), saying: "claims 500 bytes")
    expectBadData(file([tensor(2, [400], 1, 400, 1024)], [chunk]), saying: "claims chunk 1")
    expectBadData(file([tensor(2, [400], .max, 400, 1024)], [chunk]), saying: "claims chunk")
    expectBadData(file([tensor(2, [400], 0, 400, 0)], [chunk]), saying: "chunks of 0 bytes")
    expectBadData(file([tensor(2, [400], 0, 400, .max)], [chunk]), saying: "claims chunks of")
    expectBadData(file([tensor(2, [400], 0, 400, 200)], [chunk]), saying: "needs 2 chunks")
    expectBadData(file([tensor(2, [401], 0, 401, 1024)], [chunk]), saying: "400 bytes instead of 401")
    expectBadData(file([tensor(2, [1 << 40], 0, 1 << 40, 1024)], [chunk]), saying: "needs 1073741824 chunks")
    expectBadData(
      file([tensor(2, [400], 0, 400, 400), tensor(2, [400], 0, 400, 400)], [chunk]), saying: "claims chunk 0")
    expectBadData(file([], [chunk]), saying: "belong to no tensor")
    expectBadData(file([tensor(2, [400], 0, 400, 400)], [chunk], claimed: 2), saying: "1 of its 2 chunks")
    expectBadData(file([tensor(2, [400], 0, 400, 400)], [chunk], claimed: .max), saying: "of its")

    func described(_ byteCount: UInt64, _ codings: [UInt8], _ sizes: [UInt64], index: UInt64 = 0) -> [UInt8] {
      one(CraftedPackage.chunk(index: index, byteCount: byteCount, codings: codings, sizes: sizes, data: data))
    }
    expectBadData(described(400, [0], [400], index: 1), saying: "chunk 1 is in its place")
    expectBadData(described(400, [0, 0, 0], [100, 100, 200]), saying: "make no elements")
    expectBadData(described(400, [], []), saying: "make no elements")
    expectBadData(described(0, [0], [0]), saying: "make no elements")
    expectBadData(described(400, [0, 0], [400, 0]), saying: "can't be a plane")
    expectBadData(described(400, [0], [401]), saying: "longer than its 400 bytes")
    expectBadData(described(400, [0], [.max]), saying: "longer than its 400 bytes")
    expectBadData(described(400, [0, 1], [200, 199]), saying: "belong to no plane")
    expectBadData(described(400, [2], [400]), saying: "unknown coding 2")
    expectBadData(described(.max, [0], [400]), saying: "claims")
    expectBadData(described(1 << 30, [0], [400]), saying: "can't be a plane")
    expectBadData(described(1 << 30, [1], [400]), saying: "can't become")
    expectBadData(described(400, [1], [400]), saying: "can't be inflated")
    // A megabyte of DEFLATE may claim a gigabyte, but not in one chunk.
    let long = [UInt8](repeating: 0, count: 1 << 20)
    expectBadData(
      one(CraftedPackage.chunk(byteCount: 1 << 30, codings: [1], sizes: [1 << 20], data: long)),
      saying: "too many for one chunk")
  }

  /// Wrong DEFLATE under a right checksum, as only an enemy makes it.
  @Test func damagedDeflate() throws {
    let count = 5000
    var exponents = normalNumbers(count).map { UInt8(truncatingIfNeeded: $0.bitPattern >> 23) }
    for matching in [false, true] {
      if matching { exponents = (0..<count).map { UInt8($0 % 50) } }
      let tensor = try Tensor(exponents, shape: [count])
      try PackageFormat.write(model(of: StoredTensor(tensor)), to: folder.file("good.zoo"))
      let place = try PackageFormat.summary(folder.file("good.zoo")).tensors[0].chunks[0]
      #expect(place.planes[0].deflated)
      let file = try folder.contents("good.zoo")
      let deflated = Array(file[place.offset..<place.offset + place.storedByteCount])
      var state: UInt64 = 1
      func random(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % limit
      }
      for round in 0..<2000 {
        var data = deflated
        for _ in 0...random(3) { data[random(round % 2 == 0 ? 80 : data.count)] = UInt8(random(256)) }
        if round % 5 == 0 { data.removeLast(random(data.count - 40)) }
        let chunk = CraftedPackage.chunk(
          byteCount: UInt64(count), codings: [1], sizes: [UInt64(data.count)], data: data)
        let crafted = CraftedPackage(
          model: CraftedPackage.model(
            initializers: [
              CraftedPackage.tensor(
                shape: [UInt64(count)], byteCount: UInt64(count), chunkByteCount: UInt64(count))
            ], chunkCount: 1), chunks: [chunk])
        do {
          _ = try readAll(crafted.bytes)
        } catch let error as ZooError {
          #expect(error.kind == .badData)
        }
      }
    }
  }
}
