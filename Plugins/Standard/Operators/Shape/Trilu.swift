import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX Trilu: the upper or lower triangle of each matrix, from diagonal k on; zeros elsewhere.
  static func trilu(_ host: ZooHost) -> any Operator {
    ShapedOperator("Trilu", since: 14) { node in
      let isUpper = try node.attributes.int("upper") ?? 1 != 0
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let x = try inputs[0]
          guard outputs.isWritable(0), let target = outputs.data(0) else { return }
          let diagonal = inputs.optional(1) == nil ? 0 : try inputs.int(1)
          try copyThrough(x, to: outputs)
          let (height, width) = (x[dimension: x.rank - 2], x[dimension: x.rank - 1])
          let size = try x.elementByteCount
          outputs.executor.parallelRanges(x.count / width, grain: max(1, 32768 / width)) { range in
            for row in range {
              // Where the upper triangle begins, saturating, as the diagonal may be any number.
              let (sum, overflow) = (row % height).addingReportingOverflow(diagonal)
              let first = overflow ? (diagonal > 0 ? width : 0) : min(max(isUpper ? sum : sum &+ 1, 0), width)
              let cleared = isUpper ? 0..<first : (overflow && diagonal > 0 ? width : first)..<width
              (target + (row * width + cleared.lowerBound) * size).initializeMemory(
                as: UInt8.self, repeating: 0, count: cleared.count * size)
            }
          }
        }, inPlace: [0])
    }
  }
}
