import ZooCore

extension KernelSVM {
  /// The machine that `definition` consists of.
  ///
  /// - Throws: `ZooError`: `unsupported` for what a LIBSVM file can't hold, `badData` for attributes that contradict each
  ///   other.
  init(_ definition: ModelDefinition) throws {
    self.init()
    let graph = try MachineGraph(definition.graph, .kernel)
    let node = graph.machine
    try ZooError.locating(node.label) { try take(MachineAttributes(node)) }
    // ONNX does not tell them apart, and neither does predicting.
    let name = definition.graph.name
    if isClassifier {
      try graph.checkLabels()
      if classes == 2, a.isEmpty, let sigmoid = graph.sigmoid() { (a, b) = ([sigmoid.a], [sigmoid.b]) }
      if name == "nu_svc" { type = name }
    } else if try graph.isOneClass() {
      type = "one_class"
    } else if name == "nu_svr" {
      type = name
    }
  }

  private mutating func take(_ attributes: MachineAttributes) throws {
    let isClassifier = attributes.node.operatorType == "SVMClassifier"
    type = isClassifier ? "c_svc" : "epsilon_svr"
    let kernelName = attributes.text("kernel_type") ?? "LINEAR"
    guard let name = Self.kernels.first(where: { $0.value == kernelName })?.key else {
      throw ZooError(.badData, "the kernel \(kernelName) is unknown")
    }
    kernel = name
    guard ["NONE", ""].contains(attributes.text("post_transform") ?? "") else {
      throw ZooError(.unsupported, "a LIBSVM file has no place for a post_transform")
    }
    let parameters = try attributes.numbers("kernel_params")
    if kernel != "linear" {
      guard parameters.count == 3, let whole = Int(exactly: parameters[2]), (0...1 << 20).contains(whole) else {
        throw ZooError(
          .unsupported, "kernel_params is \(parameters): LIBSVM has gamma, coef0 and a whole number as the degree")
      }
      (gamma, offset, degree) = (parameters[0], parameters[1], whole)
    }
    coefficients = try attributes.numbers("coefficients")
    vectors = try attributes.numbers("support_vectors")
    rho = try attributes.numbers("rho").map { 0 - $0 }
    if isClassifier { try takeClasses(attributes) } else { count = try attributes.integers("n_supports").first ?? 0 }
    guard count > 0 else {
      throw ZooError(
        .unsupported, "the machine has no support vectors, but weights, which a LIBSVM file has no place for",
        advice: "train a machine with support vectors (scikit-learn's SVC or SVR in place of LinearSVC or LinearSVR)")
    }
    features = vectors.count / count
    let machines = isClassifier ? pairs : 1
    guard features > 0, vectors.count == count * features, rho.count >= machines,
      coefficients.count == count * (isClassifier ? classes - 1 : 1), a.count == b.count,
      a.isEmpty || a.count == machines
    else {
      throw ZooError(
        .badData, "coefficients, support_vectors, rho and probabilities have numbers that contradict each other")
    }
    rho = Array(rho.prefix(machines))
  }

  private mutating func takeClasses(_ attributes: MachineAttributes) throws {
    perClass = try attributes.integers("vectors_per_class")
    labels = try attributes.labels()
    (a, b) = (try attributes.numbers("prob_a"), try attributes.numbers("prob_b"))
    guard perClass.allSatisfy({ (0...Int(Int32.max)).contains($0) }), perClass.count <= 1 << 12 else {
      throw ZooError(.badData, "vectors_per_class holds numbers that can't be")
    }
    count = perClass.reduce(0, +)
    classes = count == 0 ? 0 : perClass.count
    guard count == 0 || labels.count == classes else {
      throw ZooError(.unsupported, "there are \(labels.count) labels for \(classes) classes")
    }
  }
}
