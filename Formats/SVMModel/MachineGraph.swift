import ZooCore

/// The machine of a graph that is nothing but a support vector machine or a linear one.
///
/// Before it, its input may only be cast. What is behind it computes other forms of its values, which the libraries' files
/// have no place for and no need of (columns named by ZipMap, scores of one class against the rest), but neither changes
/// the label nor a regression's value: where that could be, the graph is refused.
struct MachineGraph {
  enum Kind: CaseIterable {
    case kernel
    case linear

    var operators: [String] {
      switch self {
      case .kernel: ["SVMClassifier", "SVMRegressor"]
      case .linear: ["LinearClassifier", "LinearRegressor"]
      }
    }

    func includes(_ node: Node) -> Bool {
      node.domain == SVMGraph.domain && operators.contains(node.operatorType)
    }

    /// Whose file holds it.
    var library: String {
      switch self {
      case .kernel: "LIBSVM"
      case .linear: "LIBLINEAR"
      }
    }
  }

  private let kind: Kind
  /// All with the same attributes, but that only the last may tell of probabilities.
  let machine: Node
  private let constants: [String: NamedTensor]
  /// Nodes that the machine's values go into, in order.
  private var behind: [Node] = []
  /// Names of the label, or of a regression's value.
  private var results: Set<String>

  /// What kind of machine the first one of `graph` is.
  static func kind(of graph: Graph) -> Kind? {
    graph.nodes.lazy.compactMap { node in Kind.allCases.first { $0.includes(node) } }.first
  }

