import Foundation
import TestSupport
import Testing
import ZooCore
import ZooOperators

/// Random nodes: the declarations give the shapes that ONNX Runtime's outputs have.
@Suite("ONNX Runtime's shapes", .needs(.python("onnx", "onnxruntime")))
struct RuntimeShapeTests {
  @Test func shapesAreThoseOfONNXRuntime() throws {
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "runtime_shapes.py").path
    let lines = try Python.run(script).split(separator: "\n")
    var checked: Set<String> = []
    for line in lines {
      let run = try JSONDecoder().decode(Run.self, from: Data(line.utf8))
      do {
        let known = try run.shapes { ValueFacts($0.elementType, $0.shape) }
        #expect(known.map { $0?.map(\.number) } == run.outputs, "\(line)")
        try checkSymbols(run, String(line))
        checked.insert(run.operator)
      } catch { Issue.record("\(line): \(error)") }
    }
    #expect(lines.count == 4576)
    #expect(checked.count == 84)
  }

  /// Expressions over symbols are the same numbers once the symbols are known, if windows fit.
  private func checkSymbols(_ run: Run, _ line: String) throws {
    var extents: [String: Int] = [:]
    let shapes = try run.shapes { input in
      let first = extents.count
      let names = input.shape.indices.map { "d\(first + $0)" }
      for (name, extent) in zip(names, input.shape) { extents[name] = extent }
      return ValueFacts(.tensor(input.elementType), shape: names.map { Dim.symbol($0) })
    }
    for (shape, wanted) in zip(shapes, run.outputs) {
      guard let shape else { continue }
      #expect(shape.count == wanted.count, "\(line)")
      if run.exceeds { continue }
      for (dim, extent) in zip(shape, wanted) {
        let value = dim.replacing { if case .named(let name) = $0 { extents[name].map { Dim($0) } } else { nil } }
        #expect(value?.number == nil || value?.number == extent, "\(dim) in \(line)")
      }
    }
  }
}

/// One node that ONNX Runtime has run.
private struct Run: Decodable {
  struct Input: Decodable {
    var type: Int32
    var shape: [Int]
    var numbers: [Double]?

    var elementType: ElementType { ElementType(rawValue: type) ?? .float32 }
  }

  enum Value: Decodable {
    case int(Int64), float(Float), text(String), ints([Int64]), floats([Float])

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let number = try? value.decode(Int64.self) {
        self = .int(number)
      } else if let number = try? value.decode(Float.self) {
        self = .float(number)
      } else if let numbers = try? value.decode([Int64].self) {
        self = .ints(numbers)
      } else if let numbers = try? value.decode([Float].self) {
        self = .floats(numbers)
      } else {
        self = .text(try value.decode(String.self))
      }
    }
  }

  var `operator`: String
  var opset: Int64
  var attributes: [String: Value]
  var inputs: [Input?]
  var outputs: [[Int]]
  var exceeds: Bool

  /// What the declaration gives for inputs of which `facts` tells; those of which numbers are known are constants.
  func shapes(_ facts: (Input) -> ValueFacts) throws -> [[Dim]?] {
    let node = Node(
      `operator`, inputs: inputs.indices.map { inputs[$0] == nil ? "" : "x\($0)" },
      outputs: outputs.indices.map { "y\($0)" },
      attributes: attributes.map { name, value in
        switch value {
        case .int(let number): Attribute(name, .int(number))
        case .float(let number): Attribute(name, .float(number))
        case .text(let text): Attribute(name, .string(Array(text.utf8)))
        // In JSON, whole floats look like integers.
        case .ints(let numbers): Attribute(name, name == "scales" ? .floats(numbers.map(Float.init)) : .ints(numbers))
        case .floats(let numbers): Attribute(name, .floats(numbers))
        }
      })
    let known = try inputs.map { input in
      try input.map { input -> ValueFacts in
        guard let numbers = input.numbers else { return facts(input) }
        switch input.elementType {
        // The greatest integer is none of the numbers that doubles hold.
        case .int64:
          return ValueFacts(
            StoredTensor(try Tensor(numbers.map { Int64(exactly: $0) ?? .max }, shape: input.shape)))
        case .int32: return ValueFacts(StoredTensor(try Tensor(numbers.map { Int32($0) }, shape: input.shape)))
        case .float32: return ValueFacts(StoredTensor(try Tensor(numbers.map { Float($0) }, shape: input.shape)))
        default: return facts(input)
        }
      }
    }
    let declaration = try #require(OperatorCatalogue.declaration(`operator`))
    return try declaration.infer(Inference(node, opset: opset, inputs: known)).map(\.shape)
  }
}
