import ONNXFormat
import ZooOperators

/// Test folders in the layout of ONNX's backend tests: `model.onnx`, and in `test_data_set_N` the values `input_K.pb` and
/// `output_K.pb` by position.
package struct Verification: Sendable, Hashable {
  /// What came of one test folder.
  package enum Status: String, Sendable, Hashable, Codable {
    case pass
    /// The model ran, but an output is another one.
    case mismatch
    /// The folder or the model can't be used.
    case error
  }

  package var status: Status
  /// What was wrong. Of a pass it is empty, or says that values could not be compared because chance decides them.
  package var detail: String

  /// Differences up to `absolute + relative × |expected|` count as equal.
  package struct Tolerance: Sendable, Hashable {
    package var relative: Double
    package var absolute: Double
    /// What more an output may be off, in units in the last place of its largest element, where a graph does not work
    /// element by element.
    package var ofLargest: Double

    /// What ONNX's own runner of these tests allows, and half a unit in the last place of the largest element: sums are
    /// rounded where their terms are, so that the expected ones don't tell more. Where 0 is right, they hold that instead.
    package static let onnx = Tolerance(relative: 1e-3, absolute: 1e-7, ofLargest: 0.5)

    package init(relative: Double, absolute: Double, ofLargest: Double = 0) {
      self.relative = relative
      self.absolute = absolute
      self.ofLargest = ofLargest
    }
  }

  /// Runs every data set of the test in `folder`. Never throws: what goes wrong is the result.
  package init(_ folder: String, options: Model.Options = Model.Options(), tolerance: Tolerance = .onnx) {
    do {
      self = try Self.result(of: folder, options, tolerance)
    } catch {
      self.init(status: .error, detail: "\(error)")
    }
  }

  private init(status: Status, detail: String) {
    self.status = status
    self.detail = detail
  }

  private static func result(
    of folder: String, _ options: Model.Options, _ tolerance: Tolerance
  ) throws -> Verification {
    let model = try Model(ModelDefinition(contentsOf: folder + "/model.onnx"), options: options)
    let drawn = DrawnOutputs(of: model.definition)
    var tolerance = tolerance
    if model.definition.isElementwise { tolerance.ofLargest = 0 }
    var detail = ""
    let sets = names(in: folder).filter { $0.hasPrefix("test_data_set_") }
    guard !sets.isEmpty else { throw ZooError(.notFound, "there is no test_data_set_0", at: folder) }
    for set in sets {
      let path = "\(folder)/\(set)"
      let graph = model.definition.graph
      let inputs = try values(in: path, "input", model.inputs, graph.inputs, of: graph)
      let expected = try values(in: path, "output", model.outputs, graph.outputs, of: graph)
      let results = try model.run(exactly: inputs)
      let outputs = Dictionary(results.map { (ExactText($0.name), $0.value) }, uniquingKeysWith: { first, _ in first })
      for (name, wanted) in expected {
        guard let output = outputs[ExactText(name)] else {
          throw ZooError(.defect, "the run gave no output \(name)", at: set)
        }
        var difference = difference(output, wanted, tolerance)
        if difference != nil, drawn.contains(name) {
          difference = try drawn.difference(name, output, wanted, inputs: inputs, options)
          detail = "drawn by chance: type, shape and distribution agree"
        }
        if let difference { return Verification(status: .mismatch, detail: "\(set): output \(name): \(difference)") }
      }
    }
    return Verification(status: .pass, detail: detail)
  }

  /// The values of `KIND_0.pb`, `KIND_1.pb`, … with the names of the graph's values in the same places.
  private static func values(
    in folder: String, _ kind: String, _ required: [ValueInfo], _ all: [ValueInfo], of graph: Graph
  ) throws -> [(name: String, value: Value)] {
    let files = Set(names(in: folder).filter { $0.hasPrefix(kind + "_") && $0.hasSuffix(".pb") })
    // Old models list their weights as inputs too; then there are files for all of them, or for the others only.
    let infos = files.count == required.count ? required : all
    guard files.count <= infos.count else {
      throw ZooError(
        .badData, "there are \(files.count) \(kind) files for the graph's \(infos.count) \(kind)s", at: folder)
    }
    return try infos.prefix(files.count).enumerated().map { index, info in
      let file = "\(kind)_\(index).pb"
      guard files.contains(file) else { throw ZooError(.notFound, "there is no \(file)", at: folder) }
      let type = info.type ?? ValueType(.missing)
      switch type.form {
      case .optional(let element):
        return (info.name, try optional("\(folder)/\(file)", type, element, info.name))
      case .sequence, .map, .sparseTensor, .opaque:
        return (info.name, try value(ONNXFormat.readValue("\(folder)/\(file)", as: type), info.name))
      case .tensor, .missing:
        return (info.name, .tensor(try ONNXFormat.readTensor("\(folder)/\(file)").tensor.load()))
      }
    }
  }

  /// An optional value, or, as ONNX's own cases have it, what it holds.
  private static func optional(
    _ path: String, _ type: ValueType, _ element: ValueType, _ name: String
  ) throws -> Value {
    if let inner = try? value(ONNXFormat.readValue(path, as: element), name), inner.isLike(element) { return inner }
    return try value(ONNXFormat.readValue(path, as: type), name)
  }

  private static func value(_ value: ONNXValue, _ name: String) throws -> Value {
    switch value {
    case .tensor(let tensor): .tensor(try tensor.tensor.load())
    case .sequence(let elements): .sequence(try elements.map { try self.value($0, name) })
    case .optional(let element): .optional(try element.map { try self.value($0, name) })
    case .map(let keys, let values):
      .map(
        keys: try Tensor(strings: keys.map { Array($0.utf8) }, shape: [keys.count]),
        values: try Tensor(try values.map { try number($0, name) }, shape: [values.count]))
    }
  }

  /// What a map's keys stand for are single numbers.
  private static func number(_ value: ONNXValue, _ name: String) throws -> Float {
    guard case .tensor(let item) = value, let number = try item.tensor.load().numbers().first else {
      throw ZooError(.unsupported, "a map to other values than numbers", at: name)
    }
    return Float(number)
  }

  private static func difference(_ output: Value, _ expected: Value, _ tolerance: Tolerance) -> String? {
    switch (output, expected) {
    case (.tensor(let output), .tensor(let expected)): return difference(output, expected, tolerance)
    case (.sequence(let outputs), .sequence(let wanted)):
      guard outputs.count == wanted.count else { return "\(outputs.count) elements instead of \(wanted.count)" }
      return zip(outputs, wanted).lazy.compactMap { difference($0, $1, tolerance) }.first
    case (.optional(nil), .optional(nil)): return nil
    case (.optional(let output?), .optional(let wanted?)), (.optional(let output?), let wanted):
      return difference(output, wanted, tolerance)
    case (.map(let keys, let values), .map(let wantedKeys, let wanted)):
      // Keys have no order.
      guard let order = keys.places(of: wantedKeys), let numbers = try? values.numbers() else { return "other keys" }
      let ordered = try? Tensor(order.map { Float(numbers[$0]) }, shape: [order.count])
      return ordered.map { difference($0, wanted, tolerance) } ?? "other values"
    default: return "a value of another kind"
    }
  }

  /// How `output` differs from `expected`; `nil` where it does not.
  private static func difference(_ output: Tensor, _ expected: Tensor, _ tolerance: Tolerance) -> String? {
    guard output.type == expected.type else { return "\(output.type.name) instead of \(expected.type.name)" }
    guard output.shape == expected.shape else { return "shape \(output.shape) instead of \(expected.shape)" }
    if let strings = output.strings { return strings == expected.strings ? nil : "other strings" }
    let isFloating = [.float16, .bfloat16, .float32, .float64].contains(output.type)
    guard isFloating, let left = try? output.numbers(), let right = try? expected.numbers() else {
      return output.hasSameBytes(as: expected) ? nil : "other values"
    }
    // As ONNX's own runner: two units in the last place of bfloat16.
    let relative = output.type == .bfloat16 ? max(tolerance.relative, 0x1p-6) : tolerance.relative
    let largest = right.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0
    let absolute = max(tolerance.absolute, tolerance.ofLargest * largest * unitInTheLastPlace(output.type))
    var worst: (index: Int, excess: Double)?
    var count = 0
    for (index, (value, wanted)) in zip(left, right).enumerated() {
      if value == wanted || value.isNaN && wanted.isNaN { continue }
      let excess = (value - wanted).magnitude - (absolute + relative * wanted.magnitude)
      // Written so that NaN and infinities count as different.
      if excess <= 0 { continue }
      count += 1
      if worst.map({ excess > $0.excess || excess.isNaN }) ?? true { worst = (index, excess) }
    }
    guard let worst else { return nil }
    return
      "\(count) of \(left.count) values differ, most at \(worst.index): \(left[worst.index]) instead of \(right[worst.index])"
  }

  /// Of numbers of 1 and a little more.
  private static func unitInTheLastPlace(_ type: ElementType) -> Double {
    switch type {
    case .float64: 0x1p-52
    case .float16: 0x1p-10
    case .bfloat16: 0x1p-7
    default: 0x1p-23
    }
  }

  /// The test folders at and below `path`, by name: those with a `model.onnx`.
  ///
  /// - Throws: `ZooError` (`notFound`) where there is none.
  package static func folders(at path: String) throws -> [String] {
    var found: [String] = []
    collect(path, depth: 0, &found)
    guard !found.isEmpty else {
      throw ZooError(
        .notFound, "no folder with a model.onnx is here", at: path,
        advice: "give a folder in the layout of ONNX's backend tests, or one that holds such folders")
    }
    return found
  }

  private static func collect(_ folder: String, depth: Int, _ found: inout [String]) {
    let names = names(in: folder)
    if names.contains("model.onnx") { return found.append(folder) }
    guard depth < 8 else { return }
    for name in names where !name.hasPrefix(".") { collect("\(folder)/\(name)", depth: depth + 1, &found) }
  }

  private static func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }
}

