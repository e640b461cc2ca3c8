import GraphWriter
import ZooCore

extension NetworkBuilder {
  /// The fully connected layer: axes from `axis` on are one (caffe.proto, InnerProductParameter).
  mutating func innerProduct() throws {
    let bottom = try bottom()
    let parameter = try layer.message.message("inner_product_param")
    let axis = try axis(parameter.int("axis") ?? 1, rank: bottom.shape.count)
    let outputs = try parameter.int("num_output") ?? 0
    guard outputs > 0 else { throw ZooError(.badData, "num_output is \(outputs)") }
    let isTransposed = try parameter.bool("transpose") ?? false
    let depth = bottom.shape[axis...].reduce(1, *)
    let weight = constant(try layer.weight(0, isTransposed ? [depth, outputs] : [outputs, depth]), "weight")
    var inputs = [weight]
    if try parameter.bool("bias_term") ?? true { inputs.append(constant(try layer.weight(1, [outputs]), "bias")) }
    let attributes: [Attribute] = isTransposed ? [] : [.int("transB", 1)]
    let matrix =
      bottom.shape.count == 2 && axis == 1 ? bottom.name : step("Flatten", [bottom.name], [.int("axis", axis)])
    let shape = Array(bottom.shape[..<axis]) + [outputs]
    if axis == 1 { return try finish("Gemm", [matrix] + inputs, attributes, shape: shape) }
    if axis == 0 { fixBatch() }
    let product = step("Gemm", [matrix] + inputs, attributes)
    try finishReshape(product, from: [bottom.shape[0]], to: shape)
  }
}
