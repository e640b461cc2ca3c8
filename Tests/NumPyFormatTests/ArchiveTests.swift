import Foundation
import NumPyFormat
import TestSupport
import Testing
import ZooCore

@testable import Zip
import TensorFiles

@Suite struct ArchiveTests {
  /// A tensor of every type that NumPy has, of bits of all kinds, and some of odd shapes and names.
  static let sample: TensorFile = {
    var tensors: [NamedTensor] = []
    var generator = SystemRandomNumberGenerator()
    for type in ElementType.allCases where type.bitWidth >= 8 && !type.name.hasPrefix("float8") {
      for shape in [[2, 3], [], [0, 5], [4, 0], [1, 1, 300]] {
        let tensor = try! Tensor(type: type, shape: shape) { bytes in
          for index in bytes.indices {
            bytes[index] = type == .bool ? UInt8(index % 2) : UInt8.random(in: 0...255, using: &generator)
          }
        }
        tensors.append(NamedTensor(name: "of \(type.name)/\(shape)", tensor: StoredTensor(tensor)))
      }
    }
    let special: [UInt32] = [0x7FA0_0001, 0xFFC1_2345, 0xFF80_0000, 0x7F80_0000, 0x8000_0000, 1]
    let floats = special.map { Float(bitPattern: $0) }
    tensors.append(NamedTensor(name: "e\u{301}.npy", tensor: StoredTensor(try! Tensor(floats, shape: [6]))))
    tensors.append(NamedTensor(name: "\u{e9}.npy", tensor: StoredTensor(try! Tensor(floats, shape: [2, 3]))))
    return TensorFile(tensors: tensors, metadata: [Property(key: "a", value: "b")])
  }()

  private func check(_ path: String, holds tensors: [NamedTensor]) throws {
    let file = try NumPyFormat.read(path)
    #expect(try file.tensors.map { try $0.line() } == tensors.map { try $0.line() })
    for item in file.tensors where item.tensor.byteCount > 16 {
      let whole = try item.tensor.load().withUnsafeBytes { Array($0) }
      var part = [UInt8](repeating: 0xAA, count: whole.count - 16)
      try part.withUnsafeMutableBytes { try item.tensor.read(into: $0, at: 16) }
      #expect(part == Array(whole[16...]), "\(item.name)")
    }
  }

  @Test func nothingIsLost() throws {
    try withFolder { folder in
      let path = "\(folder)/a.npz"
      try NumPyFormat.write(Self.sample, to: path)
      #expect(try bytes(of: path).withUnsafeBytes { NumPyFormat.sniff($0) })
      try check(path, holds: Self.sample.tensors)
      // Elements lie where kernels can take them, so that they are not copied.
      let large = try #require(NumPyFormat.read(path).tensors.first { $0.tensor.type == .float64 })
      let places = try (0..<2).map { _ in try large.tensor.load().withUnsafeBytes { $0.baseAddress } }
      #expect(places[0] == places[1])
      #expect(large.tensor.readsInPieces)
    }
  }

  @Test func anArrayIsNamedLikeItsFile() throws {
    try withFolder { folder in
      for item in Self.sample.tensors {
        let path = "\(folder)/conv1.npy"
        try NumPyFormat.write(TensorFile(tensors: [item]), to: path)
        let file = try NumPyFormat.read(path)
        #expect(file.tensors.map(\.name) == ["conv1"])
        #expect(try file.tensors[0].line().split(separator: "|")[1...] == item.line().split(separator: "|")[1...])
      }
    }
  }

