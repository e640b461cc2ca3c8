import CStandardKernels
import ZooPlugin

extension Catalogue {
  /// ONNX Range: from a start, below a limit, by a step.
  static func range(_ host: Host) -> any Operator {
    ShapedOperator("Range", since: 11) { node in
      ShapedOperator.Form(
        outputs: { inputs in
          let type = try inputs[0].type
          guard let start = try inputs[0].doubles()?.first, let limit = try inputs[1].doubles()?.first,
            let step = try inputs[2].doubles()?.first
          else { return [OutputType(type, nil)] }
          let count = ((limit - start) / step).rounded(.up)
          guard step != 0, count < 0x1p48 else { throw OperatorError("no range from \(start) to \(limit) by \(step)") }
          return [OutputType(type, [max(0, Int(count))])]
        },
        compute: { inputs, outputs in
          guard let start = try inputs[0].doubles()?.first, let step = try inputs[2].doubles()?.first,
            outputs.isWritable(0)
          else { return }
          let values = (0..<outputs.shape(0)[0]).map { start + Double($0) * step }
          zs_cast(
            ElementType.float64.rawValue, outputs.types[0].type.rawValue, values, outputs.data(0), values.count, 1)
        })
    }
  }
}
