import PluginSupport
import ZooPlugin

/// ONNX MaxRoiPool (Girshick 2015): the greatest value in each bin of regions of a feature map.
struct MaxRoiPool: Operator {
  let signature: Signature

  init(since: Int64) { signature = Signature("MaxRoiPool", since: since) }

  private func size(_ node: Node) throws -> (height: Int, width: Int) {
    guard let size = try node.attributes.ints("pooled_shape"), size.count == 2, size.allSatisfy({ 1...1 << 16 ~= $0 })
    else { throw OperatorError("attribute pooled_shape is missing, or not two numbers from 1 to \(1 << 16)") }
    return (size[0], size[1])
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let (height, width) = try size(node)
    let scale = try node.finite(
      "spatial_scale", 1, in: -Float.greatestFiniteMagnitude...Float.greatestFiniteMagnitude)
    guard try node.input(0).type == .float32 else { throw unsupported(try node.input(0).type) }
    return ClosureKernel { call in
      let x = call.input(0)
      guard let target = call.output(0).data?.assumingMemoryBound(to: Float.self) else { return }
      let regions = call.input(1).pointer(as: Float.self)
      let (channels, rows, columns) = (x[dimension: 1], x[dimension: 2], x[dimension: 3])
      try call.executor.parallelTry(call.input(1)[dimension: 0]) { index in
        let region = regions + 5 * index
        guard region[0] >= 0, region[0] < Float(x[dimension: 0]) else {
          throw OperatorError("region \(index) is of image \(region[0]), there are \(x[dimension: 0])")
        }
        let corners = try (1..<5).map { place -> Int in
          let value = (region[place] * scale).rounded(.toNearestOrAwayFromZero)
          guard abs(value) < 0x1p30 else { throw OperatorError("region \(index) has the coordinate \(value)") }
          return Int(value)
        }
        let (left, top) = (corners[0], corners[1])
        // Regions of no size become one pixel.
        let (regionWidth, regionHeight) = (max(corners[2] - left + 1, 1), max(corners[3] - top + 1, 1))
        func bin(_ place: Int, _ count: Int, _ start: Int, _ size: Int, _ extent: Int) -> Range<Int> {
          let first = min(max(start + place * size / count, 0), extent)
          return first..<max(min(max(start + ((place + 1) * size + count - 1) / count, 0), extent), first)
        }
        for channel in 0..<channels {
          let plane = x.pointer(as: Float.self) + (Int(region[0]) * channels + channel) * rows * columns
          let to = target + (index * channels + channel) * height * width
          for y in 0..<height {
            let across = bin(y, height, top, regionHeight, rows)
            for x in 0..<width {
              let down = bin(x, width, left, regionWidth, columns)
              var greatest: Float = across.isEmpty || down.isEmpty ? 0 : -.infinity
              for row in across {
                for column in down { greatest = max(greatest, plane[row * columns + column]) }
              }
              to[y * width + x] = greatest
            }
          }
        }
      }
    }
  }
}
