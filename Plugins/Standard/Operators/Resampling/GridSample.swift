import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX GridSample (Jaderberg et al. 2015): samples of an image where a grid says, its coordinates from -1 to 1.
  static func gridSample(_ host: ZooHost) -> any Operator {
    ShapedOperator("GridSample", since: 16) { node in
      let settings = try GridSettings(node)
      let (x, grid) = (try node.input(0), try node.input(1))
      guard x.rank <= 5 else {
        throw OperatorError("\(x.rank - 2) axes are not supported, only 1 to 3", kind: .unsupported)
      }
      guard grid.type == x.type else {
        throw OperatorError("the image is \(x.type.name), the grid \(grid.type.name)", kind: .unsupported)
      }
      return ShapedOperator.Form(
        compute: { inputs, outputs in
          let (x, grid) = (try inputs[0], try inputs[1])
          guard outputs.isWritable(0) else { return }
          guard x.count > 0 else { throw OperatorError("an image of shape \(x.shape) has nothing to sample") }
          if x.type == .float32 {
            sample(x, grid, settings, to: outputs.pointer(0, as: Float.self), outputs)
          } else {
            sample(x, grid, settings, to: outputs.pointer(0, as: Double.self), outputs)
          }
        })
    }
  }
}

private struct GridSettings: Sendable {
  enum Mode: Sendable { case nearest, linear, cubic }
  enum Padding: String, Sendable { case zeros, border, reflection }

  let mode: Mode
  let padding: Padding
  let alignsCorners: Bool

  init(_ node: Node) throws {
    switch try node.attributes.string("mode") ?? "linear" {
    case "linear", "bilinear": mode = .linear
    case "cubic", "bicubic": mode = .cubic
    case "nearest": mode = .nearest
    case let other: throw OperatorError("the mode \"\(other)\" is unknown")
    }
    let name = try node.attributes.string("padding_mode") ?? "zeros"
    guard let padding = Padding(rawValue: name) else { throw OperatorError("the padding_mode \"\(name)\" is unknown") }
    self.padding = padding
    alignsCorners = try node.attributes.int("align_corners") ?? 0 != 0
  }

  /// Samples of one axis around the coordinate `value`: places (-1 for none) with weights, `count` of them.
  func taps(_ value: Double, extent: Int, to places: UnsafeMutablePointer<Int>, _ weights: UnsafeMutablePointer<Double>)
    -> Int
  {
    let last = Double(extent - 1)
    var x = alignsCorners ? (value + 1) / 2 * last : ((value + 1) * Double(extent) - 1) / 2
    if mode == .nearest { x = x.rounded(.toNearestOrEven) }
    let (low, high) = alignsCorners ? (0, last) : (-0.5, last + 0.5)
    // Of a cubic's four samples each is moved by itself, as PyTorch does.
    switch padding {
    case .border where mode != .cubic: x = min(max(x, 0), last)
    case .reflection where mode != .cubic: x = reflected(x, low, high)
    default: break
    }
    // What is no number is nowhere.
    if !(abs(x) < 0x1p52) { x = -16 }
    let base = Int(x.rounded(.down))
    let r = x - x.rounded(.down)
    let first: Int
    switch mode {
    case .nearest:
      first = base
      weights[0] = 1
    case .linear:
      first = base
      (weights[0], weights[1]) = (1 - r, r)
    case .cubic:
      first = base - 1
      for index in 0..<4 { weights[index] = Self.cubic(abs(r + 1 - Double(index))) }
    }
    let count = mode == .nearest ? 1 : mode == .linear ? 2 : 4
    for index in 0..<count {
      let place = first + index
      if place >= 0, place < extent {
        places[index] = place
      } else {
        switch padding {
        case .zeros: places[index] = -1
        case .border: places[index] = min(max(place, 0), extent - 1)
        case .reflection: places[index] = min(max(Int(reflected(Double(place), low, high)), 0), extent - 1)
        }
      }
    }
    return count
  }

  /// Keys 1981 with a = -0.75.
  private static func cubic(_ x: Double) -> Double {
    let a = -0.75
    return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }

  private func reflected(_ x: Double, _ low: Double, _ high: Double) -> Double {
    let range = high - low
    guard range > 0 else { return low }
    guard x < low || x > high else { return x }
    let distance = x < low ? low - x : x - high
    let turns = (distance / range).rounded(.towardZero)
    let rest = distance - turns * range
    let isEven = turns.truncatingRemainder(dividingBy: 2) == 0
    return (x < low) == isEven ? low + rest : high - rest
  }
}

private func sample<Number: BinaryFloatingPoint>(
  _ x: TensorView, _ grid: TensorView, _ settings: GridSettings, to target: UnsafeMutablePointer<Number>,
  _ outputs: Outputs
) {
  let axes = x.rank - 2
  let extents = Array(x.shape[2...])
  let strides = rowMajorStrides(extents)
  let (channels, plane) = (x[dimension: 1], extents.reduce(1, *))
  let points = outputs.shape(0)[2...].reduce(1, *)
  let (source, coordinates) = (x.pointer(as: Number.self), grid.pointer(as: Number.self))
  outputs.executor.parallelRanges(x[dimension: 0] * points, grain: max(1, 1024 / channels)) { range in
    var places = [Int](repeating: 0, count: 4)
    var weights = [Double](repeating: 0, count: 4)
    var offsets: [Int] = []
    var products: [Number] = []
    for index in range {
      let (image, point) = (index / points, index % points)
      (offsets, products) = ([0], [1])
      for axis in 0..<axes {
        // The first coordinate is that of the last axis.
        let value = Double(coordinates[index * axes + axes - 1 - axis])
        let count = settings.taps(value, extent: extents[axis], to: &places, &weights)
        var (nextOffsets, nextProducts): ([Int], [Number]) = ([], [])
        for (offset, product) in zip(offsets, products) {
          for tap in 0..<count where places[tap] >= 0 {
            nextOffsets.append(offset + places[tap] * strides[axis])
            nextProducts.append(product * Number(weights[tap]))
          }
        }
        (offsets, products) = (nextOffsets, nextProducts)
      }
      for channel in 0..<channels {
        let values = source + (image * channels + channel) * plane
        var sum: Number = 0
        for tap in offsets.indices { sum += products[tap] * values[offsets[tap]] }
        target[(image * channels + channel) * points + point] = sum
      }
    }
  }
}
