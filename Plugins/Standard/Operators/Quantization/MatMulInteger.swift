import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX MatMulInteger: exact products of 8-bit integers, as int32.
  static func matMulInteger(_ host: Host) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator("MatMulInteger", since: 10) { _ in
      ShapedOperator.Form(
        compute: { inputs, outputs in
          guard outputs.isWritable(0) else { return }
          let (a, b) = (try inputs[0], try inputs[1])
          let product = try IntegerProduct(a, b)
          let size = product.rows * product.columns
          let target = outputs.pointer(0, as: Int32.self)
          try product.run(
            a, b, aZero: inputs.optional(2), bZero: inputs.optional(3), kernels: kernels, executor: outputs.executor
          ) { matrix, sums in (target + matrix * size).update(from: sums, count: size) }
        })
    }
  }
}