  @Test(.needs(.python("numpy"))) func numPyReadsWhatWeWrite() throws {
    try withFolder { folder in
      try NumPyFormat.write(Self.sample, to: "\(folder)/a.npz")
      #expect(
        try Python.run(script, "show", "\(folder)/a.npz").split(separator: "\n").map(String.init)
          == Self.sample.tensors.map { try $0.line() })
      var all: [String] = []
      for (index, name) in try FileManager.default.contentsOfDirectory(atPath: fixtures).sorted().enumerated() {
        let tensor = try NumPyFile.read("\(fixtures)/\(name)")
        try NumPyFile.write(tensor, to: "\(folder)/\(index).npy")
        guard tensor.type != .string else { continue }
        let line = try Python.run(script, "show", "\(folder)/\(index).npy")
        #expect(try line == NamedTensor(name: "array", tensor: StoredTensor(tensor)).line() + "\n")
        all.append(name)
        if all.count == 5 { break }
      }
      #expect(all.count == 5)
    }
  }

  @Test(.needs(.python("numpy")), arguments: ["stored", "deflated", "none"])
  func numPysArchivesAreRead(name: String) throws {
    try withFolder { folder in
      try Python.run(script, "archives", folder)
      let file = try NumPyFormat.read("\(folder)/\(name).npz")
      let lines = try String(contentsOfFile: "\(folder)/\(name).txt", encoding: .utf8).split(separator: "\n")
      #expect(try file.tensors.map { try $0.line() } == lines.map(String.init))
      #expect(lines.count == (name == "none" ? 0 : 65))
      #expect(try bytes(of: "\(folder)/\(name).npz").withUnsafeBytes { NumPyFormat.sniff($0) })
      try check("\(folder)/\(name).npz", holds: file.tensors)
    }
  }

  @Test(.needs(.python("numpy")), arguments: [0, 100, 1000])
  func largeArchivesHaveSizesOf64Bits(limit: Int) throws {
    try withFolder { folder in
      let path = "\(folder)/a.npz"
      var archive = try ZipWriter(path, wideFrom: limit)
      let data = (0..<10).map { index in
        array(
          "{'descr': '|u1', 'fortran_order': False, 'shape': (\(index * 40),)}", Array(repeating: 7, count: index * 40))
      }
      for (index, bytes) in data.enumerated() {
        try archive.add("\(index).npy", byteCount: bytes.count) { append in try bytes.withUnsafeBytes(append) }
      }
      try archive.finish()
      let lines = try NumPyFormat.read(path).tensors.map { try $0.line() + "\n" }.joined()
      #expect(try Python.run(script, "show", path) == lines)
      #expect(lines.hasSuffix("07\n"))
    }
  }

  @Test func whatCannotBeWrittenIsAnError() throws {
    try withFolder { folder in
      let tensor = StoredTensor(try Tensor([1] as [Float], shape: [1]))
      let small = StoredTensor(try Tensor(type: .float8e4m3fn, shape: [1]) { $0[0] = 0 })
      for (tensors, ending, word) in [
        ([("a", tensor), ("a", tensor)], "npz", "taken"), ([("a", small)], "npz", "float8e4m3fn"),
        ([("a", tensor), ("b", tensor)], "npy", "one array"), ([], "npy", "one array"),
      ] {
        let file = TensorFile(tensors: tensors.map { NamedTensor(name: $0.0, tensor: $0.1) })
        let error = try #require(throws: ZooError.self) { try NumPyFormat.write(file, to: "\(folder)/a.\(ending)") }
        #expect(error.description.contains(word), "\(error)")
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/a.\(ending)"))
      }
    }
  }

  @Test func whatTensorsDoNotHaveIsRefusedByName() throws {
    try withFolder { folder in
      let path = "\(folder)/a.npz"
      for type in ["'|O'", "[('x', '<f4')]", "'<M8[s]'", "'|V1'", "'<f16'"] {
        let bytes = array("{'descr': \(type), 'fortran_order': False, 'shape': (1,)}", Array(repeating: 0, count: 16))
        var archive = try ZipWriter(path)
        try archive.add("odd.npy", byteCount: bytes.count) { append in try bytes.withUnsafeBytes(append) }
        try archive.finish()
        let error = try #require(throws: ZooError.self) { try NumPyFormat.read(path) }
        #expect(error.kind == .unsupported && error.description.contains("odd.npy"), "\(error)")
      }
    }
  }

  @Test func damagedArchivesGiveAnErrorOrTensors() throws {
    try withFolder { folder in
      let path = "\(folder)/a.npz"
      try NumPyFormat.write(TensorFile(tensors: Array(Self.sample.tensors.prefix(3))), to: path)
      let whole = try bytes(of: path)
      for index in stride(from: 0, to: whole.count, by: 3) {
        try write(Array(whole[..<index]), to: path)
        #expect(throws: ZooError.self) { try NumPyFormat.read(path) }
        var damaged = whole
        damaged[index] ^= UInt8(1 << (index * 5 % 8))
        try write(damaged, to: path)
        do { for item in try NumPyFormat.read(path).tensors { _ = try item.tensor.load() } } catch is ZooError {}
      }
    }
  }
}
