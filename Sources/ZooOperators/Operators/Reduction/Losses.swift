extension OperatorDeclaration {
  /// ONNX NegativeLogLikelihoodLoss: what the classes that are right have for logarithms of probabilities.
  static let negativeLogLikelihoodLoss = OperatorDeclaration("NegativeLogLikelihoodLoss") { node in
    [try node.lossShape()]
  }

  /// ONNX SoftmaxCrossEntropyLoss: the same behind a softmax, whose logarithms are the second output.
  static let softmaxCrossEntropyLoss = OperatorDeclaration("SoftmaxCrossEntropyLoss") { node in
    [try node.ifKnown { try node.lossShape() }, try node.facts(0).shape]
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
