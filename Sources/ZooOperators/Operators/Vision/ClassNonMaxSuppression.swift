import ZooCore

extension OperatorDeclaration {
  /// zoo.vision ClassNonMaxSuppression: the best boxes of all classes that overlap no better one of theirs, in outputs of
  /// fixed size: boxes, scores, classes, and how many there are.
  static let classNonMaxSuppression = OperatorDeclaration(
    "ClassNonMaxSuppression", domain: visionDomain,
    types: { _ in [.tensor(.float32), .tensor(.float32), .tensor(.int64), .tensor(.int64)] }
  ) { node in
    for index in 0..<2 { try node.requireType(index, .float32) }
    let scores = try node.shape(1, "scores", like: [nil, nil])
    if let boxes = try node.facts(0).shape {
      _ = try node.shape(0, "boxes", like: boxes.count == 2 ? [scores[0], 4] : [scores[0], scores[1], 4])
    }
    if node.has(2) {
      try node.requireType(2, .int64)
      let count = try node.facts(2).shape?.product ?? 1
      try node.require(count.equals(1) != false, "count has \(count) elements in place of one")
    }
    let most = Dim(try node.int("max_detections", default: 100, in: 1...1 << 24))
    return [[most, 4], [most], [most], [1]]
  }.readingRows(of: [0, 1], count: 2)
}
