import ZooCore

extension OperatorDeclaration {
  /// zoo.Reorder: a tensor (N, C, spatial…) in the layout with the number `to`; with `channels_last` the plain one of the two
  /// is (N, spatial…, C), whose positions may have other extents.
  static let reorder = OperatorDeclaration(
    "Reorder", domain: compilerDomain, .keepsZero, types: TypeSignature("T -> T").rule
  ) { node in
    _ = try node.requiredInt("to")
    let shape = try node.shape(0)
    try node.require(shape.count >= 2, "a tensor of shape \(shape) has no channels to lay out")
    return [try node.int("channels_last", default: 0) == 0 ? shape : nil]
  }
}
