import PluginSupport
import ZooPlugin

/// ONNX NonMaxSuppression: greedy, by image and class; gives (image, class, box) triples.
struct NonMaxSuppression: Operator {
  let signature: Signature

  init(since: Int64) { signature = Signature("NonMaxSuppression", since: since) }

  func infer(_ node: Node) throws -> [OutputType] {
    let boxes = try node.floats(0, "boxes", rank: 3)
    let scores = try node.floats(1, "scores", rank: 3)
    guard boxes[dimension: 2] == 4, scores[dimension: 0] == boxes[dimension: 0],
      scores[dimension: 2] == boxes[dimension: 1]
    else { throw OperatorError("boxes \(boxes.shape) and scores \(scores.shape) are not [N, B, 4] and [N, C, B]") }
    return [OutputType(.int64, nil)]
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    _ = try infer(node)
    let isCentered = try node.whole("center_point_box", 0, in: 0...1) == 1
    return ClosureKernel { call in
      func float(_ index: Int) throws -> Float? {
        guard let tensor = call.optionalInput(index) else { return nil }
        guard tensor.type == .float32, tensor.count == 1 else {
          throw OperatorError("input \(index) should be one float32")
        }
        return tensor.pointer(as: Float.self)[0]
      }
      let most = try call.optionalInput(2).flatMap { try $0.constantInts()?.first } ?? 0
      let limit = try float(3) ?? 0
      let least = try float(4)
      guard (0...1).contains(limit) else { throw OperatorError("the IoU threshold is \(limit), not from 0 to 1") }
      let (boxes, scores) = (call.input(0), call.input(1))
      let (classes, count) = (scores[dimension: 1], scores[dimension: 2])
      let corners = boxes.pointer(as: Float.self)
      var chosen: [Int64] = []
      for task in 0..<(most > 0 ? scores[dimension: 0] * classes : 0) {
        let (image, kind) = (task / classes, task % classes)
        let values = scores.pointer(as: Float.self) + task * count
        func box(_ number: Int) -> Box {
          let corner = corners + 4 * (image * count + number)
          guard isCentered else { return Box(corner) }
          let (x, y, width, height) = (corner[0], corner[1], corner[2] / 2, corner[3] / 2)
          return Box((x - width, y - height), (x + width, y + height))
        }
        let order = (0..<count).filter { number in least.map { values[number] > $0 } ?? true }
          .sorted { values[$0] == values[$1] ? $0 < $1 : values[$0] > values[$1] }
        for number in suppressed(order, keeping: most, limit: limit, box: box) {
          chosen += [image, kind, number].map(Int64.init)
        }
      }
      let memory = try call.allocateOutput(0, shape: [chosen.count / 3, 3])
      chosen.withUnsafeBytes {
        memory.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: $0.count)
      }
    }
  }
}
