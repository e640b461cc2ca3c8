import KernelSupport
import PluginSupport
import ZooPlugin

/// ai.onnx.ml SVMClassifier: one machine for each pair of classes, which vote (Chang and Lin 2011, "LIBSVM"); with
/// `prob_a` and `prob_b` their scores become probabilities. Without support vectors, one linear score for each class.
struct SVMClassifier: Operator {
  let signature = Signature("SVMClassifier", domain: machineLearningDomain, since: 1)
  let kernels: VectorKernels

  /// What the attributes describe.
  private struct Form: Sendable {
    /// Support vectors by class; empty for linear scores.
    var perClass: [Int]
    var classes: Int
    var hasProbabilities: Bool
    /// Values that come out for each row.
    var scores: Int

    init(_ node: Node) throws {
      perClass = try node.attributes.ints("vectors_per_class") ?? []
      let labels = try ClassLabels(node).count
      guard perClass.allSatisfy({ (0...1 << 30).contains($0) }) else {
        throw OperatorError("vectors_per_class is \(perClass)")
      }
      if perClass.reduce(0, { $0.saturatingPlus($1) }) == 0 { perClass = [] }
      classes = perClass.isEmpty ? labels : perClass.count
      guard classes > 0, classes <= 1 << 12 else { throw OperatorError("there are \(classes) classes") }
      let pairs = classes * (classes - 1) / 2
      let (a, b) = (try node.attributes.numbers("prob_a").count, try node.attributes.numbers("prob_b").count)
      hasProbabilities = a > 0 && !perClass.isEmpty
      guard !hasProbabilities || (a == pairs && b == pairs) else {
        throw OperatorError("there are \(a) and \(b) parameters of probabilities for \(pairs) pairs of classes")
      }
      // Two classes have one machine, whose score stands for both.
      scores = hasProbabilities || perClass.isEmpty || classes == 2 ? classes : pairs
    }
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let rows = try Rows(node.input(0))
    let form = try Form(node)
    let (labels, transform) = (try ClassLabels(node), try PostTransform(node))
    let coefficients = try node.attributes.numbers("coefficients")
    let rho = try node.attributes.numbers("rho")
    let isLinear = form.perClass.isEmpty
    let vectors = try SupportVectors(
      node, vectors: isLinear ? coefficients : try node.attributes.numbers("support_vectors"),
      count: isLinear ? form.classes : form.perClass.reduce(0, +), features: rows.features, kernels: kernels)
    let pairs = form.classes * (form.classes - 1) / 2
    guard rho.count >= (isLinear ? 1 : pairs), isLinear || coefficients.count == vectors.count * (form.classes - 1)
    else {
      throw OperatorError(
        "\(coefficients.count) coefficients and \(rho.count) rho are not those of \(vectors.count) support vectors and "
          + "\(form.classes) classes")
    }
    let machines = PairwiseMachines(perClass: form.perClass, coefficients: coefficients, rho: rho)
    let probabilities =
      form.hasProbabilities
      ? PairwiseProbabilities(
        classes: form.classes, a: try node.attributes.numbers("prob_a"), b: try node.attributes.numbers("prob_b"))
      : nil
    return ClosureKernel { call in
      let classes = try call.host.scratch(repeating: 0, count: rows.count)
      let results = try call.host.scratch(repeating: Float(0), count: rows.count.times(form.scores))
      let values = try call.host.scratch(repeating: Float(0), count: vectors.count)
      try Rows.withFloats(of: call.input(0)) { input in
        for row in 0..<rows.count {
          values.withPointer { vectors.values(input + row * rows.features, to: $0) }
          results.withPointer { results in
            let own = UnsafeMutableBufferPointer(start: results + row * form.scores, count: form.scores)
            if isLinear {
              for index in own.indices { own[index] = values[index] + rho[0] }
              classes[row] = own.indices.max { own[$0] < own[$1] } ?? 0
              return transform.apply(own)
            }
            let (scores, votes) = machines.scores(values)
            // Votes decide, even where probabilities disagree.
            classes[row] = votes.indices.max { votes[$0] < votes[$1] } ?? 0
            if let probabilities {
              let shares = probabilities.values(scores)
              for index in own.indices { own[index] = shares[index] }
              return transform.apply(own)
            }
            if form.classes == 2 {
              // The score is above zero for the first class; what comes out is by its own sign.
              (transform == .none ? BinaryScores.negative : .complement).write(scores[0], transform, to: own)
            } else {
              for index in own.indices { own[index] = scores[index] }
              transform.apply(own)
            }
          }
        }
      }
      try labels.write(classes, to: call)
      results.withPointer {
        call.output(1).data?.copyMemory(from: $0, byteCount: results.count * MemoryLayout<Float>.size)
      }
    }
  }
}

