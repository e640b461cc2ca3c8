extension OperatorCatalogue {
  static let reduction: [OperatorDeclaration] =
    [
      .reducing("ReduceL1", .keepsZero),
      .reducing("ReduceL2", .keepsZero),
      .reducing("ReduceLogSum"),
      .reducing("ReduceLogSumExp"),
      .reducing("ReduceMax", .keepsZero, elements: { try $0.reducedElement(ofNone: nil, Dim.maximum) }),
      .reducing("ReduceMean", .keepsZero),
      .reducing("ReduceMin", .keepsZero, elements: { try $0.reducedElement(ofNone: nil, Dim.minimum) }),
      .reducing("ReduceProd", elements: { try $0.reducedElement(ofNone: 1, *) }),
      .reducing("ReduceSum", .keepsZero, elements: { try $0.reducedElement(ofNone: 0, +) }),
      .reducing("ReduceSumSquare", .keepsZero),
    ] + [
      .argument("ArgMax"), .argument("ArgMin"),
      .cumulating("CumProd"), .cumulating("CumSum", .keepsZero),
      .hardmax, .softmax("Softmax"), .softmax("LogSoftmax"),
      .negativeLogLikelihoodLoss, .softmaxCrossEntropyLoss,
    ]
}
