import ZooCore

extension OperatorDeclaration {
  /// zoo.vision SelectiveSearch: regions of a picture that may be objects (Uijlings et al. 2013), `max_boxes` rows, and how
  /// many of them there are.
  static let selectiveSearch = OperatorDeclaration(
    "SelectiveSearch", domain: visionDomain, types: { _ in [.tensor(.float32), .tensor(.int64)] }
  ) { node in
    try node.requireType(0, .float32)
    _ = try node.shape(0, "a picture", like: [1, 3, nil, nil])
    return [[Dim(try node.int("max_boxes", default: 2000, in: 1...1 << 24)), 4], [1]]
  }
}
