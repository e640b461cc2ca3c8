import ONNXFormat
import Testing
import ZooCore

/// Tensors of which files hold only what is not zero.
@Suite struct SparseTensorTests {
  /// A SparseTensorProto of float32 numbers.
  private func sparse(_ name: String, _ values: [Float], at places: [Int64], axes: Int = 1, shape: [Int]) -> Wire {
    func bytes<Element>(_ elements: [Element]) -> [UInt8] { elements.withUnsafeBytes { Array($0) } }
    let extents = places.count == values.count && axes == 1 ? [values.count] : [values.count, axes]
    let indices = extents.reduce(Wire()) { $0.integer(1, UInt64($1)) }.integer(2, 7).data(9, bytes(places))
    let numbers = Wire().integer(1, UInt64(values.count)).integer(2, 1).text(8, name).data(9, bytes(values))
    return shape.reduce(Wire().message(1, numbers).message(2, indices)) { $0.integer(3, UInt64($1)) }
  }

  private func read(_ tensors: [Wire]) throws -> ModelDefinition {
    let folder = try TemporaryFolder()
    let graph = tensors.reduce(Wire().message(1, Wire().text(4, "Relu"))) { $0.message(15, $1) }
    return try ONNXFormat.read(folder.write(Wire.model(graph: graph), to: "m.onnx"))
  }

  @Test func initializersAndAttributes() throws {
    let folder = try TemporaryFolder()
    let flat = sparse("a", [1.5, -2], at: [1, 5], shape: [2, 3])
    let matrix = sparse("b", [4, 5], at: [0, 2, 1, 0], axes: 2, shape: [2, 3])
    let node = Wire().text(2, "c").text(4, "Constant").message(
      5, Wire().text(1, "sparse_value").integer(20, 11).message(22, flat))
    let graph = Wire().message(1, node).message(15, flat).message(15, matrix)
    let model = try ONNXFormat.read(folder.write(Wire.model(graph: graph), to: "m.onnx"))
    try ONNXFormat.write(model, to: "\(folder.path)/copy.onnx")
    for model in [model, try ONNXFormat.read("\(folder.path)/copy.onnx")] {
      #expect(model.graph.initializers.map(\.name) == ["a", "b"])
      #expect(try model.graph.initializers[0].tensor.load().elements(Float.self) == [0, 1.5, 0, 0, 0, -2])
      #expect(try model.graph.initializers[1].tensor.load().elements(Float.self) == [0, 0, 4, 5, 0, 0])
      guard case .tensor(let value)? = model.graph.nodes[0][attribute: "sparse_value"] else {
        Issue.record("no tensor")
        continue
      }
      #expect(value.tensor.shape == [2, 3])
      #expect(try value.tensor.load().elements(Float.self) == [0, 1.5, 0, 0, 0, -2])
    }
    // It is written as it was.
    #expect(try folder.read("copy.onnx").count < folder.read("m.onnx").count + 32)
  }

  @Test func whatDoesNotFit() throws {
    for tensor in [
      sparse("a", [1], at: [6], shape: [2, 3]), sparse("a", [1], at: [-1], shape: [2, 3]),
      sparse("a", [1], at: [0, 3], axes: 2, shape: [2, 3]), sparse("a", [1], at: [0, 0, 0], axes: 3, shape: [2, 3]),
      sparse("a", [1], at: [.max], shape: [1 << 40, 1 << 40]), Wire(), Wire().message(1, Wire()),
    ] {
      #expect(throws: ZooError.self) { try read([tensor]) }
    }
  }

  /// Memory follows the file: a little may be as empty as it likes, much may not.
  @Test func outOfProportion() throws {
    let empty = sparse("a", [1], at: [0], shape: [1 << 20])
    #expect(try read([empty]).graph.initializers[0].tensor.byteCount == 4 << 20)
    #expect(throws: ZooError.self) { try read([Wire](repeating: empty, count: 20)) }
    #expect(throws: ZooError.self) { try read([sparse("a", [1], at: [0], shape: [1 << 34])]) }
    let honest = sparse("a", [Float](repeating: 1, count: 4096), at: (0..<4096).map { $0 * 100 }, shape: [409_600])
    #expect(try read([Wire](repeating: honest, count: 60)).graph.initializers.count == 60)
  }
}
