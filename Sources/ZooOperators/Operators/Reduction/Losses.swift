import ZooCore

extension OperatorDeclaration {
  /// ONNX NegativeLogLikelihoodLoss: what the classes that are right have for logarithms of probabilities.
  static let negativeLogLikelihoodLoss = OperatorDeclaration("NegativeLogLikelihoodLoss") { node in
    [try node.lossShape()]
  }.differentiated { f in [try f.loss(f.x)] }

  /// ONNX SoftmaxCrossEntropyLoss: the same behind a softmax, whose logarithms are the second output.
  static let softmaxCrossEntropyLoss = OperatorDeclaration("SoftmaxCrossEntropyLoss") { node in
    [try node.ifKnown { try node.lossShape() }, try node.facts(0).shape]
  }.differentiated { f in
    let logarithms = f("LogSoftmax", f.x, attributes: ["axis": .int(1)])
    return [try f.loss(logarithms), logarithms]
  }
}

extension Inference {
  /// One number, or one for each target.
  fileprivate func lossShape() throws -> [Dim] {
    let (scores, targets) = (try facts(0).shape, try facts(1).shape)
    let reduction = try text("reduction") ?? "mean"
    try require(["none", "sum", "mean"].contains(reduction), "the reduction \"\(reduction)\" is unknown")
    if let scores {
      try require(scores.count >= 2, "scores of shape \(scores) are not of samples and classes")
      if let targets { try requireTargets(targets, scores) }
      if has(2), let weights = try facts(2).shape {
        try require(
          weights.count == 1 && weights[0].equals(scores[1]) != false, "\(weights) weights for \(scores[1]) classes")
      }
    }
    if reduction != "none" { return [] }
    if let targets { return targets }
    guard let scores else { throw NotKnown() }
    return [scores[0]] + scores[2...]
  }

  private func requireTargets(_ targets: [Dim], _ scores: [Dim]) throws {
    let wanted = [scores[0]] + scores[2...]
    try require(
      targets.count == wanted.count && zip(targets, wanted).allSatisfy { $0.equals($1) != false },
      "targets of shape \(targets) don't fit scores of shape \(scores)")
  }
}

extension FunctionBody {
  /// The loss by its definition.
  fileprivate mutating func loss(_ logarithms: Value) throws -> Value {
    let type = try node.elementType(0)
    var targets = cast(try input(1), to: .int64)
    var isIgnored: Value?
    if let ignored = try node.int("ignore_index") {
      let number = constant(try Tensor([Int64(ignored)], shape: []))
      isIgnored = self("Equal", targets, number)
      // Which may be the number of no class.
      targets = self("Where", isIgnored, constant(try Tensor([Int64(0)], shape: [])), targets)
    }
    let places = try unsqueeze(targets, [1])
    let chosen = self("GatherElements", logarithms, places, attributes: ["axis": .int(1)])
    var weights =
      node.has(2) ? self("Gather", try input(2), targets) : self("Expand", try number(1, type), extents(of: targets))
    if let isIgnored { weights = self("Where", isIgnored, try number(0, type), weights) }
    let losses = self("Neg", self("Mul", self("Squeeze", chosen, try integers([1])), weights))
    let whole: KeyValuePairs<String, Attribute.Value?> = ["keepdims": .int(0)]
    switch try node.text("reduction") ?? "mean" {
    case "none": return losses
    case "sum": return self("ReduceSum", losses, attributes: whole)
    default:
      return self(
        "Div", self("ReduceSum", losses, attributes: whole), self("ReduceSum", weights, attributes: whole))
    }
  }
}
