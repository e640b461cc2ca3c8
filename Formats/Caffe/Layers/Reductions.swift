import GraphWriter
import ZooCore

extension NetworkBuilder {
  /// Reduces all axes from one on, and scales the result (caffe.proto, ReductionParameter).
  mutating func reduction() throws {
    let bottom = try bottom()
    let parameter = try layer.message.message("reduction_param")
    let axis = try axis(parameter.int("axis") ?? 0, rank: bottom.shape.count)
    let coefficient = try parameter.float("coeff") ?? 1
    if axis == 0 { fixBatch() }
    let axes = Array(axis..<bottom.shape.count)
    var inputs = [bottom.name]
    var attributes: [Attribute] = [.int("keepdims", 0)]
    let operatorType: String
    switch try parameter.symbol("operation") ?? "SUM" {
    case "SUM", "1":
      operatorType = "ReduceSum"
      inputs.append(try constant(axes, "axes"))
    case "ASUM", "2": operatorType = "ReduceL1"
    case "SUMSQ", "3": operatorType = "ReduceSumSquare"
    case "MEAN", "4": operatorType = "ReduceMean"
    case let other: throw ZooError(.badData, "the operation \(other) is not known")
    }
    if inputs.count == 1 { attributes.append(.ints("axes", axes)) }
    let shape = Array(bottom.shape[..<axis])
    if coefficient == 1 { return try finish(operatorType, inputs, attributes, shape: shape) }
    let reduced = step(operatorType, inputs, attributes)
    try finish("Mul", [reduced, scalar(coefficient, "coeff")], shape: shape)
  }

  /// Where the greatest elements are, as numbers: along an axis, or in the whole of each picture (argmax_layer.cpp).
  mutating func argMax() throws {
    let bottom = try bottom()
    let parameter = try layer.message.message("argmax_param")
    let count = try parameter.int("top_k") ?? 1
    let givesValues = try parameter.bool("out_max_val") ?? false
    var (input, shape) = (bottom.name, bottom.shape)
    let axis: Int
    let isAlongAxis = parameter.has("axis")
    if isAlongAxis {
      axis = try self.axis(parameter.int("axis") ?? 0, rank: shape.count)
    } else {
      // A picture's elements as a row, with an axis before it for what is told about them.
      let flat = step("Flatten", [input], [.int("axis", 1)])
      input = step("Unsqueeze", [flat, try constant([1], "axes")])
      shape = [shape[0], 1, shape[1...].reduce(1, *)]
      axis = 2
    }
    guard count > 0, count <= shape[axis] else {
      throw ZooError(.badData, "top_k is \(count), of an extent of \(shape[axis])")
    }
    if axis == 0 { fixBatch() }
    shape[axis] = count
    if count == 1, !givesValues {
      // Of equal elements the last one counts.
      let attributes: [Attribute] = [.int("axis", axis), .int("keepdims", 1), .int("select_last_index", 1)]
      return try finish("Cast", [step("ArgMax", [input], attributes)], [.int("to", 1)], shape: shape)
    }
    let found = [writer.name("\(layer.name)/values"), writer.name("\(layer.name)/indices")]
    writer.nodes(
      "TopK", [input, try constant([count], "k")], [.int("axis", axis)], name: "\(layer.name)/TopK", outputs: found)
    if isAlongAxis, givesValues { return try finish("Identity", [found[0]], shape: shape) }
    guard givesValues else { return try finish("Cast", [found[1]], [.int("to", 1)], shape: shape) }
    shape[1] = 2
    try finish("Concat", [step("Cast", [found[1]], [.int("to", 1)]), found[0]], [.int("axis", 1)], shape: shape)
  }
}
