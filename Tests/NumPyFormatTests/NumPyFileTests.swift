import Foundation
import NumPyFormat
import TestSupport
import Testing
import ZooCore

@Suite struct NumPyFileTests {
  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: fixtures).filter { $0.hasSuffix(".npy") }.sorted()
  }

  @Test func readsEveryTypeOrderAndVersion() throws {
    for (name, type) in [
      ("b1", ElementType.bool), ("i1", .int8), ("i2", .int16), ("i4", .int32), ("i8", .int64), ("u1", .uint8),
      ("u2", .uint16), ("u4", .uint32), ("u8", .uint64), ("f2", .float16), ("f4", .float32), ("f8", .float64),
      ("c8", .complex64), ("c16", .complex128),
    ] {
      let tensor = try NumPyFile.read("\(fixtures)/\(name).npy")
      #expect(tensor.type == type)
      #expect(tensor.shape == [2, 3])
      for variant in ["big", "fortran"] {
        let other = try NumPyFile.read("\(fixtures)/\(name)-\(variant).npy")
        #expect(other.type == type && other.shape == [2, 3])
        #expect(tensor.withUnsafeBytes { Array($0) } == other.withUnsafeBytes { Array($0) }, "\(name)-\(variant)")
      }
    }
    for name in ["f4", "version-2", "version-3"] {
      #expect(try NumPyFile.read("\(fixtures)/\(name).npy").elements(Float.self) == [0, 1, 2, 3, 4, 5])
    }
    #expect(try NumPyFile.read("\(fixtures)/i4.npy").elements(Int32.self) == [0, 1, 2, 3, 4, 5])
    for name in ["S3", "U3", "S3-big", "U3-big"] {
      #expect(try NumPyFile.read("\(fixtures)/\(name).npy").strings == (0..<6).map { Array("\($0)".utf8) })
    }
    #expect(try NumPyFile.read("\(fixtures)/scalar.npy").shape == [])
    #expect(try NumPyFile.read("\(fixtures)/empty.npy").shape == [0, 4])
    #expect(try NumPyFile.read("\(fixtures)/vector.npy").elements(Int64.self) == [0, 1, 2, 3, 4])
  }

  @Test func writesWhatItReads() throws {
    try withFolder { (folder: String) throws in
      let path = "\(folder)/copy.npy"
      for name in try names() {
        let tensor = try NumPyFile.read("\(fixtures)/\(name)")
        try NumPyFile.write(tensor, to: path)
        let copy = try NumPyFile.read(path)
        #expect(copy.type == tensor.type && copy.shape == tensor.shape && copy.strings == tensor.strings)
        #expect(copy.withUnsafeBytes { Array($0) } == tensor.withUnsafeBytes { Array($0) }, "\(name)")
      }
      let half = try Tensor(type: .bfloat16, shape: [2]) { $0.copyBytes(from: [0x80, 0x3f, 0, 0x40]) }
      try NumPyFile.write(half, to: path)
      #expect(try NumPyFile.read(path).type == .bfloat16)
      let small = try Tensor(type: .int4, shape: [2]) { $0[0] = 0 }
      #expect(error { try NumPyFile.write(small, to: path) }?.kind == .unsupported)
      #expect(error { try NumPyFile.write(half, to: "\(folder)/none/copy.npy") }?.kind == .notFound)
      #expect(error { try NumPyFile.read("\(folder)/none.npy") }?.kind == .notFound)
    }
  }

  @Test func headersThatLieAreRefused() throws {
    let headers: [(String, ZooError.Kind)] = [
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (9000000000,)}", .badData),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9223372036854775807)}", .badData),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,)}", .badData),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", .badData),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (2}", .badData),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", .badData),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': 'a'}", .unsupported),
      ("{'descr': '<f4', 'fortran_order': False}", .unsupported),
      ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", .unsupported),
      ("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", .unsupported),
      ("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,)}", .unsupported),
      ("{'descr': '<U0', 'fortran_order': False, 'shape': (4000000000,)}", .unsupported),
      ("{'descr': '<U99999999999', 'fortran_order': False, 'shape': (1,)}", .unsupported),
      ("{'descr': '', 'fortran_order': False, 'shape': (1,)}", .unsupported),
      ("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}", .badData),
      ("{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}", .badData),
      (String(repeating: "(", count: 60_000), .badData),
      ("", .badData),
    ]
    try withFolder { (folder: String) throws in
      let path = "\(folder)/array.npy"
      for (header, kind) in headers {
        try write(array(header, [7, 7, 0xff, 0xff]), to: path)
        #expect(error { try NumPyFile.read(path) }?.kind == kind, "\(header.prefix(99))")
      }
      try write(array("{'descr': '<f4', 'fortran_order': True, 'shape': (0, 4611686018427387904)}"), to: path)
      #expect(error { try NumPyFile.read(path) }?.kind == .badData)
      // Nothing overflows where another extent is zero.
      try write(array("{'descr': '<f4', 'fortran_order': True, 'shape': (0, 2147483648)}"), to: path)
      #expect(try NumPyFile.read(path).count == 0)
    }
  }

  @Test(arguments: ["f4.npy", "U3.npy", "version-2.npy"])
  func damagedFilesGiveAnErrorOrATensor(name: String) throws {
    let whole = try bytes(of: "\(fixtures)/\(name)")
    try withFolder { (folder: String) throws in
      let path = "\(folder)/array.npy"
      for length in whole.indices {
        try write(Array(whole[..<length]), to: path)
        #expect(error { try NumPyFile.read(path) }?.kind == .badData, "\(length) of \(whole.count) bytes")
        var damaged = whole
        damaged[length] ^= UInt8(1 << (length * 5 % 8))
        try write(damaged, to: path)
        _ = error { try NumPyFile.read(path) }
      }
    }
  }
}
