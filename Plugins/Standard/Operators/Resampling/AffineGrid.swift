import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX AffineGrid: the grid of an image's positions, turned by a matrix for each image; what GridSample takes.
  static func affineGrid(_ host: ZooHost) -> any Operator {
    ShapedOperator("AffineGrid", since: 20) { node in
      let alignsCorners = try node.attributes.int("align_corners") ?? 0 != 0
      return ShapedOperator.Form(
        shapes: { inputs in
          let (theta, size) = (try inputs[0], try inputs.ints(1))
          guard size.count == theta[dimension: 1] + 2, size[0] == theta[dimension: 0], size.allSatisfy({ $0 >= 0 })
          else { throw OperatorError("the size \(size) doesn't fit matrices of shape \(theta.shape)") }
          return [[size[0]] + size[2...] + [theta[dimension: 1]]]
        },
        compute: { inputs, outputs in
          let theta = try inputs[0]
          guard outputs.isWritable(0) else { return }
          let grid = Grid(shape: outputs.shape(0), alignsCorners: alignsCorners)
          try theta.doubles().withPointer { matrices in
            if theta.type == .float32 {
              grid.write(matrices, to: outputs.pointer(0, as: Float.self), outputs.executor)
            } else {
              let values = try theta.host.scratch(outputs.shape(0).reduce(1, *), of: Double.self)
              values.withPointer { grid.write(matrices, to: $0, outputs.executor) }
              try store(values, to: outputs.data(0), as: theta.type)
            }
          }
        })
    }
  }
}

/// A grid of the shape [images, …, axes].
private struct Grid {
  private let axes, images: Int
  private let extents: [Int]
  private let alignsCorners: Bool

  init(shape: [Int], alignsCorners: Bool) {
    (images, axes) = (shape[0], shape[shape.count - 1])
    (extents, self.alignsCorners) = (Array(shape[1...axes]), alignsCorners)
  }

  /// The coordinates, each from -1 to 1, of rows of points; the first is that of the last axis.
  func write<Number: BinaryFloatingPoint>(
    _ matrices: UnsafePointer<Double>, to target: UnsafeMutablePointer<Number>, _ executor: Executor
  ) {
    let (width, rows) = (extents[axes - 1], extents.dropLast().reduce(1, *))
    executor.parallelRanges(images * rows, grain: max(1, 4096 / max(1, width * axes))) { range in
      for row in range {
        let matrix = matrices + row / rows * axes * (axes + 1)
        let line = target + row * width * axes
        for coordinate in 0..<axes {
          // What is the same along the row, and what a step along it adds.
          let factors = matrix + coordinate * (axes + 1)
          var (base, rest) = (factors[axes], row % rows)
          for axis in (0..<axes - 1).reversed() {
            base += factors[axes - 1 - axis] * position(rest % extents[axis], of: extents[axis])
            rest /= extents[axis]
          }
          for point in 0..<width {
            line[point * axes + coordinate] = Number(base + factors[0] * position(point, of: width))
          }
        }
      }
    }
  }

  private func position(_ place: Int, of extent: Int) -> Double {
    let (place, extent) = (Double(place), Double(extent))
    return alignsCorners ? (extent > 1 ? 2 * place / (extent - 1) - 1 : 0) : (2 * place + 1) / extent - 1
  }
}
