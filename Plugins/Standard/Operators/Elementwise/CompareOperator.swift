import CStandardKernels
import PluginSupport
import CZooPlugin
import ZooPlugin

extension zs_compare { var code: Int32 { Int32(rawValue) } }

/// A comparison of two tensors that broadcast.
func compareOperator(_ name: String, _ code: zs_compare) -> any Operator {
  ShapedOperator(name) { node in
    let axis = try node.opset < 7 ? node.attributes.int("axis") : nil
    @Sendable func shapes(_ inputs: Inputs) throws -> [[Int]] {
      let (a, b) = (try inputs[0], try inputs[1])
      guard a.type == b.type else { throw OperatorError("the operands are \(a.type.name) and \(b.type.name)") }
      return [a.shape, try aligned(b.shape, to: a.shape, axis: axis)]
    }
    return ShapedOperator.Form(
      compute: { inputs, outputs in
        let (a, b) = (try inputs[0], try inputs[1])
        guard outputs.isWritable(0), let left = a.data, let right = b.data else { return }
        let rows = Broadcast(try shapes(inputs), to: outputs.shape(0))
        let result = outputs.pointer(0, as: UInt8.self)
        if a.type == .string {
          let (left, right) = (a.pointer(as: zoo_string.self), b.pointer(as: zoo_string.self))
          rows.forEach(outputs.executor) { place, offsets, count in
            for index in 0..<count {
              let (x, y) = (left[offsets[0] + index * rows.steps[0]], right[offsets[1] + index * rows.steps[1]])
              result[place + index] = bytes(x).elementsEqual(bytes(y)) ? 1 : 0
            }
          }
          return
        }
        guard zs_typed_compare(a.type.rawValue, code.code, nil, nil, nil, nil, nil, 0, 0) == 1 else {
          throw unsupported(a.type)
        }
        let size = try a.elementByteCount
        let (rowSteps, steps) = (rows.rowSteps, rows.steps)
        rows.forEachBlock(outputs.executor) { place, offsets, rows, count in
          _ = zs_typed_compare(
            a.type.rawValue, code.code, left + offsets[0] * size, right + offsets[1] * size, rowSteps, steps,
            result + place, rows, count)
        }
      })
  }
}

private func bytes(_ string: zoo_string) -> UnsafeRawBufferPointer {
  UnsafeRawBufferPointer(start: string.bytes, count: string.count)
}
