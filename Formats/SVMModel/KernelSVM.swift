import ZooCore
import TensorFiles

/// A model of LIBSVM.
struct KernelSVM {
  var type = ""
  var kernel = ""
  var degree = 3
  var gamma = 0.0
  var offset = 0.0
  var classes = 2
  var count = 0
  var rho: [Double] = []
  var labels: [Int] = []
  var a: [Double] = []
  var b: [Double] = []
  var perClass: [Int] = []
  /// One for each other class and each vector, as the file has them: the first other class of all vectors comes first.
  var coefficients: [Double] = []
  /// All features, vector by vector.
  var vectors: [Double] = []
  var features = 1

  /// Names of kernels as ONNX has them, by LIBSVM's.
  static let kernels = ["linear": "LINEAR", "polynomial": "POLY", "rbf": "RBF", "sigmoid": "SIGMOID"]
  static let types = ["c_svc", "nu_svc", "one_class", "epsilon_svr", "nu_svr"]
  /// How far sparse vectors may grow when all their features are written down.
  private static let inflation = (slack: 8 << 20, ratio: 256)

  var isClassifier: Bool { type == "c_svc" || type == "nu_svc" }
  var pairs: Int { classes * (classes - 1) / 2 }

  init() {}

  init(_ text: inout SVMText) throws {
    while true {
      let key = try text.text()
      if key == "SV" { break }
      switch key {
      case "svm_type": type = try text.text()
      case "kernel_type": kernel = try text.text()
      case "degree": degree = try text.integer(in: 0...1 << 20)
      case "gamma": gamma = try text.number()
      case "coef0": offset = try text.number()
      case "nr_class": classes = try text.integer(in: 1...1 << 12)
      case "total_sv": count = try text.integer(in: 0...Int(Int32.max))
      case "rho": rho = try text.numbers()
      case "label": labels = try text.integers()
      case "probA": a = try text.numbers()
      case "probB": b = try text.numbers()
      case "nr_sv": perClass = try text.integers()
      // How the outliers of one class are distributed.
      case "prob_density_marks": _ = try text.numbers()
      default: throw text.error("\"\(key)\" is none of a LIBSVM model's settings")
      }
      guard try text.nextLine() else { throw text.error("the support vectors are missing") }
    }
    guard Self.types.contains(type) else { throw ZooError(.unsupported, "machines of the type \(type) are unknown") }
    guard Self.kernels[kernel] != nil else {
      throw ZooError(
        .unsupported, "the kernel \(kernel) is not in the file", advice: "train with one of LIBSVM's own kernels")
    }
    let machines = isClassifier ? pairs : 1
    guard rho.count == machines, !isClassifier || labels.count == classes && perClass.count == classes,
      !isClassifier || perClass.allSatisfy({ $0 >= 0 }) && perClass.reduce(0, +) == count,
      a.isEmpty || a.count == machines, b.isEmpty || b.count == machines
    else { throw text.error("the numbers of classes, machines and support vectors contradict each other") }
    try readVectors(&text)
  }

  private mutating func readVectors(_ text: inout SVMText) throws {
    let others = isClassifier ? classes - 1 : 1
    guard count > 0, count <= text.remaining, others <= text.remaining / count else {
      throw text.error("the file is too short for \(count) support vectors")
    }
    coefficients = [Double](repeating: 0, count: others * count)
    let size = text.remaining
    var entries: [(vector: Int, feature: Int, value: Double)] = []
    for vector in 0..<count {
      guard try text.nextLine() else { throw text.error("there are \(vector) support vectors in place of \(count)") }
      for other in 0..<others { coefficients[other * count + vector] = try text.number() }
      var last = 0
      while let word = try text.word() {
        guard let colon = word.firstIndex(of: UInt8(ascii: ":")),
          let feature = Int(String(decoding: word[..<colon], as: UTF8.self)), feature > last, feature <= Int(Int32.max)
        else { throw text.error("a support vector's features are not in ascending order") }
        last = feature
        features = max(features, feature)
        entries.append((vector, feature, try text.number(word[(colon + 1)...])))
      }
    }
    guard features <= (Self.inflation.slack + Self.inflation.ratio * size) / count else {
      throw ZooError(
        .unsupported, "\(count) sparse vectors of \(features) features would take more memory than the file justifies",
        advice: "number the features without gaps")
    }
    vectors = [Double](repeating: 0, count: count * features)
    for entry in entries { vectors[entry.vector * features + entry.feature - 1] = entry.value }
  }

