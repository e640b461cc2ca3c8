import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Reshape: 0 copies a dimension, -1 takes what is left.
  static func reshape(_ host: ZooHost) -> any Operator {
    viewOperator("Reshape") { node in
      let fixed = try node.attributes.ints("shape")
      let allowZero = try node.attributes.int("allowzero") ?? 0 != 0
      return { inputs in
        let shape = try inputs[0].shape
        var wanted = try fixed ?? inputs.ints(1)
        var open: Int?
        for (index, extent) in wanted.enumerated() {
          if extent == 0, !allowZero {
            guard index < shape.count else {
              throw OperatorError("dimension \(index) of \(wanted) copies one that the shape \(shape) does not have")
            }
            wanted[index] = shape[index]
          } else if extent == -1 {
            guard open == nil else { throw OperatorError("the shape \(wanted) leaves more than one dimension open") }
            open = index
            wanted[index] = 1
          }
        }
        if let open {
          let (known, count) = (try elementCount(wanted), shape.reduce(1, *))
          guard known > 0, count % known == 0 else {
            throw OperatorError("\(count) elements don't fill the shape \(wanted) with dimension \(open) open")
          }
          wanted[open] = count / known
        }
        return wanted
      }
    }
  }
}
