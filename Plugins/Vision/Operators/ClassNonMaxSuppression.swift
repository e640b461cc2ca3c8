import PluginSupport
import Synchronization
import ZooPlugin

/// zoo.vision ClassNonMaxSuppression: greedy non-maximum suppression of each class by itself (Girshick et al. 2014,
/// section 2.2), with outputs of fixed size.
///
/// Inputs: `boxes`, N×C×4 (left, top, right, bottom; or N×4, the same for all classes); `scores`, N×C; `count`, optional,
/// one int64: only the first rows count. Outputs: `boxes` M×4, `scores` M, `classes` M (int64), `count` (one int64): the
/// best detections of all classes, best first. Rows past the count are -1.
///
/// Attributes: `iou_threshold`, the intersection over union beyond which the weaker box goes (0.5); `score_threshold`, below
/// or at which a box is no detection (minus infinity); `max_detections`, M (100). A box without area is no detection.
struct ClassNonMaxSuppression: Operator {
  let signature = Signature("ClassNonMaxSuppression", domain: visionDomain, since: 1)
  let kernels: VisionKernels

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let most = try node.whole("max_detections", 100, in: 1...1 << 24)
    let limit = try node.finite("iou_threshold", 0.5, in: 0...1)
    let least = try node.attributes.float("score_threshold") ?? -.infinity
    return ClosureKernel { call in
      let scores = call.input(1)
      let (rows, classes) = (scores[dimension: 0], scores[dimension: 1])
      let values = scores.pointer(as: Float.self)
      let corners = call.input(0).pointer(as: Float.self)
      let isShared = call.input(0).rank == 2
      let given = call.optionalInput(2).map { Int(clamping: $0.pointer(as: Int64.self)[0]) } ?? rows
      let used = min(max(given, 0), rows)
      let host = call.host
      let found = Mutex(ScratchList<Int>(host: host))
      try call.executor.parallelTry(classes) { kind in
        func box(_ number: Int) -> Box { Box(corners + 4 * (isShared ? number / classes : number)) }
        // Numbers are row · classes + class.
        var order = ScratchList<Int>(host: host)
        for number in stride(from: kind, to: used * classes, by: classes)
        where values[number] > least && box(number).area > 0 { try order.append(number) }
        order.sort { values[$0] == values[$1] ? $0 < $1 : values[$0] > values[$1] }
        var kept = ScratchList<Int>(host: host)
        try order.withElements {
          try suppress($0, keeping: most, limit: limit, to: &kept, host: host, kernels: kernels, box: box)
        }
        try found.withLock { found in for index in 0..<kept.count { try found.append(kept[index]) } }
      }
      let best = found.withLock { $0 }
      best.sort { values[$0] == values[$1] ? $0 < $1 : values[$0] > values[$1] }
      let count = min(best.count, most)
      let boxes = call.output(0).data?.assumingMemoryBound(to: Float.self)
      let outScores = call.output(1).data?.assumingMemoryBound(to: Float.self)
      let kinds = call.output(2).data?.assumingMemoryBound(to: Int64.self)
      for row in 0..<most {
        let number = row < count ? best[row] : nil
        outScores?[row] = number.map { values[$0] } ?? -1
        kinds?[row] = number.map { Int64($0 % classes) } ?? -1
        for corner in 0..<4 {
          boxes?[4 * row + corner] =
            number.map { corners[4 * (isShared ? $0 / classes : $0) + corner] } ?? -1
        }
      }
      call.output(3).data?.assumingMemoryBound(to: Int64.self).pointee = Int64(count)
    }
  }
}
