import Foundation
import ONNXFormat
import Testing
import ZooCore

@Suite struct HostileFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Reads a file and all its tensors; whatever is wrong with it must come as an error of the right kind.
  private func survive(_ bytes: [UInt8]) throws -> Bool {
    let path = try folder.write(bytes, to: "m.onnx")
    do {
      let model = try ONNXFormat.read(path)
      for tensor in model.graph.initializers { _ = try tensor.tensor.load() }
      return true
    } catch let error as ZooError {
      #expect(error.kind == .badData, "\(error)")
      return false
    }
  }

  private func sample() throws -> [UInt8] {
    var model = try sampleModel()
    // Less to flip.
    model.functions = []
    let weights = try StoredTensor(Tensor([Float(1), 2], shape: [2]))
    model.graph.initializers[0].tensor = weights
    model.graph.nodes[0].attributes.removeAll { $0.name == "value" }
    try ONNXFormat.write(model, to: "\(folder.path)/sample.onnx")
    return try folder.read("sample.onnx")
  }

  @Test func truncatedAnywhere() throws {
    let bytes = try sample()
    for count in 0..<bytes.count { _ = try survive(Array(bytes[..<count])) }
    // Cut inside the graph, it is never a model.
    #expect(try !survive(Array(bytes[..<(bytes.count / 2)])))
  }

  @Test func flippedAnywhere() throws {
    let bytes = try sample()
    for index in bytes.indices {
      for flip in [0x01, 0x04, 0x80, 0xff] as [UInt8] {
        var damaged = bytes
        damaged[index] ^= flip
        _ = try survive(damaged)
      }
    }
  }

  @Test func deepNesting() throws {
    // Built from the inside: at each level the length grows.
    func nested(_ levels: Int) -> Wire {
      (0..<levels).reduce(Wire()) { inner, _ in
        Wire().message(1, Wire().text(4, "If").message(5, Wire().text(1, "b").integer(20, 5).message(6, inner)))
      }
    }
    #expect(try survive(Wire.model(graph: nested(30))))
    #expect(try !survive(Wire.model(graph: nested(40))))
    #expect(try !survive(Wire.model(graph: nested(3000))))
    let type = (0..<2000).reduce(Wire()) { inner, _ in Wire().message(4, Wire().message(1, inner)) }
    #expect(try !survive(Wire.model(graph: Wire().message(11, Wire().message(2, type)))))
  }

  @Test func damagedMessages() throws {
    let graph = Wire().text(2, "g")
    let wrong: [[UInt8]] = [
      [], [0], [0xff], Array("PK\u{3}\u{4}".utf8), Wire().integer(1, 10).bytes,
      Wire().integer(1, 10).message(7, graph).message(7, graph).bytes,  // two graphs
      Wire().integer(1, 10).integer(7, 1).bytes,
      Wire.model(graph: Wire().integer(2, 5)),  // a name that is a number
      Wire.model(graph: Wire().data(2, [0xff])),  // not UTF-8
      Wire.model(graph: Wire(bytes: [0x0b, 0x0c])),  // a group
      Wire.model(graph: Wire(bytes: [0x0a] + [UInt8](repeating: 0xff, count: 9) + [1])),  // a lying length
      Wire.model(graph: Wire(bytes: [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])),
      // An attribute with two values, and without the one that its type says.
      Wire.model(graph: Wire().message(1, Wire().message(5, Wire().integer(3, 1).text(4, "s").integer(20, 2)))),
      Wire.model(graph: Wire().message(1, Wire().message(5, Wire().integer(20, 4)))),
      // A field that ONNX's dimensions don't have.
      Wire.model(
        graph: Wire().message(
          11, Wire().message(2, Wire().message(1, Wire().message(2, Wire().message(1, Wire().integer(9, 1))))))),
    ]
    for bytes in wrong { #expect(try !survive(bytes), "\(bytes)") }
  }

  @Test func manyEmptyMessages() throws {
    let nodes = [UInt16](repeating: 0x000a, count: 5_000_000).withUnsafeBytes { Array($0) }
    #expect(try !survive(Wire.model(graph: Wire(bytes: nodes))))
  }

  @Test func filesThatAreNone() throws {
    #expect(!ONNXFormat.sniff("\(folder.path)/nothing"))
    #expect(!ONNXFormat.sniff(folder.path))
    let error = #expect(throws: ZooError.self) { try ONNXFormat.read("\(folder.path)/nothing") }
    #expect(error?.kind == .notFound)
    #expect(throws: ZooError.self) { try ONNXFormat.read(folder.path) }
    #expect(throws: ZooError.self) { try ONNXFormat.read("/dev/zero") }
    // A TensorProto is no model.
    #expect(try !ONNXFormat.sniff(folder.write(Wire().integer(1, 1).integer(2, 2).data(9, [5]).bytes, to: "t.pb")))
  }
}
