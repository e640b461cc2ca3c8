import ZooCore

extension Inference {
  /// How many classes have names, and whether these are numbers or texts.
  ///
  /// - Throws: `ZooError` where there are names of both kinds.
  func classLabels(
    ints: String = "classlabels_ints", strings: String = "classlabels_strings"
  ) throws -> (type: ElementType, count: Int) {
    let (ints, strings) = (try self.ints(ints) ?? [], try texts(strings) ?? [])
    try require(ints.isEmpty || strings.isEmpty, "classes have names both as numbers and as texts")
    return strings.isEmpty ? (.int64, ints.count) : (.string, strings.count)
  }
}