extension ModelDefinition {
  /// Whether each element of what the graph computes depends on those at its place alone.
  fileprivate var isElementwise: Bool {
    graph.nodes.allSatisfy { node in
      let traits = OperatorCatalogue.declaration(node.operatorType, domain: node.domain)?.traits
      return traits.map { !$0.isDisjoint(with: [.elementwise, .view]) } ?? false
    }
  }
}

extension Tensor {
  fileprivate func hasSameBytes(as other: Tensor) -> Bool {
    withUnsafeBytes { left in other.withUnsafeBytes { right in left.elementsEqual(right) } }
  }
}

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension Tensor {
  /// The keys of a map as text.
  package var keyTexts: [String] {
    if let strings { return strings.map { String(decoding: $0, as: UTF8.self) } }
    return (try? numbers().map { String(Int($0)) }) ?? []
  }

  /// Where each of `keys` is among the keys that this holds; `nil` where they are others.
  fileprivate func places(of keys: Tensor) -> [Int]? {
    let places = Dictionary(keyTexts.enumerated().map { (ExactText($1), $0) }, uniquingKeysWith: { first, _ in first })
    let found = keys.keyTexts.compactMap { places[ExactText($0)] }
    return found.count == keys.count && found.count == count ? found : nil
  }
}

extension Value {
  /// Whether the value is of the sort that a file declares.
  fileprivate func isLike(_ type: ValueType) -> Bool {
    switch (self, type.form) {
    case (.tensor(let tensor), .tensor(let number, _)): tensor.type.rawValue == number
    case (.sequence(let elements), .sequence(let element)): elements.allSatisfy { $0.isLike(element) }
    default: false
    }
  }
}
