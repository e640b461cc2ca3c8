import Foundation
import ONNXFormat
import Testing
import ZooCore

@Suite struct TensorTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func load(_ tensor: Wire) throws -> Tensor {
    try ONNXFormat.readTensor(folder.write(tensor.bytes, to: "t.pb")).tensor.load()
  }

  private func bytes(_ tensor: Wire) throws -> [UInt8] { try load(tensor).withUnsafeBytes { Array($0) } }

  /// Lists packed and one by one, mixed, in the types that share them.
  @Test func typedLists() throws {
    let two = Wire().integer(1, 2)
    #expect(try bytes(two.integer(2, 3).integer(5, UInt64(bitPattern: -3)).data(5, [4])) == [0xfd, 4])
    #expect(try bytes(two.integer(2, 2).data(5, [0x80 | 0x7f, 1, 4])) == [255, 4])
    #expect(try bytes(two.integer(2, 9).integer(5, 256).integer(5, 0)) == [1, 0])
    #expect(try bytes(two.integer(2, 10).data(5, Wire.varint(0xbc00) + [1])) == [0, 0xbc, 1, 0])
    #expect(
      try load(two.integer(2, 6).integer(5, UInt64(bitPattern: -1)).integer(5, 7)).elements() == [-1, 7] as [Int32])
    #expect(try load(two.integer(2, 7).data(7, Wire.varint(.max) + [7])).elements() == [-1, 7] as [Int64])
    #expect(try load(two.integer(2, 13).integer(11, .max).integer(11, 7)).elements() == [.max, 7] as [UInt64])
    #expect(try load(two.integer(2, 12).integer(11, 1 << 31).integer(11, 7)).elements() == [1 << 31, 7] as [UInt32])
    #expect(try load(two.integer(2, 1).data(4, [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40])).elements() == [1, 2] as [Float])
    let one = two.integer(2, 11).data(10, [0, 0, 0, 0, 0, 0, 0xf0, 0x3f])
    #expect(try load(one.data(10, [0, 0, 0, 0, 0, 0, 0, 0x40])).elements() == [1, 2] as [Double])
    #expect(try load(two.integer(2, 8).text(6, "a").text(6, "")).strings == [[97], []])
    // Three elements of 4 bits take two entries, five of 2 bits as well.
    #expect(try bytes(Wire().integer(1, 3).integer(2, 21).data(5, [0x21, 3])) == [0x21, 3])
    #expect(try bytes(Wire().integer(1, 5).integer(2, 26).data(5, [0x21, 3])) == [0x21, 3])
    // Five elements of 6 bits take five entries, and four bytes: 000001 100000 111111 010101 000011 from the lowest bit.
    #expect(
      try bytes(Wire().integer(1, 5).integer(2, 27).data(5, [1, 32, 63, 21, 3])) == [0x01, 0xf8, 0x57, 0x03])
    #expect(
      try bytes(Wire().integer(1, 5).integer(2, 28).data(9, [0x01, 0xf8, 0x57, 0x03])) == [0x01, 0xf8, 0x57, 0x03])
    #expect(
      try bytes(Wire().integer(1, 1).integer(2, 14).data(4, [1, 2, 3, 4, 5, 6, 7, 8])) == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try bytes(Wire().integer(2, 2).data(9, [5])) == [5])
    #expect(try bytes(Wire().integer(1, 0).integer(2, 1)) == [])
  }

  /// Pages of the file leave memory behind whoever reads, and come back.
  @Test func piecesAreTheWhole() throws {
    let contents = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 5) }
    for tensor in [
      Wire().integer(1, 300_000).integer(2, 2).data(9, contents),
      Wire().integer(1, 75_000).integer(2, 1).data(4, contents),
    ] {
      let stored = try ONNXFormat.readTensor(folder.write(tensor.bytes, to: "t.pb")).tensor
      for _ in 0..<2 {
        for start in stride(from: 0, to: contents.count, by: 70_001) {
          var piece = [UInt8](repeating: 0, count: min(70_001, contents.count - start))
          try piece.withUnsafeMutableBytes { try stored.read(into: $0, at: start) }
          #expect(piece == Array(contents[start..<start + piece.count]))
        }
        #expect(try stored.load().withUnsafeBytes { Array($0) } == contents)
      }
    }
  }

  @Test func refusesWhatDoesNotFit() throws {
    let two = Wire().integer(1, 2)
    let wrong: [Wire] = [
      two.integer(2, 2), two.integer(2, 2).data(9, [1]), two.integer(2, 2).data(9, [1, 2, 3]),
      two.integer(2, 2).data(9, [1, 2]).data(5, [1, 2]), two.integer(2, 2).data(9, [1]).data(9, [2]),
      two.integer(2, 1).data(5, [1, 2]), two.integer(2, 1).data(4, [1, 2, 3, 4, 5]),
      two.integer(2, 6).data(5, [1, 0x80]), two.integer(2, 6).data(5, [UInt8](repeating: 0x80, count: 11) + [1, 1]),
      two.integer(2, 8).data(9, [1, 2]), two.integer(2, 8).text(6, "a"), two.integer(2, 0), two.integer(2, 99),
      two.data(2, [1]), Wire().integer(1, .max).integer(2, 2).data(9, [1]),
      Wire().integer(1, 1 << 62).integer(1, 1 << 62).integer(2, 2),
      Wire().integer(1, 1 << 40).integer(2, 1).data(9, [1]),
      Wire().integer(1, 0).integer(2, 2).data(9, [1]),
      two.integer(2, 2).data(9, [1, 2]).external(["location": "t.pb"]),
      two.integer(2, 8).external(["location": "t.pb"]),
    ]
    for tensor in wrong {
      let error = #expect(throws: ZooError.self, "\(tensor.bytes)") { try load(tensor) }
      #expect(error?.kind == .badData)
    }
  }

  @Test func filesOfTensors() throws {
    for type in ElementType.allCases where type != .string {
      let tensor = try Tensor(type: type, shape: [3, 5]) { bytes in
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index * 37) }
      }
      try ONNXFormat.writeTensor(NamedTensor(name: "t", tensor: StoredTensor(tensor)), to: "\(folder.path)/t.pb")
      let read = try ONNXFormat.readTensor("\(folder.path)/t.pb")
      #expect(read.name == "t" && read.tensor.type == type && read.tensor.shape == [3, 5])
      #expect(try read.tensor.load().withUnsafeBytes { Array($0) } == tensor.withUnsafeBytes { Array($0) })
      var copy = [UInt8](repeating: 0, count: read.tensor.byteCount)
      try copy.withUnsafeMutableBytes { try read.tensor.read(into: $0) }
      #expect(copy == tensor.withUnsafeBytes { Array($0) })
    }
  }

  @Test func sequencesAndOptionals() throws {
    let tensor = Wire().integer(1, 1).integer(2, 2).data(9, [5])
    let type = ValueType(.tensor(elementType: 2, shape: nil))
    let sequence = Wire().integer(2, 1).message(3, tensor).message(3, tensor)
    let path = try folder.write(sequence.bytes, to: "s.pb")
    guard case .sequence(let values) = try ONNXFormat.readValue(path, as: ValueType(.sequence(type))),
      case .tensor(let last)? = values.last
    else {
      Issue.record("no sequence")
      return
    }
    #expect(values.count == 2)
    #expect(try last.tensor.load().elements() == [5] as [UInt8])
    let optional = try folder.write(Wire().integer(2, 3).message(5, sequence).bytes, to: "o.pb")
    guard case .optional(.sequence(let inner)?) = try ONNXFormat.readValue(optional, as: ValueType(.optional(type)))
    else {
      Issue.record("no optional")
      return
    }
    #expect(inner.count == 2)
    let sparse = try folder.write(Wire().integer(2, 2).bytes, to: "sparse.pb")
    let error = #expect(throws: ZooError.self) { try ONNXFormat.readValue(sparse, as: ValueType(.sequence(type))) }
    #expect(error?.kind == .unsupported)
  }

  @Test func sequencesOfMaps() throws {
    let type = ValueType(.sequence(ValueType(.map(keyType: 7, value: ValueType(.tensor(elementType: 2, shape: nil))))))
    func read(_ map: Wire) throws -> ONNXValue {
      // Tensors stay in their file, so each has its own.
      let path = try folder.write(Wire().integer(2, 4).message(6, map).bytes, to: "\(UUID()).pb")
      return try ONNXFormat.readValue(path, as: type)
    }
    let tensor = Wire().integer(1, 1).integer(2, 2).data(9, [5])
    let two = Wire().integer(2, 1).message(3, tensor).message(3, tensor)
    let numbers = try read(Wire().integer(2, 7).integer(3, 4).integer(3, UInt64(bitPattern: -1)).message(5, two))
    let texts = try read(Wire().integer(2, 8).text(4, "a").text(4, "é").message(5, two))
    for (value, wanted) in [(numbers, ["4", "-1"]), (texts, ["a", "é"])] {
      guard case .sequence(let maps) = value, case .map(let keys, let values)? = maps.first,
        case .tensor(let last)? = values.last
      else {
        Issue.record("no map")
        return
      }
      #expect(maps.count == 1 && keys == wanted && values.count == 2)
      #expect(try last.tensor.load().elements() == [5] as [UInt8])
    }
    for map in [Wire().integer(3, 4).message(5, two), Wire().integer(3, 4).integer(3, 4).message(5, two)] {
      #expect(throws: ZooError.self) { try read(map) }
    }
  }
}
