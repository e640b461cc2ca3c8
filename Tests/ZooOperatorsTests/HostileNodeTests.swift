import TestSupport
import Testing
import ZooCore

@testable import ZooOperators

/// Whatever a node's attributes and inputs are, its declaration gives facts that can be and, of a function, a
/// body, or a `ZooError`; so do its derivatives.
@Suite("Hostile nodes", .serialized)
struct HostileNodeTests {
  @Test(arguments: OperatorCatalogue.all.map { HostileOperator(name: $0.name, domain: $0.domain) })
  func nodesGiveFactsOrErrors(of operation: HostileOperator) throws {
    let declaration = try #require(OperatorCatalogue.declaration(operation.name, domain: operation.domain))
    var nodes = HostileNodes(operation)
    for round in 0..<250 {
      let node = nodes.next()
      do {
        let facts = try declaration.infer(node)
        if let flaw = flaw(of: facts, of: node.node) {
          Issue.record("round \(round): \(flaw) of \(described(node))")
          return
        }
        _ = try declaration.functionBody(of: node)
        guard declaration.hasOwnDerivative else { continue }
        if declaration.derivative == nil { _ = try declaration.differentiableBody(of: node) }
        _ = try declaration.gradients(of: node, outputs: facts, gradients: [round % 2])
      } catch let error as ZooError where error.kind == .badData || error.kind == .unsupported {
        continue
      } catch {
        Issue.record("round \(round): \(error) of \(described(node))")
        return
      }
    }
  }

  private func flaw(of facts: [ValueFacts], of node: Node) -> String? {
    if facts.count != node.outputs.count { return "\(facts.count) outputs in place of \(node.outputs.count)" }
    for (index, output) in facts.enumerated() {
      if let extent = output.shape?.compactMap(\.number).first(where: { $0 < 0 }) {
        return "output \(index) has an extent of \(extent)"
      }
      if let elements = output.elements, elements.count != output.shape?.product.number {
        return "output \(index) has \(elements.count) elements and the shape \(output.shape ?? [])"
      }
    }
    return nil
  }

  private func described(_ node: Inference) -> String {
    let inputs = node.inputs.map { facts in
      guard let facts else { return "none" }
      return "\(facts.kind?.name ?? "?") \(facts.shape.map { "\($0)" } ?? "?") \(facts.elements ?? [])"
    }
    let attributes = node.node.attributes.map { "\($0.name) = \($0.value)" }
    return "\(node.node.operatorType) at \(node.opset)(\(inputs.joined(separator: "; "))) \(attributes)"
  }
}

struct HostileOperator: Sendable, CustomTestStringConvertible {
  var name: String
  var domain: String
  var testDescription: String { domain.isEmpty ? name : "\(domain).\(name)" }
}

/// An endless series of nodes of one operator, the same in each run.
private struct HostileNodes {
  private let operation: HostileOperator
  private let versions: [OperatorSchema]
  private var generator: SplitMix

  init(_ operation: HostileOperator) {
    self.operation = operation
    versions = OperatorHistory.versions(of: operation.name, domain: operation.domain)
    generator = SplitMix(state: operation.testDescription.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
  }

  mutating func next() -> Inference {
    let schema = versions.randomElement(using: &generator)
    var inputs: [ValueFacts?] = []
    for _ in 0..<inputCount(of: schema) {
      // Inputs that go together come further.
      inputs.append(inputs.isEmpty || happens(5) ? input() : pick(inputs))
    }
    let node = Node(
      operation.name, domain: operation.domain, inputs: inputs.indices.map { inputs[$0] == nil ? "" : "i\($0)" },
      outputs: (0..<Int.random(in: 0...4, using: &generator)).map { "o\($0)" }, attributes: attributes(of: schema))
    return Inference(
      node, opset: schema?.version ?? 1, inputs: inputs,
      body: { attribute, inputs in
        guard case .graph(let graph)? = node[attribute: attribute] else { throw ZooError(.badData, "there is no body") }
        if inputs.count > graph.inputs.count { throw ZooError(.badData, "the body has too few inputs") }
        return graph.outputs.map { _ in inputs.first.flatMap(\.self) ?? ValueFacts(nil) }
      })
  }

  private mutating func inputCount(of schema: OperatorSchema?) -> Int {
    let parameters = schema?.inputs.count ?? 4
    return max(0, Int.random(in: parameters - 1...parameters + 1, using: &generator))
  }

  private mutating func happens(_ outOfTen: Int) -> Bool { Int.random(in: 0..<10, using: &generator) < outOfTen }

  private mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
    choices[Int.random(in: choices.indices, using: &generator)]
  }

  // MARK: Inputs

  private mutating func input() -> ValueFacts? {
    switch Int.random(in: 0..<20, using: &generator) {
    case 0: return nil
    case 1: return ValueFacts(nil)
    case 2: return ValueFacts(.tensor(type()))
    case 3:
      return ValueFacts(
        pick([.sequence(.tensor(type())), .optional(.tensor(type())), .map(key: .int64, value: .tensor(type()))]))
    case 4..<9: return constant()
    case 9..<12: return list()
    default: return ValueFacts(.tensor(type()), shape: shape())
    }
  }

  private mutating func type() -> ElementType {
    happens(6) ? .float32 : pick(ElementType.allCases)
  }

  private mutating func shape() -> [Dim] {
    (0..<Int.random(in: 0...5, using: &generator)).map { _ in extent() }
  }

  private mutating func extent() -> Dim {
    let s = Dim.symbol("s")
    return pick([
      0, 1, 1, 2, 3, 7, 7, 64, Dim(1 << 40), s, s, s + 1, 2 * s, .symbol("t"), .unknown(), s.floorDivided(by: 2),
    ])
  }

