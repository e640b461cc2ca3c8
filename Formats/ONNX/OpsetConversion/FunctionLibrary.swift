import ZooCore
import ZooOperators

/// The model's own functions: those that stay, and those whose bodies take the place of their calls.
struct FunctionLibrary {
  enum Call {
    /// No call of a function of the model.
    case none
    /// The function says the same in the target's version.
    case kept
    case inlined(Function)
  }

  private struct Key: Hashable {
    var domain: ExactText
    var name: ExactText
    var overload: ExactText

    init(domain: String, name: String, overload: String) {
      self.domain = ExactText(isDefault(domain) ? "" : domain)
      (self.name, self.overload) = (ExactText(name), ExactText(overload))
    }
  }

  private var functions: [Key: Function] = [:]
  private var kept: Set<Key> = []
  private let target: Int64

  init(_ functions: [Function], target: Int64) {
    self.target = target
    for function in functions { self.functions[Self.key(of: function)] = function }
    kept = Set(self.functions.keys.filter { isUnchanged(self.functions[$0]!) })
    // One that calls a function which goes, goes too.
    var callers: [Key: [Key]] = [:]
    for (key, function) in self.functions {
      for callee in Set(Self.nodes(function.nodes).map(Self.key(of:))) where self.functions[callee] != nil {
        callers[callee, default: []].append(key)
      }
    }
    var gone = self.functions.keys.filter { !kept.contains($0) }
    while let key = gone.popLast() {
      for caller in callers[key] ?? [] where kept.remove(caller) != nil { gone.append(caller) }
    }
  }

  func call(of node: Node) -> Call {
    let key = Self.key(of: node)
    guard let function = functions[key] else { return .none }
    return kept.contains(key) ? .kept : .inlined(function)
  }

  /// `functions` without those that go, with the target's version.
  func remaining(of functions: [Function]) -> [Function] {
    functions.filter { kept.contains(Self.key(of: $0)) }.map { function in
      var function = function
      function.operatorSets = function.operatorSets.map {
        isDefault($0.domain) ? OperatorSet(domain: $0.domain, version: target) : $0
      }
      return function
    }
  }

  /// Whether nothing in the function's body changes on the way to the target's version. Going down, its operators have
  /// to be the same, since it does not say which types it is called with.
  private func isUnchanged(_ function: Function) -> Bool {
    guard let version = function.defaultVersion else { return true }
    return Self.nodes(function.nodes).allSatisfy { node in
      guard isDefault(node.domain), functions[Self.key(of: node)] == nil else { return true }
      let name = node.operatorType
      guard let old = OperatorHistory.schema(name, at: version), let new = OperatorHistory.schema(name, at: target),
        !new.isDeprecated
      else { return false }
      if old.version == new.version { return true }
      guard version < target, Adapters.next(name, from: version, to: target) == nil else { return false }
      return zip(old.inputs, new.inputs).allSatisfy { $0.types.bits & ~$1.types.bits == 0 }
    }
  }

  /// The nodes and those in their bodies.
  private static func nodes(_ nodes: [Node]) -> [Node] {
    nodes.flatMap { node in [node] + node.subgraphs.flatMap { Self.nodes($0.nodes) } }
  }

  private static func key(of node: Node) -> Key {
    Key(domain: node.domain, name: node.operatorType, overload: node.overload)
  }

  private static func key(of function: Function) -> Key {
    Key(domain: function.domain, name: function.name, overload: function.overload)
  }

  /// The function's nodes with the call's values and attributes, and names of their own for what lies inside (ONNX IR
  /// specification, "Functions").
  func instance(of function: Function, for call: Node, bench: Workbench) -> [Node] {
    let prefix = bench.name(call.name.isEmpty ? function.name : call.name)
    var names: [String: String] = ["": ""]
    for (index, input) in function.inputs.enumerated() { names[input] = call.input(index) }
    var copies: [Node] = []
    for (index, output) in function.outputs.enumerated() where !call.output(index).isEmpty {
      // An output may be an input passed on, or be given twice.
      if let known = names[output] {
        copies.append(Node("Identity", inputs: [known], outputs: [call.output(index)]))
      } else {
        names[output] = call.output(index)
      }
    }
    let given = Dictionary(
      (function.attributeDefaults + call.attributes).map { (ExactText($0.name), $0.value) }, uniquingKeysWith: { $1 })
    var renaming = Renaming(prefix: prefix, given: given, bench: bench)
    let nodes = renaming.nodes(function.nodes, names)
    return nodes + copies
  }
}

/// Gives a function's body the names and attributes of a call.
private struct Renaming {
  let prefix: String
  let given: [ExactText: Attribute.Value]
  let bench: Workbench

  mutating func nodes(_ nodes: [Node], _ outer: [String: String]) -> [Node] {
    var names = outer
    for output in nodes.flatMap(\.outputs) where names[output] == nil {
      names[output] = bench.name("\(prefix)/\(output)")
    }
    return nodes.map { node in
      var copy = node
      if !node.name.isEmpty { copy.name = bench.nodeName("\(prefix)/\(node.name)") }
      copy.inputs = node.inputs.map { names[$0] ?? $0 }
      copy.outputs = node.outputs.map { names[$0] ?? $0 }
      copy.attributes = node.attributes.compactMap { attribute in
        guard attribute.referenceName.isEmpty else {
          // An attribute that the call leaves out, and that has no default, is absent in the body too.
          return given[ExactText(attribute.referenceName)].map { Attribute(attribute.name, $0) }
        }
        var attribute = attribute
        switch attribute.value {
        case .graph(let graph): attribute.value = .graph(self.graph(graph, names))
        case .graphs(let graphs): attribute.value = .graphs(graphs.map { self.graph($0, names) })
        default: break
        }
        return attribute
      }
      copy.renameDifferentiated { names[$0] }
      return copy
    }
  }

  private mutating func graph(_ graph: Graph, _ outer: [String: String]) -> Graph {
    var graph = graph
    var names = outer
    for own in graph.inputs.map(\.name) + graph.initializers.map(\.name) {
      names[own] = bench.name("\(prefix)/\(own)")
    }
    for output in graph.nodes.flatMap(\.outputs) where !output.isEmpty {
      names[output] = bench.name("\(prefix)/\(output)")
    }
    for index in graph.inputs.indices { graph.inputs[index].name = names[graph.inputs[index].name] ?? "" }
    for index in graph.initializers.indices {
      graph.initializers[index].name = names[graph.initializers[index].name] ?? ""
    }
    for index in graph.outputs.indices {
      graph.outputs[index].name = names[graph.outputs[index].name] ?? graph.outputs[index].name
    }
    graph.values = graph.values.compactMap { value in
      names[value.name].map { name in
        var value = value
        value.name = name
        return value
      }
    }
    graph.nodes = nodes(graph.nodes, names)
    return graph
  }
}

extension Function {
  /// The version of ONNX's own operators that the body is written with.
  var defaultVersion: Int64? { operatorSets.first { isDefault($0.domain) }?.version }
}
