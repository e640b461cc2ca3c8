import ZooCore

extension OperatorDeclaration {
  /// zoo.vision ExpandBoxes: boxes (left, top, right, bottom), each grown about its centre.
  static let expandBoxes = OperatorDeclaration(
    "ExpandBoxes", domain: visionDomain, types: { _ in [.tensor(.float32)] }
  ) { node in
    try node.requireType(0, .float32)
    return [try node.shape(0, "boxes", like: [nil, 4])]
  }.byRow()
}
