import CZooPlugin
import PluginSupport
import ZooPlugin

/// ai.onnx.ml ArrayFeatureExtractor: the places of the last axis that `Y` numbers.
struct ArrayFeatureExtractor: Operator {
  let signature = Signature("ArrayFeatureExtractor", domain: machineLearningDomain, since: 1)

  /// How many rows there are, and how long they are.
  private func rows(_ x: TensorView) throws -> (count: Int, length: Int) {
    guard let length = x.shape.last else { throw OperatorError("X is a scalar") }
    return (x.shape.dropLast().reduce(1, *), length)
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let (count, length) = try rows(node.input(0))
    let type = try node.input(0).type
    let size = try type.elementByteCount
    let chosen = try node.input(1).count
    return ClosureKernel { call in
      guard let target = call.output(0).data, let source = call.input(0).data else { return }
      let places = UnsafeBufferPointer(start: call.input(1).pointer(as: Int64.self), count: chosen)
      for place in places where place < 0 || place >= length {
        throw OperatorError("Y holds \(place), but the rows have \(length) places")
      }
      for row in 0..<(chosen > 0 ? count : 0) {
        for (column, place) in places.enumerated() {
          let from = source + (row * length + Int(place)) * size
          let to = target + (row * chosen + column) * size
          if type == .string {
            to.storeBytes(of: try call.string(from.load(as: zoo_string.self)), as: zoo_string.self)
          } else {
            to.copyMemory(from: from, byteCount: size)
          }
        }
      }
    }
  }
}
