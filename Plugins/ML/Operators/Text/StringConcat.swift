import CZooPlugin
import PluginSupport
import ZooPlugin

/// ONNX StringConcat: the texts of two tensors that broadcast, one after the other.
struct StringConcat: Operator {
  let signature = Signature("StringConcat", since: 20)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let shapes = try [node.input(0).shape, node.input(1).shape]
    guard try node.input(0).type == .string, try node.input(1).type == .string else {
      throw unsupported(try node.input(0).type)
    }
    let shape = try broadcastShape(shapes)
    let count = try elementCount(shape)
    let strides = shapes.map { own in
      // Where an array repeats, its stride is 0.
      let padded = [Int](repeating: 1, count: shape.count - own.count) + own
      return zip(rowMajorStrides(padded), padded).map { $1 == 1 ? 0 : $0 }
    }
    return ClosureKernel { call in
      let output = call.output(0)
      guard output.data != nil, count > 0 else { return }
      let (left, right) = (call.input(0).pointer(as: zoo_string.self), call.input(1).pointer(as: zoo_string.self))
      let results = output.pointer(as: zoo_string.self)
      var position = [Int](repeating: 0, count: shape.count)
      var places = [0, 0]
      var joined: [UInt8] = []
      for index in 0..<count {
        let (a, b) = (left[places[0]], right[places[1]])
        joined.removeAll(keepingCapacity: true)
        joined.append(contentsOf: UnsafeRawBufferPointer(start: a.bytes, count: a.count))
        joined.append(contentsOf: UnsafeRawBufferPointer(start: b.bytes, count: b.count))
        results[index] = try call.string(joined)
        var axis = shape.count - 1
        while axis >= 0 {
          position[axis] += 1
          for side in 0..<2 { places[side] += strides[side][axis] }
          if position[axis] < shape[axis] { break }
          for side in 0..<2 { places[side] -= strides[side][axis] * shape[axis] }
          position[axis] = 0
          axis -= 1
        }
      }
    }
  }
}
