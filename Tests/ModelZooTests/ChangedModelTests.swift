import Foundation
import ModelZoo
import Testing
import ZooCore

/// Models whose file is written to after their first answer. What kernels read where it lies is no answer then.
@Suite struct ChangedModelTests {
  /// y = table[ids], with a table of one chunk that no compression makes smaller, so that it is read where it lies.
  private static func written(to path: String) throws {
    var generator = SystemRandomNumberGenerator()
    let numbers = (0..<1 << 16).map { _ in
      while true {
        let number = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator))
        if number.isFinite { return number }
      }
    }
    var definition = ModelDefinition()
    definition.operatorSets = [OperatorSet(version: 17)]
    definition.graph.inputs = [ValueInfo(name: "ids", elementType: .int64, shape: ["N"])]
    definition.graph.outputs = [ValueInfo(name: "y")]
    definition.graph.initializers = [
      NamedTensor(name: "table", tensor: StoredTensor(try Tensor(numbers, shape: [1024, 64])))
    ]
    definition.graph.nodes = [Node("Gather", inputs: ["table", "ids"], outputs: ["y"])]
    try definition.write(to: path, format: .package)
  }

  private static func check(_ change: (FileHandle) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "changed-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "m.zoo").path
    try written(to: path)
    let model = try Model.linked(ModelDefinition(contentsOf: path))
    let ids = try Tensor((0..<1024).map { Int64($0) }, shape: [1024])
    let first = try model.run(["ids": ids])["y"]?.elements(Float.self)
    try #require(try model.run(["ids": ids])["y"]?.elements(Float.self) == first)
    try change(FileHandle(forWritingTo: URL(fileURLWithPath: path)))
    for _ in 0..<2 {
      let error = try #require(throws: ZooError.self) { try model.run(["ids": ids]) }
      try #require(error.kind == .badData && error.description.contains("has changed"))
    }
  }

  @Test func isWrittenOver() throws {
    try Self.check { file in
      try file.seek(toOffset: 1 << 17)
      try file.write(contentsOf: Data(repeating: 1, count: 1 << 16))
      try file.close()
    }
  }

  /// The end of the process, if it is not handled.
  @Test func isCutOff() async {
    await #expect(processExitsWith: .success) {
      try ChangedModelTests.check { try $0.truncate(atOffset: 1 << 16) }
    }
  }
}
