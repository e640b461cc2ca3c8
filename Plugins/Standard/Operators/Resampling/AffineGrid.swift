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
          let matrices = try theta.doubles()
          let shape = outputs.shape(0)
          let axes = shape[shape.count - 1]
          let extents = Array(shape[1...axes])
          let points = extents.reduce(1, *)
          var position = [Double](repeating: 0, count: axes)
          try outputs.writeEach { index in
            let (image, point, row) = (index / axes / points, index / axes % points, index % axes)
            if row == 0 { place(point, in: extents, alignsCorners, &position) }
            let line = (image * axes + row) * (axes + 1)
            return (0..<axes).reduce(matrices[line + axes]) { $0 + matrices[line + $1] * position[$1] }
          }
        })
    }
  }
}

/// Writes the coordinates of a position, each from -1 to 1; the first is that of the last axis.
private func place(_ point: Int, in extents: [Int], _ alignsCorners: Bool, _ position: inout [Double]) {
  var rest = point
  for axis in extents.indices.reversed() {
    let (place, extent) = (Double(rest % extents[axis]), Double(extents[axis]))
    rest /= extents[axis]
    position[extents.count - 1 - axis] =
      alignsCorners ? (extent > 1 ? 2 * place / (extent - 1) - 1 : 0) : (2 * place + 1) / extent - 1
  }
}
