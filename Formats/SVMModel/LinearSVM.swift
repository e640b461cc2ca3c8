import ZooCore
import ZooNumbers
import TensorFiles

/// A model of LIBLINEAR.
struct LinearSVM {
  var solver = ""
  /// In the file's order, which is that of the training data; none for regressions.
  var labels: [Int] = []
  var features = 0
  /// What stands for the feature 1 that the bias is the weight of; none if it is negative.
  var bias = -1.0
  /// What is taken from a one-class machine's value.
  var rho = 0.0
  /// The number of machines: one for two classes.
  var machines = 1
  /// By machine, features in a row, the bias not among them.
  var weights: [Double] = []
  var intercepts: [Double] = []

  static let classifiers = [
    "L2R_LR", "L2R_L2LOSS_SVC_DUAL", "L2R_L2LOSS_SVC", "L2R_L1LOSS_SVC_DUAL", "MCSVM_CS", "L1R_L2LOSS_SVC", "L1R_LR",
    "L2R_LR_DUAL",
  ]
  static let regressions = ["L2R_L2LOSS_SVR", "L2R_L2LOSS_SVR_DUAL", "L2R_L1LOSS_SVR_DUAL"]
  static let oneClass = "ONECLASS_SVM"

  init() {}

  init(_ text: inout SVMText) throws {
    var classes = 0
    while true {
      let key = try text.text()
      if key == "w" { break }
      switch key {
      case "solver_type": solver = try text.text()
      case "nr_class": classes = try text.integer(in: 1...1 << 20)
      case "label": labels = try text.integers()
      case "nr_feature": features = try text.integer(in: 1...Int(Int32.max))
      case "bias": bias = try text.number()
      case "rho": rho = try text.number()
      default: throw text.error("\"\(key)\" is none of a LIBLINEAR model's settings")
      }
      guard try text.nextLine() else { throw text.error("the weights are missing") }
    }
    guard (Self.classifiers + Self.regressions + [Self.oneClass]).contains(solver) else {
      throw ZooError(.unsupported, "the solver \(solver) is unknown")
    }
    let isClassifier = Self.classifiers.contains(solver)
    guard features > 0, classes > 0 || !isClassifier, !isClassifier || labels.count == classes else {
      throw text.error("there are \(labels.count) labels for \(classes) classes")
    }
    if !isClassifier { labels = [] }
    machines = isClassifier && classes != 2 ? classes : 1
    // Of Crammer and Singer's two machines for two classes, LIBLINEAR asks only the first.
    let columns = solver == "MCSVM_CS" ? classes : machines
    let rows = features + (bias >= 0 ? 1 : 0)
    // A number takes two bytes at least.
    guard rows <= text.remaining / columns else {
      throw text.error("the file is too short for \(rows) rows of \(columns) weights")
    }
    weights = [Double](repeating: 0, count: features * machines)
    intercepts = [Double](repeating: 0, count: machines)
    for row in 0..<rows {
      guard try text.nextLine() else { throw text.error("there are \(row) rows of weights in place of \(rows)") }
      for machine in 0..<columns {
        let value = try text.number()
        guard machine < machines else { continue }
        if row < features { weights[machine * features + row] = value } else { intercepts[machine] = value * bias }
      }
    }
    if solver == Self.oneClass { intercepts[0] -= rho }
  }

  func definition() throws -> ModelDefinition {
    var graph = SVMGraph(name: solver, features: features)
    if Self.regressions.contains(solver) {
      try regression(&graph)
    } else if solver == Self.oneClass {
      try oneClass(&graph)
    } else if machines == 1 {
      try binary(&graph)
    } else {
      try multiclass(&graph)
    }
    return graph.definition(labels: labels)
  }

  private func classifier(
    _ graph: inout SVMGraph, weights: [Double], intercepts: [Double], labels: [Int], scores: String
  ) {
    graph.node(
      "LinearClassifier", domain: SVMGraph.domain, ["features"], ["label", scores],
      [
        .floats("coefficients", weights), .floats("intercepts", intercepts), .ints("classlabels_ints", labels),
        Attribute("multi_class", .int(machines > 2 ? 1 : 0)), .text("post_transform", "NONE"),
      ])
    graph.output("label", .int64)
  }

  private func multiclass(_ graph: inout SVMGraph) throws {
    classifier(&graph, weights: weights, intercepts: intercepts, labels: labels, scores: "decision_values")
    graph.output("decision_values", .float32, machines)
    guard solver.contains("_LR") else { return }
    // The logistic function of each, scaled so that the sum is 1.
    let shares = graph.node("Sigmoid", ["decision_values"], ["shares"])
    let axes = graph.constant("sum/axes", try Tensor([Int64(1)], shape: [1]))
    let sum = graph.node("ReduceSum", [shares, axes], ["sum"])
    graph.node("Div", [shares, sum], ["probabilities"])
    graph.output("probabilities", .float32, machines)
  }

  /// One machine, above zero for the first label. The other label comes first here, and so wins at zero, as in LIBLINEAR.
  private func binary(_ graph: inout SVMGraph) throws {
    guard labels.count == 2 else {
      // Of one class, whose label is the answer to everything.
      classifier(&graph, weights: weights, intercepts: intercepts, labels: labels, scores: "decision_values")
      return graph.output("decision_values", .float32, 1)
    }
    classifier(
      &graph, weights: weights.map { -$0 } + weights, intercepts: intercepts.map { -$0 } + intercepts,
      labels: labels.reversed(), scores: "scores")
    _ = try graph.columns([1], of: "scores", "decision_values")
    graph.output("decision_values", .float32, 1)
    guard solver.contains("_LR") else { return }
    let margins = try graph.columns([1, 0], of: "scores", "margins")
    graph.node("Sigmoid", [margins], ["probabilities"])
    graph.output("probabilities", .float32, 2)
  }

