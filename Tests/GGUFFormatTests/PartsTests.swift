import Foundation
import GGUFFormat
import TestSupport
import Testing
import ZooCore
import TensorFiles

/// Models in several files.
@Suite struct PartsTests {
  @Test(.needs(.python("gguf"))) func theFirstPartStandsForAll() throws {
    try withFolder { folder in
      try Python.run(script, "split", folder)
      let whole = try GGUFFormat.read("\(folder)/whole.gguf")
      let parts = try GGUFFormat.read("\(folder)/parts-00001-of-00003.gguf")
      #expect(parts.tensors.map(\.name) == (0..<5).map { "w.\($0)" } && parts.metadata == whole.metadata)
      for (part, wanted) in zip(parts.tensors, whole.tensors) {
        #expect(part.tensor.shape == wanted.tensor.shape)
        #expect(try bytes(of: part.tensor) == bytes(of: wanted.tensor))
      }
      // Written, it is one file.
      try GGUFFormat.write(parts, to: "\(folder)/copy.gguf")
      #expect(
        try Python.run(script, "show", "\(folder)/copy.gguf") == Python.run(script, "show", "\(folder)/whole.gguf"))
      // Another part is read alone.
      #expect(try GGUFFormat.read("\(folder)/parts-00002-of-00003.gguf").tensors.map(\.name) == ["w.2", "w.3"])
    }
  }

  private func part(
    _ number: UInt16, of count: UInt16 = 2, tensors: Int32 = 2, name: String? = nil, values: [[UInt8]] = []
  ) -> [UInt8] {
    var file = HandMadeFile()
    file.values += values
    file.values += [
      string("split.no") + bytes(UInt32(2)) + bytes(number), string("split.count") + bytes(UInt32(2)) + bytes(count),
      string("split.tensors.count") + bytes(UInt32(5)) + bytes(tensors),
    ]
    file.tensors[0].name = name ?? "w\(number)"
    return file.contents
  }

  @Test func laterPartsAddTheirMetadata() throws {
    try withFolder { folder in
      let name = string("a.name") + bytes(UInt32(8))
      let late = string("a.late") + bytes(UInt32(10)) + bytes(UInt64.max)
      let first = "\(folder)/m-00001-of-00002.gguf"
      try Data(part(0, values: [name + string("first")])).write(to: URL(filePath: first))
      try Data(part(1, values: [name + string("second"), late])).write(
        to: URL(filePath: "\(folder)/m-00002-of-00002.gguf"))
      let metadata = try GGUFFormat.readModel(first).metadata
      #expect(metadata.text("a.name") == "first")
      #expect(metadata.number("a.late") == Float(UInt64.max))
      #expect(metadata.integer("a.late") == nil)
    }
  }

  @Test func partsThatAreMissingOrOthersAreErrors() throws {
    try withFolder { folder in
      let first = "\(folder)/m-00001-of-00002.gguf"
      func read(_ contents: [UInt8], _ other: [UInt8]?, at path: String? = nil) throws -> TensorFile {
        let second = "\(folder)/m-00002-of-00002.gguf"
        try Data(contents).write(to: URL(filePath: path ?? first))
        try? FileManager.default.removeItem(atPath: second)
        if let other { try Data(other).write(to: URL(filePath: second)) }
        return try GGUFFormat.read(path ?? first)
      }
      let both = try read(part(0), part(1))
      #expect(both.tensors.map(\.name) == ["w0", "w1"])
      func check(_ kind: ZooError.Kind, _ word: String, _ body: () throws -> TensorFile) {
        let thrown = error(body)
        #expect(
          thrown?.kind == kind && thrown?.description.contains(word) == true, "\(word): \(String(describing: thrown))")
      }
      check(.notFound, "part 2 of 2") { try read(part(0), nil) }
      check(.notFound, "m-00002-of-00002.gguf") { try read(part(0), nil) }
      check(.badData, "another part") { try read(part(0), part(0)) }
      check(.badData, "another part") { try read(part(0), part(1, of: 3)) }
      check(.badData, "another part") { try read(part(0), HandMadeFile().contents) }
      check(.badData, "two parts") { try read(part(0), part(1, name: "w0")) }
      check(.badData, "there are 3") { try read(part(0, tensors: 3), part(1)) }
      check(.badData, "no number") { try read(part(0, tensors: -1), part(1)) }
      check(.badData, "-00001-of-00002.gguf") { try read(part(0), part(1), at: "\(folder)/renamed.gguf") }
      check(.badData, "part 2") { try read(part(0), Array(part(1).dropLast(8))) }
      // One part is a model of its own, whatever its name.
      let one = try read(part(0, of: 1), nil, at: "\(folder)/one.gguf")
      #expect(one.tensors.count == 1)
    }
  }
}
