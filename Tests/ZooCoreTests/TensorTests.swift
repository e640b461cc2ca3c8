import Testing
import ZooCore

@Suite struct TensorTests {
  @Test func elementsComeBack() throws {
    func check<Element: TensorElement & Equatable>(_ values: [Element], _ type: ElementType) throws {
      let tensor = try Tensor(values, shape: [values.count])
      #expect(tensor.type == type && tensor.count == values.count)
      #expect(tensor.byteCount == values.count * MemoryLayout<Element>.size)
      #expect(try tensor.elements(Element.self) == values)
      #expect(try StoredTensor(tensor).load().elements(Element.self) == values)
    }
    try check([1.5, -2] as [Float], .float32)
    try check([1.5, -2] as [Double], .float64)
    try check([1, -2] as [Int8], .int8)
    try check([1, -2] as [Int16], .int16)
    try check([1, -2] as [Int32], .int32)
    try check([1, .min] as [Int64], .int64)
    try check([1, 255] as [UInt8], .uint8)
    try check([1, 65535] as [UInt16], .uint16)
    try check([1, .max] as [UInt32], .uint32)
    try check([1, .max] as [UInt64], .uint64)
    try check([true, false, true], .bool)
  }

  @Test func anotherTypeIsRefused() throws {
    let error = #expect(throws: ZooError.self) { try Tensor([1] as [Float], shape: [1]).elements(Int32.self) }
    #expect(error?.kind == .badData && error?.message.contains("float32") == true)
  }

  @Test func elementsHaveToFillTheShape() {
    for shape in [[2], [4], [], [3, 0], [-3], [Int.max, 2]] {
      #expect(throws: ZooError.self) { try Tensor([1, 2, 3] as [Float], shape: shape) }
    }
    #expect(throws: ZooError.self) { try Tensor(strings: [[65]], shape: [2]) }
  }

  @Test func scalarsAndEmptyTensors() throws {
    let scalar = try Tensor([7] as [Int64], shape: [])
    #expect(scalar.count == 1 && scalar.byteCount == 8)
    let empty = try Tensor([] as [Float], shape: [3, 0, 2])
    #expect(empty.count == 0 && empty.byteCount == 0)
    #expect(try empty.elements(Float.self).isEmpty)
    // Empty whatever the other extents are, but nobody could go through these.
    for shape in [[0, .max, .max], [0, .max], [1 << 60, 4, 0], [1 << 16, 1 << 16, 0]] {
      #expect(throws: ZooError.self) { try Tensor.elementCount(of: shape) }
    }
    #expect(try Tensor.elementCount(of: [0, 1 << 31]) == 0)
  }

  @Test func sizesThatOverflow() {
    for shape in [[Int.max], [1 << 62, 2], [1 << 31, 1 << 31, 4], [-1], [2, -2, -1]] {
      let error = #expect(throws: ZooError.self) { try Tensor.byteCount(type: .float64, shape: shape) }
      #expect(error?.kind == .badData)
    }
  }

  @Test func stringsTakeTheRoomOfTheirTable() throws {
    #expect(try Tensor.byteCount(type: .string, shape: [3, 2]) == 96)
    #expect(throws: ZooError.self) { try Tensor.byteCount(type: .string, shape: [1 << 44]) }
  }

  @Test func smallTypesArePacked() {
    #expect(ElementType.int4.byteCount(of: 3) == 2)
    #expect(ElementType.uint2.byteCount(of: 5) == 2)
    #expect(ElementType.float4e2m1.byteCount(of: 0) == 0)
    #expect(ElementType.complex128.byteCount(of: 2) == 32)
    #expect(ElementType.string.byteCount(of: 100) == 0)
    #expect(ElementType.int8.byteCount(of: -1) == nil)
    #expect(ElementType.int64.byteCount(of: .max) == nil)
  }

  /// The numbers are the file formats'; none may move.
  @Test func numbersAreONNXs() {
    #expect(ElementType.allCases.map(\.rawValue) == Array(1...28))
    let known: [(ElementType, Int32)] = [
      (.float32, 1), (.int64, 7), (.string, 8), (.bool, 9), (.float16, 10), (.bfloat16, 16), (.int4, 22),
    ]
    for (type, number) in known { #expect(type.rawValue == number) }
    #expect(ElementType.bfloat16.name == "bfloat16")
  }

  @Test func memoryIsAlignedAndPadded() throws {
    for count in [0, 1, 63, 64, 65, 1000] {
      let memory = try TensorMemory(byteCount: count)
      let address = try #require(memory.mutableBytes.baseAddress)
      #expect(UInt(bitPattern: address) % UInt(TensorMemory.alignment) == 0 && memory.count == count)
      // A vector load of the last element stays inside.
      memset(address, 1, count + 63)
    }
    for count in [-1, Int.max, Int.max - 100] {
      #expect(throws: ZooError.self) { try TensorMemory(byteCount: count) }
    }
    let tooSmall = try TensorMemory(byteCount: 15)
    #expect(throws: ZooError.self) { try Tensor(type: .float32, shape: [4], memory: tooSmall) }
    #expect(throws: ZooError.self) { try Tensor(type: .string, shape: [], memory: tooSmall) }
  }

  @Test func borrowedMemoryKeepsItsOwner() throws {
    final class Owner {
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
      let atEnd: () -> Void
      init(atEnd: @escaping () -> Void) { self.atEnd = atEnd }
      deinit {
        bytes.deallocate()
        atEnd()
      }
    }
    nonisolated(unsafe) var ended = false
    var tensor: Tensor?
    do {
      let owner = Owner { ended = true }
      owner.bytes.storeBytes(of: 42, as: Int64.self)
      let memory = TensorMemory(borrowing: UnsafeRawBufferPointer(owner.bytes), owner: owner)
      tensor = try Tensor(type: .int64, shape: [1], memory: memory)
    }
    #expect(!ended)
    #expect(try tensor?.elements(Int64.self) == [42])
    tensor = nil
    #expect(ended)
  }

  @Test func reshaping() throws {
    let tensor = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    #expect(try tensor.reshaped([3, 2]).elements(Float.self) == [1, 2, 3, 4, 5, 6])
    #expect(throws: ZooError.self) { try tensor.reshaped([4]) }
    let strings = try Tensor(strings: [[65], []], shape: [2]).reshaped([2, 1])
    #expect(strings.strings == [[65], []] && strings.shape == [2, 1] && strings.memory == nil)
  }

  /// A source that says how it was read.
  private struct Counting: TensorSource {
    func load(type: ElementType, shape: [Int]) throws -> Tensor {
      try Tensor((0..<shape.reduce(1, *)).map(Int32.init), shape: shape)
    }
  }

  @Test func sourcesGiveWholeAndParts() throws {
    let stored = try StoredTensor(type: .int32, shape: [2, 3], source: Counting())
    let resident = StoredTensor(try stored.load())
    #expect(stored.byteCount == 24 && !stored.readsInPieces && resident.readsInPieces)
    for tensor in [stored, resident] {
      var whole = [Int32](repeating: -1, count: 6)
      try whole.withUnsafeMutableBytes { try tensor.read(into: $0) }
      #expect(whole == [0, 1, 2, 3, 4, 5])
      var part = [Int32](repeating: -1, count: 2)
      try part.withUnsafeMutableBytes { try tensor.read(into: $0, at: 12) }
      #expect(part == [3, 4])
    }
    #expect(throws: ZooError.self) { try StoredTensor(type: .int32, shape: [-1], source: Counting()) }
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
