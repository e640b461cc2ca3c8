import ZooCore

extension LinearSVM {
  /// The machine that `definition` consists of.
  ///
  /// - Throws: `ZooError`: `unsupported` for what a LIBLINEAR file can't hold, `badData` for attributes that contradict
  ///   each other.
  init(_ definition: ModelDefinition) throws {
    self.init()
    let graph = try MachineGraph(definition.graph, .linear)
    let attributes = MachineAttributes(graph.machine)
    // ONNX does not tell solvers apart, and predicting asks only for the kind of the machine.
    let name = definition.graph.name
    let isClassifier = graph.machine.operatorType == "LinearClassifier"
    if isClassifier {
      try graph.checkLabels()
      try ZooError.locating(graph.machine.label) { try takeClasses(attributes) }
      if Self.classifiers.contains(name) { solver = name }
    } else {
      try ZooError.locating(graph.machine.label) { try takeRegression(attributes) }
      if try graph.isOneClass() {
        solver = Self.oneClass
      } else {
        solver = Self.regressions.contains(name) ? name : "L2R_L2LOSS_SVR"
      }
    }
    if solver == Self.oneClass {
      rho = 0 - intercepts[0]
    } else if intercepts.contains(where: { $0 != 0 }) {
      bias = 1
    }
  }

  private mutating func takeRows(_ attributes: MachineAttributes, fallback: Int) throws {
    weights = try attributes.numbers("coefficients")
    intercepts = try attributes.numbers("intercepts")
    if intercepts.isEmpty { intercepts = [Double](repeating: 0, count: fallback) }
    machines = intercepts.count
    guard machines > 0, !weights.isEmpty, weights.count % machines == 0 else {
      throw ZooError(.badData, "\(weights.count) coefficients don't go with \(machines) intercepts")
    }
    features = weights.count / machines
  }

  private mutating func takeRegression(_ attributes: MachineAttributes) throws {
    let targets = try attributes.integers("targets").first ?? 1
    guard targets == 1, ["NONE", ""].contains(attributes.text("post_transform") ?? "") else {
      throw ZooError(
        .unsupported, "a LIBLINEAR file has no place for \(targets) targets or a post_transform",
        advice: "train a machine for each target")
    }
    try takeRows(attributes, fallback: 1)
    guard machines == 1 else { throw ZooError(.badData, "there are \(machines) intercepts for one target") }
  }

  private mutating func takeClasses(_ attributes: MachineAttributes) throws {
    let transform = attributes.text("post_transform") ?? "NONE"
    labels = try attributes.labels()
    try takeRows(attributes, fallback: labels.count)
    guard machines == labels.count || (machines, labels.count) == (1, 2) else {
      throw ZooError(.unsupported, "there are \(labels.count) labels for \(machines) rows of coefficients")
    }
    // LIBLINEAR's probabilities are logistic functions that share 1. Where the graph's are others, the file tells none.
    let isLogistic = labels.count == 2 ? takePair(transform) : transform == "LOGISTIC"
    let isSoftmax = labels.count > 2 && transform == "SOFTMAX"
    solver = isLogistic ? "L2R_LR" : isSoftmax ? "MCSVM_CS" : "L2R_L2LOSS_SVC"
  }

  /// Makes one row of two, above zero for the second label, which becomes LIBLINEAR's first. Says whether the graph's
  /// probabilities are the logistic function of it.
  private mutating func takePair(_ transform: String) -> Bool {
    labels.reverse()
    guard machines == 2 else { return transform == "LOGISTIC" }
    let (low, high) = (weights.prefix(features) + [intercepts[0]], weights.suffix(features) + [intercepts[1]])
    let isOpposite = zip(low, high).allSatisfy { $0 == 0 - $1 }
    let keepsScale = isOpposite && transform != "SOFTMAX"
    let row = keepsScale ? Array(high) : zip(low, high).map { $1 - $0 }
    (weights, intercepts, machines) = (Array(row[..<features]), [row[features]], 1)
    return transform == "SOFTMAX" || isOpposite && transform == "LOGISTIC"
  }
}