  private func values(_ graph: inout SVMGraph) throws -> String {
    let value = graph.node(
      "LinearRegressor", domain: SVMGraph.domain, ["features"], ["decision_values"],
      [.floats("coefficients", weights), .floats("intercepts", intercepts), Attribute("targets", .int(1))])
    graph.output("decision_values", .float32, 1)
    return value
  }

  private func regression(_ graph: inout SVMGraph) throws {
    try graph.flatten(values(&graph), "value")
    graph.output("value", .float32)
  }

  private func oneClass(_ graph: inout SVMGraph) throws {
    try graph.signs(of: values(&graph), "label")
    graph.output("label", .int64)
  }

  // MARK: - Heads

  func heads() throws -> TensorFile {
    guard labels.count >= 2 else {
      return try svmHeads(weight: weights, bias: intercepts, features: features, labels: labels)
    }
    if machines == 1 {
      let sign = labels[0] > labels[1] ? 1.0 : -1.0
      return try svmHeads(
        weight: weights.map { sign * $0 }, bias: intercepts.map { sign * $0 }, features: features,
        labels: [max(labels[0], labels[1])])
    }
    let order = labels.indices.sorted { labels[$0] < labels[$1] }
    return try svmHeads(
      weight: order.flatMap { weights[$0 * features..<($0 + 1) * features] }, bias: order.map { intercepts[$0] },
      features: features, labels: order.map { labels[$0] })
  }

  init(heads file: TensorFile) throws {
    func numbers(_ name: String) throws -> ([Double], [Int])? {
      guard let item = file.tensors.first(where: { $0.name == name }) else { return nil }
      let stored = item.tensor.type == .float32 ? item.tensor : try item.tensor.asFloat32()
      guard let stored else { throw ZooError(.usage, "\(item.tensor.type.name) are no weights", at: name) }
      return (try stored.load().elements(Float.self).map(Double.init), stored.shape)
    }
    let advice = "rename the tensors of the heads to weight (machines, features) and bias (machines)"
    guard let (rows, shape) = try numbers("weight"), shape.count == 2, shape[0] > 0, shape[1] > 0 else {
      throw ZooError(.usage, "there is no weight of two axes", advice: advice)
    }
    (machines, features) = (shape[0], shape[1])
    let given = try numbers("bias")
    guard given == nil || given?.1 == [machines] else {
      throw ZooError(.usage, "the bias has the shape \(given?.1 ?? []), not [\(machines)]", advice: advice)
    }
    solver = "L2R_L2LOSS_SVC"
    weights = rows
    intercepts = given?.0 ?? [Double](repeating: 0, count: machines)
    bias = given == nil ? -1 : 1
    let names = file.metadata.first { $0.key == "labels" }?.value.split(separator: " ").map { Int($0) } ?? []
    labels = names.compactMap { $0 }
    if labels.count != machines || Set(labels).count != machines { labels = Array(1...machines) }
    if machines == 1 { labels.append(labels[0] == -1 ? -2 : -1) }
    guard machines != 2 else {
      throw ZooError(
        .usage, "LIBLINEAR has one machine for two classes, not two",
        advice: "keep one of the two heads, or write another format")
    }
  }

  /// The model file. Numbers have the digits that they need. The bias is that of a feature which is 1.
  var text: String {
    var lines = ["solver_type \(solver)", "nr_class \(labels.isEmpty ? 2 : labels.count)"]
    if !labels.isEmpty { lines.append("label \(labels.map(String.init).joined(separator: " "))") }
    lines += ["nr_feature \(features)", "bias \(bias < 0 ? "-1" : "1")"]
    if solver == Self.oneClass { lines.append("rho \(Float(rho))") }
    lines.append("w")
    // Crammer and Singer have a second machine for two classes, the first one's opposite.
    let isDoubled = solver == "MCSVM_CS" && labels.count == 2
    func row(_ values: [Double]) -> String {
      (isDoubled ? [values[0], 0 - values[0]] : values).map { "\(Float($0))" }.joined(separator: " ")
    }
    for feature in 0..<features { lines.append(row((0..<machines).map { weights[$0 * features + feature] })) }
    if bias >= 0 { lines.append(row(intercepts)) }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension SVMGraph {
  /// (N, 1) as (N).
  @discardableResult
  mutating func flatten(_ value: String, _ name: String) throws -> String {
    let shape = constant("\(name)/shape", try Tensor([Int64(-1)], shape: [1]))
    return node("Reshape", [value, shape], [name])
  }

  /// 1 where the one column of `value` is above zero, -1 elsewhere: (N).
  mutating func signs(of value: String, _ name: String) throws {
    let flat = try flatten(value, "\(name)/values")
    let zero = constant("\(name)/zero", try Tensor([Float(0)], shape: []))
    let isAbove = node("Greater", [flat, zero], ["\(name)/above"])
    let one = constant("\(name)/inside", try Tensor([Int64(1)], shape: []))
    let other = constant("\(name)/outside", try Tensor([Int64(-1)], shape: []))
    node("Where", [isAbove, one, other], [name])
  }
}
