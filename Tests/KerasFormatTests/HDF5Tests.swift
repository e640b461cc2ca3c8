import Foundation
import HDF5Format
import KerasFormat
import TestSupport
import Testing
import ZooCore
import TensorFiles

/// Beside h5py: what it writes is read, and what is written it reads.
@Suite struct HDF5Tests {
  static let here = URL(filePath: #filePath).deletingLastPathComponent()

  @Test func everyTypeSurvives() throws {
    try withFolder { folder in
      var tensors: [NamedTensor] = []
      for type in ElementType.allCases where HDF5Format.holds(type) {
        for shape in [[], [3], [2, 0, 3], [2, 5]] {
          let tensor = try Tensor(type: type, shape: shape) { bytes in
            for index in bytes.indices {
              bytes[index] = type == .bool ? UInt8(index & 1) : UInt8(truncatingIfNeeded: 37 &* index &+ 200)
            }
          }
          let name = "types/\(type.name)/\(shape.map(String.init).joined(separator: "x"))é"
          tensors.append(NamedTensor(name: name, tensor: StoredTensor(tensor)))
        }
      }
      // Groups keep the order of their members.
      for name in ["z", "b", "a"] {
        tensors.append(NamedTensor(name: "order/\(name)", tensor: try StoredTensor(Tensor([Int32(1)], shape: [1]))))
      }
      let metadata = [
        Property(key: "empty", value: ""), Property(key: "long", value: String(repeating: "ü", count: 70_000)),
      ]
      let path = "\(folder)/a.h5"
      try HDF5Format.write(TensorFile(tensors: tensors, metadata: metadata), to: path)
      for read in [try HDF5Format.read(path), try KerasFormat.read(path)] {
        #expect(read.metadata == metadata)
        #expect(read.tensors.map(\.name) == tensors.map(\.name))
        for (item, original) in zip(read.tensors, tensors) {
          let (got, wanted) = (try item.tensor.load(), try original.tensor.load())
          #expect(got.type == wanted.type && got.shape == wanted.shape, "\(item.name)")
          #expect(got.withUnsafeBytes { Array($0) } == wanted.withUnsafeBytes { Array($0) }, "\(item.name)")
        }
      }
    }
  }

  @Test(.needs(.python("h5py"))) func h5pyAgrees() throws {
    try withFolder { folder in
      let script = Self.here.appending(path: "h5py_files.py").path
      try Python.run(script, "write", folder)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".h5") }
      #expect(files.count == 11)
      for name in files {
        let path = "\(folder)/\(name)"
        if name.hasPrefix("refused") {
          let error = #expect(throws: ZooError.self, "\(name)") { try HDF5Format.read(path) }
          #expect(error?.kind != .defect)
        } else {
          try HDF5Format.write(HDF5Format.read(path), to: "\(folder)/\(name).copy")
        }
      }
      let beside = try HDF5Format.read("\(folder)/beside.h5")
      #expect(
        Set(beside.tensors.map { Array($0.name.utf8) }) == [
          Array("w".utf8), Array("enumeration".utf8), [0xC3, 0xA9], [0x65, 0xCC, 0x81],
        ])
      #expect(beside.unread.count == 10)
      for (name, kind) in [
        ("texts", "texts"), ("fixed", "texts"), ("packed", "texts"), ("opaque", "bytes"), ("compound", "compounds"),
        ("references", "references"), ("lists", "lists"), ("arrays", "arrays"),
      ] {
        #expect(
          beside.unread.contains { $0.hasPrefix("dataset \"beside/\(name)\": \(kind)") }, "\(name): \(beside.unread)")
      }
      // The copies hold what the originals do, bit for bit.
      try Python.run(script, "check", folder)
    }
  }

  @Test(.needs(.python("h5py"))) func largeGroupsAreTrees() throws {
    try withFolder { folder in
      let tensors = try (0..<10_000).map { index in
        NamedTensor(name: "member.\(index)", tensor: try StoredTensor(Tensor([Float(index)], shape: [])))
      }
      let path = "\(folder)/large.h5"
      try HDF5Format.write(
        TensorFile(tensors: tensors), to: path, lists: [HDF5List(group: "", name: "names", texts: ["a", "bc", ""])])
      let read = try HDF5Format.read(path)
      #expect(read.tensors.map(\.name) == tensors.map(\.name))
      #expect(try read.tensors[9999].tensor.load().elements(Float.self) == [9999])
      try Python.run(Self.here.appending(path: "h5py_files.py").path, "large", folder)
    }
  }

  @Test func namesAreBytes() throws {
    try withFolder { folder in
      // One character in two ways, a mark behind a slash, and the same among groups and texts.
      let names = ["\u{E9}", "e\u{301}", "a/\u{301}b", "a/b", "\u{E9}g/x", "e\u{301}g/x"]
      let tensors = try names.enumerated().map { index, name in
        NamedTensor(name: name, tensor: try StoredTensor(Tensor([Float(index)], shape: [1])))
      }
      let metadata = [Property(key: "e\u{301}", value: "1"), Property(key: "\u{E9}", value: "2")]
      try HDF5Format.write(TensorFile(tensors: tensors, metadata: metadata), to: "\(folder)/a.h5")
      let read = try HDF5Format.read("\(folder)/a.h5")
      #expect(read.tensors.map { Array($0.name.utf8) } == names.map { Array($0.utf8) })
      #expect(read.metadata.map { Array($0.key.utf8) } == metadata.map { Array($0.key.utf8) })
      for (index, item) in read.tensors.enumerated() {
        #expect(try item.tensor.load().elements(Float.self) == [Float(index)])
      }
    }
  }
}