/// One machine for each pair of classes over the same support vectors.
private struct PairwiseMachines: Sendable {
  var perClass: [Int]
  var coefficients: [Float]
  var rho: [Float]

  /// The score of each pair, above zero for the first class of it, and how many pairs each class wins.
  func scores(_ kernel: Scratch<Float>) -> (scores: [Float], votes: [Int]) {
    var starts = [0]
    for count in perClass { starts.append(starts[starts.count - 1] + count) }
    var scores: [Float] = []
    var votes = [Int](repeating: 0, count: perClass.count)
    for i in perClass.indices {
      for j in perClass.indices.dropFirst(i + 1) {
        var sum = rho[scores.count]
        // A vector has a coefficient for each other class.
        for index in starts[i]..<starts[i + 1] { sum += coefficients[(j - 1) * kernel.count + index] * kernel[index] }
        for index in starts[j]..<starts[j + 1] { sum += coefficients[i * kernel.count + index] * kernel[index] }
        scores.append(sum)
        votes[sum > 0 ? i : j] += 1
      }
    }
    return (scores, votes)
  }
}

/// Probabilities of classes from the scores of pairs: Platt's sigmoids, coupled by the second method of Wu, Lin and Weng
/// 2004 ("Probability Estimates for Multi-class Classification by Pairwise Coupling").
private struct PairwiseProbabilities: Sendable {
  var classes: Int
  var a: [Float]
  var b: [Float]

  func values(_ scores: [Float]) -> [Float] {
    // shares[i][j]: how probable i is, if it is i or j.
    var shares = [[Float]](repeating: [Float](repeating: 0, count: classes), count: classes)
    var pair = 0
    for i in 0..<classes {
      for j in i + 1..<max(classes, i + 1) {
        let share = min(max(1 - logisticFunction(scores[pair] * a[pair] + b[pair]), 1e-7), 1 - 1e-7)
        (shares[i][j], shares[j][i]) = (share, 1 - share)
        pair += 1
      }
    }
    var q = shares
    for i in 0..<classes {
      q[i][i] = (0..<classes).reduce(0) { $0 + ($1 == i ? 0 : shares[$1][i] * shares[$1][i]) }
      for j in 0..<classes where j != i { q[i][j] = -shares[j][i] * shares[i][j] }
    }
    var p = [Float](repeating: 1 / Float(classes), count: classes)
    for _ in 0..<max(100, classes) {
      var products = q.map { row in zip(row, p).reduce(0) { $0 + $1.0 * $1.1 } }
      var whole = zip(products, p).reduce(0) { $0 + $1.0 * $1.1 }
      if products.allSatisfy({ abs($0 - whole) < 0.005 / Float(classes) }) { break }
      for i in 0..<classes {
        let change = (whole - products[i]) / q[i][i]
        p[i] += change
        whole = (whole + change * (change * q[i][i] + 2 * products[i])) / ((1 + change) * (1 + change))
        for j in 0..<classes {
          products[j] = (products[j] + change * q[i][j]) / (1 + change)
          p[j] /= 1 + change
        }
      }
    }
    return p
  }
}
