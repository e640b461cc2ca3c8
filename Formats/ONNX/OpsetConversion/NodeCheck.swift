import ZooCore
import ZooOperators

/// Checks that a node is one of the target's version: operator, number of values, attributes and, where they are known,
/// types. What no adapter knew of ends here, not in a file that nobody can read.
struct NodeCheck {
  let target: Int64
  let bench: Workbench
  /// The node of the file that the checked ones take part in; `nil` for one of the file itself.
  let origin: Node?

  /// - Parameter source: The version from which the node came here; named in errors.
  func check(_ node: Node, from source: Int64) throws {
    guard let schema = OperatorHistory.schema(node.operatorType, at: target) else {
      let first = OperatorHistory.versions(of: node.operatorType).first { !$0.isDeprecated }?.version ?? 0
      throw ZooError(
        .unsupported, "\(node.operatorType) has no form in operator set \(target)", at: (origin ?? node).label,
        advice: "operator set \(first) is the first that has it")
    }
    // What was wrong before stays as it was where the operator did not change.
    guard origin != nil || OperatorHistory.schema(node.operatorType, at: source)?.version != schema.version else {
      return
    }
    guard !schema.isDeprecated else {
      throw ZooError(
        .unsupported, "\(node.operatorType) is deprecated in operator set \(target)", at: (origin ?? node).label,
        advice: "choose an operator set before \(schema.version)")
    }
    try checkAttributes(node, schema)
    try checkCount(node, node.inputs, schema.inputs, "inputs", schema)
    try checkCount(node, node.outputs, schema.outputs, "outputs", schema)
    try checkTypes(node, schema)
  }

  private func checkAttributes(_ node: Node, _ schema: OperatorSchema) throws {
    for attribute in node.attributes {
      guard let rule = schema.attributes[attribute.name] else {
        throw refused(node, "no attribute \(attribute.name)") { $0.attributes[attribute.name] != nil }
      }
      guard rule.holds(attribute.value) else {
        throw refused(node, "another kind of attribute \(attribute.name)") {
          $0.attributes[attribute.name]?.holds(attribute.value) == true
        }
      }
    }
    for (name, rule) in schema.attributes where rule.isRequired && node[attribute: name] == nil {
      throw refused(node, "a required attribute \(name), which the node lacks,") {
        $0.attributes[name]?.isRequired != true
      }
    }
  }

  private func checkCount(
    _ node: Node, _ names: [String], _ parameters: [OperatorSchema.Parameter], _ what: String,
    _ schema: OperatorSchema
  ) throws {
    for (index, name) in names.enumerated() where !name.isEmpty {
      guard OperatorSchema.parameter(index, of: parameters) != nil else {
        throw refused(node, "no more than \(parameters.count) \(what)") { schema in
          OperatorSchema.parameter(index, of: what == "inputs" ? schema.inputs : schema.outputs) != nil
        }
      }
    }
    for (index, parameter) in parameters.enumerated() where parameter.kind == .single {
      guard index < names.count, !names[index].isEmpty else {
        throw refused(node, "at least \(index + 1) \(what)") { schema in
          let parameters = what == "inputs" ? schema.inputs : schema.outputs
          return index >= parameters.count || parameters[index].kind != .single
        }
      }
    }
  }

  private func checkTypes(_ node: Node, _ schema: OperatorSchema) throws {
    if let (name, form) = Self.misfit(node, schema, bench) {
      throw refused(node, "no form for \(name), which is \(Self.title(form)),") {
        Self.misfit(node, $0, bench) == nil
      }
    }
  }

  /// The first value whose type does not fit.
  private static func misfit(_ node: Node, _ schema: OperatorSchema, _ bench: Workbench) -> (String, ValueType.Form)? {
    var bound: [String: ValueType.Form] = [:]
    for (names, parameters) in [(node.inputs, schema.inputs), (node.outputs, schema.outputs)] {
      for (index, name) in names.enumerated() {
        guard let form = bench[name]?.form, let parameter = OperatorSchema.parameter(index, of: parameters) else {
          continue
        }
        guard parameter.types.contains(form) else { return (name, form) }
        guard !parameter.variable.isEmpty, parameter.kind != .repeatedOfAnyTypes,
          case .tensor(let type, _) = form
        else { continue }
        if case .tensor(let other, _)? = bound[parameter.variable], other != type { return (name, form) }
        bound[parameter.variable] = form
      }
    }
    return nil
  }

  private static func title(_ form: ValueType.Form) -> String {
    switch form {
    case .tensor(let type, _): ElementType(rawValue: type)?.name ?? "of type \(type)"
    case .sequence: "a sequence"
    case .optional: "an optional value"
    case .map: "a map"
    default: "of another kind"
    }
  }

  /// An error that names the nearest version of the operator set at which the node would do.
  private func refused(_ node: Node, _ what: String, where fits: (OperatorSchema) -> Bool) -> ZooError {
    let versions = OperatorHistory.versions(of: node.operatorType)
    let later = versions.first { $0.version > target && !$0.isDeprecated && fits($0) }?.version
    let own = OperatorHistory.schema(node.operatorType, at: target)?.version ?? 0
    let earlier = versions.contains { $0.version < own && fits($0) }
    return ZooError(
      .unsupported, "operator set \(target) has \(what) for \(node.operatorType)", at: (origin ?? node).label,
      advice: later.map { "choose operator set \($0) or a later one" }
        ?? (earlier ? "choose an operator set before \(own)" : nil))
  }
}
