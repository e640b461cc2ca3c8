/// How integers and narrow floating-point numbers stand for others: (number - zero point) · scale, as ONNX's
/// DequantizeLinear has it.
package struct Quantization: Sendable {
  /// By position along `axis`; one alone serves all elements. With blocks, a scale for each block of each line along
  /// `axis`, in row-major order.
  package var scales: [Float]
  /// As many as there are scales; empty for zeros.
  package var zeroPoints: [Float]
  package var axis: Int
  /// Positions along `axis` that share a scale; 0 where no other axis tells scales apart.
  package var blockSize: Int

  package init(scales: [Float], zeroPoints: [Float] = [], axis: Int = 0, blockSize: Int = 0) {
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
    self.blockSize = blockSize
  }
}

/// Which scale and zero point each element of a tensor has.
struct ElementScales: Sendable {
  let given: Quantization
  private let scales: [Float]
  private let zeroPoints: [Float]
  /// Positions along the axis, and elements behind each.
  private let length, inner: Int
  /// Positions along the axis that share a scale; 0 where each has one of its own in all lines.
  private let blockSize: Int

  /// `nil` for a quantization that does not fit `shape`.
  init?(_ quantization: Quantization, shape: [Int]) {
    let (count, axis) = (quantization.scales.count, quantization.axis)
    given = quantization
    scales = quantization.scales
    zeroPoints =
      quantization.zeroPoints.isEmpty ? [Float](repeating: 0, count: count) : quantization.zeroPoints
    guard zeroPoints.count == count, quantization.blockSize >= 0 else { return nil }
    if count == 1 {
      (length, inner, blockSize) = (1, max(1, shape.reduce(1, *)), 0)
      return
    }
    guard shape.indices.contains(axis) else { return nil }
    length = max(1, shape[axis])
    inner = max(1, shape[(axis + 1)...].reduce(1, *))
    blockSize = quantization.blockSize
    let lines = blockSize == 0 ? 1 : shape[..<axis].reduce(inner, *)
    guard count == lines * (blockSize == 0 ? shape[axis] : blocks) else { return nil }
  }

  private var blocks: Int { blockSize == 0 ? length : (length - 1) / blockSize + 1 }

  /// Calls `body` for elements from number `first` on that have one scale, or, where `isRow`, one after another each.
  @inline(__always)
  func forEachRun(
    first: Int, count: Int,
    _ body: (
      _ elements: Range<Int>, _ scales: UnsafePointer<Float>, _ zeroPoints: UnsafePointer<Float>, _ isRow: Bool
    ) -> Void
  ) {
    scales.withUnsafeBufferPointer { scales in
      zeroPoints.withUnsafeBufferPointer { zeroPoints in
        guard let scales = scales.baseAddress, let zeroPoints = zeroPoints.baseAddress else { return }
        var index = 0
        while index < count {
          let run = run(at: first + index)
          let end = min(count, index + run.count)
          body(index..<end, scales + run.scale, zeroPoints + run.scale, run.isRow)
          index = end
        }
      }
    }
  }

  /// How many elements from one on have its scale, or the scales that follow it.
  private func run(at element: Int) -> (scale: Int, count: Int, isRow: Bool) {
    let (place, line) = (element / inner % length, element % inner)
    guard blockSize > 0 else {
      return inner == 1 ? (place, length - place, true) : (place, inner - line, false)
    }
    let scale = (element / (inner * length) * blocks + place / blockSize) * inner + line
    guard inner == 1 else { return (scale, inner - line, true) }
    return (scale, min(blockSize - place % blockSize, length - place), false)
  }
}
