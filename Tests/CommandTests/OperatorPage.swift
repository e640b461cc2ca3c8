import Foundation
import ModelZoo
import ONNXFormat
import Testing
import TestSupport
import ZooCore
import ZooOperators

/// Docs/operators.md: what is known of each operator, where it is computed, and how many of its cases pass.
struct OperatorPage {
  static let path = Zoo.root + "/Docs/operators.md"

  private struct Operator: Hashable {
    var domain: String
    var name: String

    init(_ domain: String, _ name: String) { (self.domain, self.name) = (domain == "ai.onnx" ? "" : domain, name) }
  }

  private var plugins: [Operator: String] = [:]
  private var passed: [Operator: Int] = [:]
  private var cases: [Operator: Int] = [:]

  /// - Parameters:
  ///   - found: What became of the cases.
  ///   - folder: Where the cases are.
  init(_ found: [Conformance.Case], in folder: String) throws {
    let list = try #require(Zoo.run("plugins", "--json").json()["plugins"] as? [[String: Any]])
    for plugin in list {
      let name = try #require(plugin["name"] as? String)
      for entry in try #require(plugin["operators"] as? [[String: Any]]) {
        plugins[Operator(entry["domain"] as? String ?? "", entry["name"] as? String ?? "")] = name
      }
    }
    for entry in found where entry.suite == "node" {
      for operation in Self.operators(of: try ONNXFormat.read("\(folder)/\(entry.name)/model.onnx").graph.nodes) {
        cases[operation, default: 0] += 1
        if [.pass, .drawn].contains(entry.state) { passed[operation, default: 0] += 1 }
      }
    }
  }

  private static func operators(of nodes: [Node]) -> Set<Operator> {
    nodes.reduce(into: []) { found, node in
      found.insert(Operator(node.domain, node.operatorType))
      for case .graph(let body) in node.attributes.map(\.value) { found.formUnion(operators(of: body.nodes)) }
    }
  }

  var text: String {
    let declared = OperatorCatalogue.all.map { Operator($0.domain, $0.name) }
    let registered = OperatorHistory.operators.map { Operator($0.domain, $0.name) }
    // What the compiler alone writes is nobody else's business.
    let all = Set(declared + registered + plugins.keys).filter { $0.domain != "zoo" }
    let domains = Dictionary(grouping: all, by: \.domain).sorted { $0.key < $1.key }
    let sections = domains.map { domain, operators in
      let rows = operators.sorted { $0.name < $1.name }.map(row)
      return """
        ## \(domain.isEmpty ? "ai.onnx" : domain)

        | operator | versions | types | computed by | cases passed |
        | --- | --- | --- | --- | --- |
        \(rows.joined(separator: "\n"))

        """
    }
    return Self.introduction + sections.joined(separator: "\n")
  }

  private static let introduction = """
    # Operators

    Written by a test, which fails when the page is no longer true; ZOO_WRITE_CONFORMANCE=1 has it write the page anew
    (Tests/CommandTests/ConformanceTests.swift).

    - Versions are those of ONNX's operator sets that changed the operator, as onnx 1.23.2 registers them; models of all of
      them are read. Those that are crossed out removed it.
    - Types are those that the newest version allows for the first input, or the first output where there is none: float stands
      for float16, bfloat16, float32 and float64, int and uint for 8 to 64 bits, complex for both, float8 for the four kinds.
      A plugin that does not compute one of them says so.
    - "runtime" computes without a plugin: bodies, sequences, optional values, and what stands for other operators. What nothing computes
      (–) is known by its shapes, or not at all.
    - Cases are those of onnx's node tests in which the operator occurs. What does not pass is in
      [conformance.txt](../Tests/CommandTests/conformance.txt), with the reason.


    """

  /// Whether a model with the operator compiles without any plugin, or fails at something else.
  private static func isRuntimes(_ operation: Operator) -> Bool {
    guard let declaration = OperatorCatalogue.declaration(operation.name, domain: operation.domain) else {
      return false
    }
    var node = Node(operation.name, domain: operation.domain, inputs: [], outputs: ["y"])
    if declaration.traits.contains(.hasBodies) { node.attributes = [Attribute("body", .graph(Graph()))] }
    var graph = Graph()
    (graph.nodes, graph.outputs) = ([node], [ValueInfo(name: "y")])
    let newest = OperatorHistory.versions(of: operation.name, domain: operation.domain).last?.version ?? 1
    let model = ModelDefinition(graph, operatorSets: [OperatorSet(domain: operation.domain, version: newest)])
    let failure = error { try Model(model, options: Model.Options(plugins: .registry(OperatorRegistry()))) }
    return failure?.message.contains("no plugin offers") != true
  }

  private func row(_ operation: Operator) -> String {
    let history = OperatorHistory.versions(of: operation.name, domain: operation.domain)
    let versions = history.map { $0.isDeprecated ? "~~\($0.version)~~" : "\($0.version)" }
    let newest = history.last { !$0.isDeprecated }
    let types = (newest?.inputs.first ?? newest?.outputs.first).map { Self.text($0.types) } ?? ""
    let owner = plugins[operation] ?? (Self.isRuntimes(operation) ? "runtime" : "–")
    let count = cases[operation].map { "\(passed[operation, default: 0]) of \($0)" } ?? ""
    return "| \(operation.name) | \(versions.joined(separator: ", ")) | \(types) | \(owner) | \(count) |"
  }

  private static let groups: [(name: String, types: [ElementType])] = [
    ("float", [.float16, .bfloat16, .float32, .float64]), ("int", [.int8, .int16, .int32, .int64]),
    ("uint", [.uint8, .uint16, .uint32, .uint64]), ("complex", [.complex64, .complex128]),
    ("float8", [.float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz]),
  ]

  private static func text(_ types: TypeSet) -> String {
    func contains(_ type: ElementType) -> Bool { types.contains(.tensor(elementType: type.rawValue, shape: nil)) }
    var words: [String] = []
    var rest = ElementType.allCases.filter(contains)
    for group in groups where group.types.allSatisfy(contains) {
      words.append(group.name)
      rest.removeAll { group.types.contains($0) }
    }
    words += rest.map(\.name)
    if types.contains(.sequence(ValueType(.missing))) { words.append("sequences") }
    if types.contains(.optional(ValueType(.missing))) { words.append("optionals") }
    if types.contains(.map(keyType: 0, value: ValueType(.missing))) { words.append("maps") }
    return words.joined(separator: ", ")
  }
}
