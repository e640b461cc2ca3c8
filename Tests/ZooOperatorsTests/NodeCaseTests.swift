import Foundation
import ONNXFormat
import TestSupport
import Testing
import ZooCore
import ZooOperators

/// ONNX's own node tests: the declarations give the types and shapes that the cases have.
@Suite("Node cases' shapes", .needs(.python("onnx")))
struct NodeCaseTests {
  @Test func shapesAreThoseOfTheCases() throws {
    try withFolder { folder in
      let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../CommandTests/node_cases.py").standardized.path
      try Python.run(script, folder + "/cases")
      let (checked, undeclared) = try ShapeCase.checkAll(folder + "/cases")
      #expect(undeclared.isEmpty)
      #expect(checked == 1884)
    }
  }

  /// Of ONNX Runtime's own operators there are no cases but those that it makes itself.
  @Test(.needs(.python("onnxruntime")))
  func shapesAreThoseOfONNXRuntime() throws {
    try withFolder { folder in
      let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "microsoft_cases.py").path
      try Python.run(script, folder + "/cases")
      let (checked, undeclared) = try ShapeCase.checkAll(folder + "/cases")
      #expect(checked >= 61)
      #expect(undeclared.isEmpty)
    }
  }
}

/// One case: its model, and what goes in and comes out.
private struct ShapeCase {
  /// How much is known of the inputs.
  enum Mode: CaseIterable {
    /// All: they are constants.
    case constants
    /// Types and shapes.
    case shapes
    /// Types, and a symbol for each extent.
    case symbols
    /// Types alone.
    case types
  }

  struct Mismatch: Error { var text: String }

  /// Checks all cases in a folder.
  ///
  /// - Returns: How many there were of declared operators, and the others' names.
  static func checkAll(_ folder: String) throws -> (checked: Int, undeclared: Set<String>) {
    var checked = 0
    var undeclared: Set<String> = []
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
      let model = try ONNXFormat.read("\(folder)/\(name)/model.onnx")
      let missing = model.graph.nodes.filter {
        OperatorCatalogue.declaration($0.operatorType, domain: $0.domain) == nil
      }
      undeclared.formUnion(missing.map { $0.domain.isEmpty ? $0.operatorType : "\($0.domain).\($0.operatorType)" })
      if !missing.isEmpty { continue }
      let shapeCase = try ShapeCase(model, folder: "\(folder)/\(name)/test_data_set_0")
      for mode in Mode.allCases {
        do { try shapeCase.check(mode) } catch { Issue.record("\(name), \(mode): \(error)") }
      }
      checked += 1
    }
    return (checked, undeclared)
  }

  let model: ModelDefinition
  private var inputs: [String: ONNXValue] = [:]
  private var outputs: [String: ONNXValue] = [:]

  init(_ model: ModelDefinition, folder: String) throws {
    self.model = model
    for (index, input) in model.graph.inputs.enumerated() {
      let path = "\(folder)/input_\(index).pb"
      guard let type = input.type, FileManager.default.fileExists(atPath: path) else { continue }
      inputs[input.name] = try? ONNXFormat.readValue(path, as: type)
    }
    for (index, output) in model.graph.outputs.enumerated() {
      guard let type = output.type else { continue }
      outputs[output.name] = try? ONNXFormat.readValue("\(folder)/output_\(index).pb", as: type)
    }
  }

  func check(_ mode: Mode) throws {
    var symbols: [String: Int] = [:]
    var known: [String: ValueFacts] = [:]
    for input in model.graph.inputs {
      known[input.name] = facts(of: inputs[input.name], input, mode, &symbols)
    }
    var inference = GraphInference(
      operatorSets: Dictionary(
        model.operatorSets.map { ($0.domain == "ai.onnx" ? "" : $0.domain, $0.version) }, uniquingKeysWith: { $1 }),
      inputs: known)
    try inference.infer(model.graph)
    for output in model.graph.outputs {
      guard let facts = inference[output.name], let value = outputs[output.name] else { continue }
      try check(facts, value, output, mode, symbols)
    }
  }

  private func facts(
    of value: ONNXValue?, _ input: ValueInfo, _ mode: Mode, _ symbols: inout [String: Int]
  ) -> ValueFacts {
    guard case .tensor(let named)? = value else { return input.type.map { ValueFacts($0) } ?? ValueFacts(nil) }
    let tensor = named.tensor
    switch mode {
    case .constants: return ValueFacts(tensor)
    case .shapes: return ValueFacts(tensor.type, tensor.shape)
    case .symbols:
      let names = tensor.shape.indices.map { "\(input.name).\($0)" }
      for (name, extent) in zip(names, tensor.shape) { symbols[name] = extent }
      return ValueFacts(.tensor(tensor.type), shape: names.map { Dim.symbol($0) })
    case .types: return ValueFacts(.tensor(tensor.type))
    }
  }

  private func check(
    _ facts: ValueFacts, _ value: ONNXValue, _ output: ValueInfo, _ mode: Mode, _ symbols: [String: Int]
  ) throws {
    let declared = output.type.flatMap(ValueKind.init)
    guard facts.kind == declared else {
      throw Mismatch(text: "\(output.name) is \(String(describing: facts.kind)), not \(String(describing: declared))")
    }
    guard case .tensor(let named) = value else { return }
    let wanted = named.tensor.shape
    guard let shape = facts.shape else {
      if mode == .constants { throw Mismatch(text: "the rank of \(output.name) is not known") }
      return
    }
    let numbers = shape.map { dim in
      dim.replacing { if case .named(let name) = $0 { symbols[name].map { Dim($0) } } else { nil } }?.number
    }
    let fits = numbers.count == wanted.count && zip(numbers, wanted).allSatisfy { $0 == nil || $0 == $1 }
    guard fits else { throw Mismatch(text: "\(output.name) is \(shape) = \(numbers), not \(wanted)") }
    if let elements = facts.elements, case .constants = mode {
      let own = try wholeNumbers(of: named.tensor.load())
      guard zip(elements, own).allSatisfy({ $0.number == nil || $0.number == $1 }), elements.count == own.count else {
        throw Mismatch(text: "\(output.name) holds \(elements), not \(own)")
      }
    }
  }

  private func wholeNumbers(of tensor: Tensor) throws -> [Int?] {
    switch tensor.type {
    case .int32: try tensor.elements(Int32.self).map { Int($0) }
    case .bool: try tensor.elements(Bool.self).map { $0 ? 1 : 0 }
    case .float32: try tensor.elements(Float.self).map { Int(exactly: $0) }
    case .float64: try tensor.elements(Double.self).map { Int(exactly: $0) }
    default: try tensor.elements(Int64.self).map { Int($0) }
    }
  }
}
