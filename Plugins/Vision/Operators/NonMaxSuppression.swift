import PluginSupport
import ZooPlugin

/// ONNX NonMaxSuppression: greedy, by image and class; gives (image, class, box) triples.
struct NonMaxSuppression: Operator {
  let signature: Signature

  let kernels: VisionKernels

  init(since: Int64, kernels: VisionKernels) {
    signature = Signature("NonMaxSuppression", since: since)
    self.kernels = kernels
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
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
      var kept = ScratchList<Int>(host: call.host)
      var ends = ScratchList<Int>(host: call.host)
      var order = ScratchList<Int>(host: call.host)
      // Without boxes, images and classes may be any number.
      let tasks = most > 0 && count > 0 ? scores[dimension: 0] * classes : 0
      for task in 0..<tasks {
        let values = scores.pointer(as: Float.self) + task * count
        func box(_ number: Int) -> Box {
          let corner = corners + 4 * (task / classes * count + number)
          guard isCentered else { return Box(corner) }
          let (x, y, width, height) = (corner[0], corner[1], corner[2] / 2, corner[3] / 2)
          return Box((x - width, y - height), (x + width, y + height))
        }
        order.removeAll()
        for number in 0..<count where least.map({ values[number] > $0 }) ?? true { try order.append(number) }
        order.sort { values[$0] == values[$1] ? $0 < $1 : values[$0] > values[$1] }
        try order.withElements {
          try suppress($0, keeping: most, limit: limit, to: &kept, host: call.host, kernels: kernels, box: box)
        }
        try ends.append(kept.count)
      }
      let memory = try call.allocateOutput(0, shape: [kept.count, 3]).assumingMemoryBound(to: Int64.self)
      var task = 0
      for row in 0..<kept.count {
        while ends[task] <= row { task += 1 }
        for (column, value) in [task / classes, task % classes, kept[row]].enumerated() {
          memory[3 * row + column] = Int64(value)
        }
      }
    }
  }
}