  /// - Throws: `ZooError` (`unsupported`) for a graph that is more than a machine.
  init(_ graph: Graph, _ kind: Kind) throws {
    self.kind = kind
    let machines = graph.nodes.filter(kind.includes)
    guard let last = machines.last else {
      let names = kind.operators.joined(separator: " nor a ")
      throw ZooError(.unsupported, "there is neither a \(names) of \(SVMGraph.domain)")
    }
    machine = machines.last { $0[attribute: "prob_a"] != nil } ?? last
    results = Set(machines.compactMap(\.outputs.first))
    constants = Dictionary(graph.initializers.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    let inputs = Set(graph.inputs.map(\.name)).subtracting(constants.keys)
    guard inputs.count == 1 else {
      throw ZooError(
        .unsupported, "the graph has \(inputs.count) inputs in place of one",
        advice: "export the machine over one matrix of features")
    }
    for other in machines where other.outputs != machine.outputs && !Self.areAlike(machine, other) {
      throw ZooError(
        .unsupported, "\(machine.label) and \(other.label) are different machines, and a \(kind.library) file holds one"
      )
    }
    // Of the input itself, and of what only the machine's values and constants go into.
    var (features, values) = (inputs, Set(constants.keys).union([""]))
    for node in graph.nodes {
      let isCast = node.domain.isEmpty && ["Identity", "Cast"].contains(node.operatorType)
      if kind.includes(node), node.inputs.allSatisfy(features.contains) {
        values.formUnion(node.outputs)
      } else if isCast, node.inputs.allSatisfy(features.contains), Self.castsToFloat(node) {
        features.formUnion(node.outputs)
      } else if node.inputs.allSatisfy(values.contains) {
        values.formUnion(node.outputs)
        if !node.inputs.isEmpty { behind.append(node) }
      } else {
        throw ZooError(
          .unsupported,
          "a \(kind.library) file has no place for what is computed from the features before or beside the machine",
          at: node.label,
          advice: "train on features that are prepared already, and prepare them likewise before predicting")
      }
    }
  }

  private static func castsToFloat(_ node: Node) -> Bool {
    guard node.operatorType == "Cast" else { return true }
    guard case .int(let type)? = node[attribute: "to"] else { return false }
    return [ElementType.float32, .float64].contains { Int64($0.rawValue) == type }
  }

  private static func areAlike(_ first: Node, _ second: Node) -> Bool {
    func form(_ node: Node) -> [String: [UInt32]] {
      let kept = node.attributes.filter { !["prob_a", "prob_b"].contains($0.name) }
      return Dictionary(kept.map { ($0.name, bits($0.value)) }, uniquingKeysWith: { $1 })
    }
    func bits(_ value: Attribute.Value) -> [UInt32] {
      switch value {
      case .float(let value): [value.bitPattern]
      case .floats(let values): values.map(\.bitPattern)
      case .int(let value): [UInt32(truncatingIfNeeded: value)]
      case .ints(let values): values.map { UInt32(truncatingIfNeeded: $0) }
      case .string(let text): text.map(UInt32.init)
      case .strings(let texts): texts.flatMap { $0.map(UInt32.init) + [.max] }
      default: []
      }
    }
    return first.operatorType == second.operatorType && form(first) == form(second)
  }

  private func error(_ what: String, _ node: Node) -> ZooError {
    ZooError(.unsupported, "\(what), which a \(kind.library) file can't tell", at: node.label)
  }

  /// Operators that leave numbers as they are.
  private static let carriers: Set = ["Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze"]

  private func carries(_ node: Node, _ names: Set<String>) -> Bool {
    node.domain.isEmpty && Self.carriers.contains(node.operatorType) && node.inputs.first.map(names.contains) == true
  }

  /// Checks that nothing makes other labels of a classifier's.
  func checkLabels() throws {
    var labels = results
    for node in behind where node.inputs.contains(where: labels.contains) {
      guard carries(node, labels) else { throw error("the labels are replaced", node) }
      labels.formUnion(node.outputs)
    }
  }

  /// Whether the machine of a regression knows one class, so that signs are made of its values.
  func isOneClass() throws -> Bool {
    if case .int(let flag)? = machine[attribute: "one_class"], flag != 0 { return true }
    var (values, signs, comparisons) = (results, Set<String>(), Set<String>())
    for node in behind {
      let operands = node.inputs.map { number($0) }
      switch node.domain.isEmpty ? node.operatorType : "" {
      case _ where carries(node, values): values.formUnion(node.outputs)
      case _ where carries(node, signs): signs.formUnion(node.outputs)
      case "Sign" where values.contains(node.inputs[0]): signs.formUnion(node.outputs)
      case "Greater" where values.contains(node.inputs[0]) && operands[1...] == [0]: comparisons.formUnion(node.outputs)
      case "Where" where comparisons.contains(node.inputs[0]) && operands[1...] == [1, -1]:
        signs.formUnion(node.outputs)
      default: throw error("the machine's values are made others", node)
      }
    }
    return !signs.isEmpty
  }

  /// The slopes and shifts of Platt's sigmoids for two classes, as the reader of LIBSVM's files writes them: nodes.
  func sigmoid() -> (a: Double, b: Double)? {
    func operand(_ type: String) -> Double? {
      guard let node = behind.first(where: { $0.operatorType == type && $0.inputs.count == 2 }),
        let numbers = numbers(node.inputs[1]), numbers.count == 2, numbers[0] == -numbers[1]
      else { return nil }
      return numbers[1]
    }
    let types = ["Gather", "Mul", "Add", "Sigmoid", "Clip"]
    guard behind.map(\.operatorType) == types,
      zip(behind, behind.dropFirst()).allSatisfy({ $1.inputs.first == $0.outputs.first }),
      behind[0].inputs.first == machine.outputs.last, let a = operand("Mul"), let b = operand("Add")
    else { return nil }
    return (a, b)
  }

  private func number(_ name: String) -> Double? {
    guard let numbers = numbers(name), numbers.count == 1 else { return nil }
    return numbers[0]
  }

  /// A small constant's.
  private func numbers(_ name: String) -> [Double]? {
    guard let tensor = constants[name]?.tensor, tensor.shape.reduce(1, *) <= 2 else { return nil }
    switch tensor.type {
    case .float32: return try? tensor.load().elements(Float.self).map(Double.init)
    case .int64: return try? tensor.load().elements(Int64.self).map(Double.init)
    default: return nil
    }
  }
}
