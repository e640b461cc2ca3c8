import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX RMSNormalization (Zhang and Sennrich 2019): divided by the root of the mean square of all dimensions from
  /// `axis` on, times a scale.
  static func rmsNormalization(_ host: Host) -> any Operator {
    let kernels = host.kernels
    return ShapedOperator("RMSNormalization", since: 23) { node in
      let given = try node.attributes.int("axis") ?? -1
      let epsilon = try node.attributes.float("epsilon") ?? 1e-5
      return ShapedOperator.Form(
        outputs: { inputs in
          let (x, scale) = (try inputs[0], try inputs[1])
          for tensor in [x, scale] where tensor.type != .float32 && !tensor.type.isHalf {
            throw unsupported(tensor.type)
          }
          let axis = try normalized(axis: given, rank: x.rank)
          let inner = Array(x.shape[axis...])
          guard try broadcastShape([inner, scale.shape]) == inner else {
            throw OperatorError("a scale of shape \(scale.shape) doesn't broadcast to \(inner)")
          }
          return [OutputType(like: x)]
        },
        compute: { inputs, outputs in
          let (x, scale) = (try inputs[0], try inputs[1])
          guard outputs.isWritable(0), let source = x.data?.assumingMemoryBound(to: Float.self) else { return }
          let target = outputs.pointer(0, as: Float.self)
          let inner = Array(x.shape[(try normalized(axis: given, rank: x.rank))...])
          let width = inner.reduce(1, *)
          var factors = [Float](repeating: 0, count: width)
          let given = scale.pointer(as: Float.self)
          let broadcast = Broadcast([scale.shape], to: inner)
          factors.withUnsafeMutableBufferPointer { factors in
            guard let base = factors.baseAddress else { return }
            nonisolated(unsafe) let all = base
            broadcast.forEach(outputs.executor) { place, offsets, count in
              for index in 0..<count { all[place + index] = given[offsets[0] + index * broadcast.steps[0]] }
            }
          }
          outputs.executor.parallelRanges(x.count / width, grain: max(1, 8192 / width)) { range in
            for row in range {
              let line = source + row * width
              let square = kernels.raw.reduce(ZS_SUM_SQUARE.code, line, width) / Float(width)
              kernels.raw.normalize(
                line, target + row * width, width, 0, 1 / (square + epsilon).squareRoot(), factors, nil)
            }
          }
        }, inPlace: [0])
    }.withHalves()
  }
}
