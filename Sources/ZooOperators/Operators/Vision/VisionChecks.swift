import ZooCore

extension Inference {
  /// An attribute within `range`.
  func int(_ name: String, default standard: Int, in range: ClosedRange<Int>) throws -> Int {
    let value = try int(name, default: standard)
    try require(
      range.contains(value),
      "attribute \(name) is \(value), it should be from \(range.lowerBound) to \(range.upperBound)")
    return value
  }

  /// Attribute `spatial_scale`, from pixels of the picture to those of the features.
  func requireSpatialScale() throws {
    let scale = try float("spatial_scale") ?? 1
    try require(scale.isFinite, "attribute spatial_scale is \(scale), it should be finite")
  }

  /// The shape of input `index`, `pattern` being what it has to be: numbers, and `nil` where an extent may be anything,
  /// which is also what all extents are of which nothing is known.
  func shape(_ index: Int, _ what: String, like pattern: [Dim?]) throws -> [Dim] {
    guard let shape = try facts(index).shape else { return pattern.map { $0 ?? .unknown() } }
    try require(
      shape.count == pattern.count && zip(shape, pattern).allSatisfy { own, wanted in wanted?.equals(own) != false },
      "\(what) of shape \(shape) should be [\(pattern.map { $0.map { "\($0)" } ?? "any" }.joined(separator: ", "))]")
    return zip(shape, pattern).map { own, wanted in own.number == nil ? wanted ?? own : own }
  }
}
