extension OperatorDeclaration {
  /// ONNX NonMaxSuppression: the boxes that overlap no better one, as rows of image, class and box.
  static let nonMaxSuppression = OperatorDeclaration("NonMaxSuppression") { node in
    for index in 0..<2 { try node.requireType(index, .float32) }
    let boxes = try node.shape(0, "boxes", like: [nil, nil, 4])
    _ = try node.shape(1, "scores", like: [boxes[0], nil, boxes[1]])
    return [[.unknown(), 3]]
  }
}
