import GraphWriter
import ZooCore

extension NetworkBuilder {
  /// Sums with coefficients, products and maxima of blobs of one shape.
  mutating func eltwise() throws {
    let bottoms = try bottoms()
    let parameter = try layer.message.message("eltwise_param")
    let coefficients = try parameter.floats("coeff")
    guard let first = bottoms.first, bottoms.count >= 2, bottoms.allSatisfy({ $0.shape == first.shape }) else {
      throw ZooError(.badData, "it needs two bottoms or more of one shape, not \(bottoms.map(\.shape))")
    }
    guard coefficients.isEmpty || coefficients.count == bottoms.count else {
      throw ZooError(.badData, "\(coefficients.count) coefficients are given for \(bottoms.count) bottoms")
    }
    var names = bottoms.map(\.name)
    let operatorType: String
    switch try parameter.symbol("operation") ?? "SUM" {
    case "PROD", "0": operatorType = "Mul"
    case "SUM", "1":
      operatorType = "Add"
      for (index, coefficient) in coefficients.enumerated() where coefficient != 1 {
        names[index] = step("Mul", [names[index], try scalar(coefficient, "coeff")])
      }
    case "MAX", "2": return try finish("Max", names, shape: first.shape)
    case let other: throw ZooError(.badData, "the operation \(other) is not known")
    }
    var result = names[0]
    for name in names[1..<names.count - 1] { result = step(operatorType, [result, name]) }
    try finish(operatorType, [result, names[names.count - 1]], shape: first.shape)
  }

  mutating func concat() throws {
    let bottoms = try bottoms()
    let parameter = try layer.message.message("concat_param")
    guard let first = bottoms.first else { throw ZooError(.badData, "it has no bottoms") }
    let axis = try axis(parameter.int("axis") ?? parameter.int("concat_dim") ?? 1, rank: first.shape.count)
    var shape = first.shape
    shape[axis] = 0
    for bottom in bottoms {
      guard bottom.shape.count == shape.count,
        bottom.shape.indices.allSatisfy({ $0 == axis || bottom.shape[$0] == shape[$0] })
      else { throw ZooError(.badData, "its bottoms' shapes \(bottoms.map(\.shape)) do not fit along axis \(axis)") }
      let (sum, overflow) = shape[axis].addingReportingOverflow(bottom.shape[axis])
      guard !overflow else { throw ZooError(.badData, "its bottoms are too large") }
      shape[axis] = sum
    }
    if axis == 0 { fixBatch() }
    try finish("Concat", bottoms.map(\.name), [.int("axis", axis)], shape: shape)
  }

  /// Parts along an axis, which end at the given points or are equal.
  mutating func slice() throws {
    let bottom = try bottom()
    let parameter = try layer.message.message("slice_param")
    let axis = try axis(parameter.int("axis") ?? parameter.int("slice_dim") ?? 1, rank: bottom.shape.count)
    let (extent, count) = (bottom.shape[axis], layer.tops.count)
    var points = try parameter.ints("slice_point")
    if points.isEmpty {
      guard count > 0, extent % count == 0 else {
        throw ZooError(.badData, "an extent of \(extent) has no \(count) equal parts")
      }
      points = (1..<max(count, 1)).map { $0 * (extent / count) }
    }
    guard points.count == count - 1 else {
      throw ZooError(.badData, "\(points.count) points do not make \(count) parts")
    }
    let sizes = zip(points + [extent], [0] + points).map { $0 - $1 }
    guard sizes.allSatisfy({ $0 > 0 }) else { throw ZooError(.badData, "a part would have an extent below 1") }
    if axis == 0 { fixBatch() }
    let names = try (0..<count).map { try topName($0) }
    let split = try constant(sizes, "split")
    writer.nodes("Split", [bottom.name, split], [.int("axis", axis)], name: layer.name, outputs: names)
    for (position, size) in sizes.enumerated() {
      var shape = bottom.shape
      shape[axis] = size
      try setTop(names[position], shape, position)
    }
  }
}