  /// A few integers of which some are known.
  private mutating func list() -> ValueFacts {
    let count = Int.random(in: 0...6, using: &generator)
    let elements = (0..<count).map { _ in happens(5) ? Dim(Int(integer())) : extent() }
    return ValueFacts(.tensor(happens(8) ? .int64 : .int32), shape: [Dim(count)], elements: elements)
  }

  private mutating func constant() -> ValueFacts {
    let shape = (0..<Int.random(in: 0...2, using: &generator)).map { _ in pick([0, 1, 1, 2, 3, 4, 5]) }
    let count = shape.reduce(1, *)
    switch Int.random(in: 0..<11, using: &generator) {
    case 10: return unreadable()
    case 0..<5: return stored(try? Tensor((0..<count).map { _ in integer() }, shape: shape))
    case 5: return stored(try? Tensor((0..<count).map { _ in Int32(truncatingIfNeeded: integer()) }, shape: shape))
    case 6: return stored(try? Tensor((0..<count).map { _ in happens(5) }, shape: shape))
    case 7..<9: return stored(try? Tensor((0..<count).map { _ in float() }, shape: shape))
    default: return stored(try? Tensor(strings: (0..<count).map { _ in text() }, shape: shape))
    }
  }

  /// A tensor that is too large for any rule to read.
  private mutating func unreadable() -> ValueFacts {
    let shape = pick([[1 << 40], [1 << 20, 1 << 20], [1 << 17]])
    return (try? StoredTensor(type: pick([.int64, .float32]), shape: shape, source: UnreadableSource()))
      .map { ValueFacts($0) } ?? ValueFacts(nil)
  }

  private func stored(_ tensor: Tensor?) -> ValueFacts {
    tensor.map { ValueFacts(StoredTensor($0)) } ?? ValueFacts(nil)
  }

  // MARK: Attributes

  private mutating func integer() -> Int64 {
    happens(7)
      ? pick([-2, -1, 0, 1, 2, 3, 7]) : pick([.min, .max, .min + 1, 1 << 40, -1 << 40, 1 << 62, 1 << 31, 28, 29])
  }

  private mutating func float() -> Float {
    pick([0, 1, -1, 0.5, 2, 1e38, -1e38, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, 3e18, 1e19])
  }

  private mutating func text() -> [UInt8] {
    pick([
      "", "a", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", "LEFT", "linear", "nearest", "reflect", "wrap", "edge",
      "CRD",
      "not_larger", "ij,jk->ik", "...i,...i->...", "ii->", "->", ",,", "i...i.->....", "mean", "none", "SPARSE",
      "bidirectional", "\u{0}é",
    ]).utf8.map(\.self) + (happens(1) ? [0xff, 0xc0] : [])
  }

  private mutating func attributes(of schema: OperatorSchema?) -> [Attribute] {
    var names = (schema?.attributes ?? [:]).sorted { $0.key < $1.key }
      .filter { happens($0.value.isRequired ? 9 : 6) }.map { ($0.key, $0.value.kind) }
    if schema == nil || happens(1) { names += (0..<8).map { _ in pick(Self.known) } }
    return names.map { name, kind in
      Attribute(name, value(happens(9) ? kind : pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13])))
    }
  }

  /// Attributes of all operators, and some of operators that have no schema here.
  private static let known: [(String, Int32)] = {
    var kinds: [String: Int32] = [
      "K": 2, "N": 2, "bits": 2, "block_size": 2, "num_heads": 2, "kv_num_heads": 2, "rotary_embedding_dim": 2,
      "qkv_hidden_sizes": 7, "transA": 2, "transB": 2, "transBatchA": 2, "transBatchB": 2, "channels_last": 2,
      "interleaved": 2, "unidirectional": 2, "activation": 3, "class_count": 2, "groups": 2, "stages": 2, "beta": 1,
    ]
    for declaration in OperatorCatalogue.all {
      for schema in OperatorHistory.versions(of: declaration.name, domain: declaration.domain) {
        for (name, rule) in schema.attributes { kinds[name] = rule.kind }
      }
    }
    return kinds.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }()

  private mutating func value(_ kind: Int32) -> Attribute.Value {
    let count = pick([0, 1, 1, 2, 2, 3, 4, 6])
    switch kind {
    case 1: return .float(float())
    case 3: return .string(text())
    case 4, 11: return constant().constant.map { .tensor(NamedTensor(name: "", tensor: $0)) } ?? .int(0)
    case 5: return .graph(graph())
    case 6: return .floats((0..<count).map { _ in float() })
    case 7: return .ints((0..<count).map { _ in integer() })
    case 8: return .strings((0..<count).map { _ in text() })
    case 9: return .tensors([])
    case 10: return .graphs([graph()])
    case 13:
      return .type(pick([ValueType(.missing), ValueType(.sequence(ValueType(.tensor(elementType: 1, shape: nil))))]))
    default: return .int(integer())
    }
  }

  private mutating func graph() -> Graph {
    var graph = Graph()
    graph.inputs = (0..<Int.random(in: 0...4, using: &generator)).map { ValueInfo(name: "b\($0)") }
    graph.outputs = (0..<Int.random(in: 0...4, using: &generator)).map { ValueInfo(name: "b\($0)") }
    return graph
  }
}

private struct UnreadableSource: TensorSource {
  struct WasRead: Error {}

  func load(type: ElementType, shape: [Int]) throws -> Tensor { throw WasRead() }
}