  /// The attributes that all machines share.
  private var attributes: [Attribute] {
    [
      .text("kernel_type", Self.kernels[kernel] ?? ""), .floats("kernel_params", [gamma, offset, Double(degree)]),
      .floats("coefficients", coefficients), .floats("support_vectors", vectors), .floats("rho", rho.map { -$0 }),
      .text("post_transform", "NONE"),
    ]
  }

  func definition() throws -> ModelDefinition {
    var graph = SVMGraph(name: type, features: features)
    if isClassifier { try classifier(&graph) } else { try regression(&graph) }
    return graph.definition(labels: isClassifier ? labels : [])
  }

  private func regression(_ graph: inout SVMGraph) throws {
    graph.node(
      "SVMRegressor", domain: SVMGraph.domain, ["features"], ["decision_values"],
      attributes + [Attribute("n_supports", .int(Int64(count)))])
    graph.output("decision_values", .float32, 1)
    if type == "one_class" {
      try graph.signs(of: "decision_values", "label")
      graph.output("label", .int64)
    } else {
      try graph.flatten("decision_values", "value")
      graph.output("value", .float32)
    }
  }

  private func classifier(_ graph: inout SVMGraph) throws {
    let own = attributes + [.ints("classlabels_ints", labels), .ints("vectors_per_class", perClass)]
    let hasProbabilities = !a.isEmpty && !b.isEmpty
    graph.output("label", .int64)
    graph.output("decision_values", .float32, max(pairs, 1))
    guard classes == 2 else {
      graph.node("SVMClassifier", domain: SVMGraph.domain, ["features"], ["label", "decision_values"], own)
      guard hasProbabilities else { return }
      graph.node(
        "SVMClassifier", domain: SVMGraph.domain, ["features"], ["probabilities/label", "probabilities"],
        own + [.floats("prob_a", a), .floats("prob_b", b)])
      return graph.output("probabilities", .float32, classes)
    }
    // Of two classes, the second column is the machine's value, which is above zero for the first label.
    graph.node("SVMClassifier", domain: SVMGraph.domain, ["features"], ["label", "scores"], own)
    let value = try graph.columns([1], of: "scores", "decision_values")
    guard hasProbabilities else { return }
    // Platt's sigmoid: the first label's probability is 1 / (1 + exp(A · value + B)).
    func constant(_ name: String, _ values: [Double]) throws -> String {
      graph.constant(name, try Tensor(values.map(Float.init), shape: [values.count]))
    }
    let slopes = try constant("probA", [-a[0], a[0]])
    let scaled = graph.node("Mul", [value, slopes], ["scaled"])
    let shifts = try constant("probB", [-b[0], b[0]])
    let shifted = graph.node("Add", [scaled, shifts], ["shifted"])
    let shares = graph.node("Sigmoid", [shifted], ["shares"])
    // LIBSVM is never more certain than this.
    let least = graph.constant("least", try Tensor([Float(1e-7)], shape: []))
    let most = graph.constant("most", try Tensor([Float(1 - 1e-7)], shape: []))
    graph.node("Clip", [shares, least, most], ["probabilities"])
    graph.output("probabilities", .float32, 2)
  }

  // MARK: - Heads

  func heads() throws -> TensorFile {
    guard kernel == "linear", !isClassifier || classes == 2 else {
      throw ZooError(
        .unsupported,
        kernel == "linear"
          ? "LIBSVM has a machine for each pair of \(classes) classes, not for each class"
          : "machines with the kernel \(kernel) have no weights",
        advice: "train linear machines with LIBLINEAR, or use the whole model as a graph")
    }
    var weight = [Double](repeating: 0, count: features)
    for vector in 0..<count {
      for feature in 0..<features { weight[feature] += coefficients[vector] * vectors[vector * features + feature] }
    }
    guard isClassifier else { return try svmHeads(weight: weight, bias: [-rho[0]], features: features, labels: []) }
    let sign = labels[0] > labels[1] ? 1.0 : -1.0
    return try svmHeads(
      weight: weight.map { sign * $0 }, bias: [-sign * rho[0]], features: features, labels: [max(labels[0], labels[1])])
  }
}
