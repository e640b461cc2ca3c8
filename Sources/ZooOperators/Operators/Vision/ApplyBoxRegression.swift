import ZooCore

extension OperatorDeclaration {
  /// zoo.vision ApplyBoxRegression: boxes moved by the offsets of each class (Girshick et al. 2014, appendix C).
  static let applyBoxRegression = OperatorDeclaration(
    "ApplyBoxRegression", domain: visionDomain, types: { _ in [.tensor(.float32)] }
  ) { node in
    for index in 0..<2 { try node.requireType(index, .float32) }
    let boxes = try node.shape(0, "boxes", like: [nil, 4])
    if node.has(2), let picture = try node.facts(2).shape {
      try node.require(picture.count >= 2, "a picture of the shape \(picture) has no height and width")
    }
    guard let offsets = try node.facts(1).shape else { return [[boxes[0], .unknown(), 4]] }
    try node.require(
      2...3 ~= offsets.count && offsets[0].equals(boxes[0]) != false,
      "offsets have the shape \(offsets), not [\(boxes[0]), C, 4]")
    let rows = boxes[0].number == nil ? offsets[0] : boxes[0]
    let last = offsets[offsets.count - 1]
    if offsets.count == 3 {
      try node.requireEqual(last, 4, "offsets have the shape \(offsets), not four for each class")
      return [[rows, offsets[1], 4]]
    }
    let classes = last.divided(exactlyBy: 4)
    try node.require(
      classes != nil || last.number == nil, "offsets have the shape \(offsets), not four for each class")
    return [[rows, classes ?? last.floorDivided(by: 4), 4]]
  }.byRow { _ in [0, 1] }
}
