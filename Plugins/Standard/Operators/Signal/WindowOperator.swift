import CStandardKernels
import PluginSupport
import ZooPlugin

/// ONNX's windows: a sum of cosines, `factors` by frequency.
func windowOperator(_ name: String, factors: [Double]) -> any Operator {
  ShapedOperator(name, since: 17) { node in
    let isPeriodic = try node.attributes.int("periodic") ?? 1 != 0
    return ShapedOperator.Form(
      shapes: { inputs in
        let size = try inputs.int(0)
        guard size >= 0, size < 1 << 40 else { throw OperatorError("a window of \(size) numbers") }
        return [[size]]
      },
      compute: { inputs, outputs in
        guard outputs.isWritable(0) else { return }
        let size = outputs.shape(0)[0]
        let period = Double(isPeriodic ? size : max(size - 1, 1))
        let angles = try outputs.call.host.scratch(min(size, Outputs.pieceLength), of: Double.self)
        try outputs.write { range, values in
          values.update(repeating: factors[0], count: range.count)
          for (frequency, factor) in factors.enumerated().dropFirst() {
            angles.withPointer { angles in
              for (place, index) in range.enumerated() {
                angles[place] = 2 * Double.pi * Double(frequency) * Double(index) / period
              }
              _ = zs_typed_unary(ElementType.float64.rawValue, ZS_COS.code, angles, angles, range.count, 0, 0)
              for place in 0..<range.count { values[place] += factor * angles[place] }
            }
          }
        }
      })
  }
}
