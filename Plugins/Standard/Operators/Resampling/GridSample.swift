import CStandardKernels
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
          guard x.shape[2...].reduce(1, *) <= Int32.max else {
            throw OperatorError("an image of \(x.shape) is too large", kind: .unsupported)
          }
          if x.type == .float32 {
            try Sampling(x, grid, settings).run(to: outputs.pointer(0, as: Float.self), outputs)
          } else {
            try Sampling(x, grid, settings).run(to: outputs.pointer(0, as: Double.self), outputs)
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

  /// Places along one axis that a sample has at most.
  var tapCount: Int {
    switch mode {
    case .nearest: 1
    case .linear: 2
    case .cubic: 4
    }
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
    // Not `rounded`, which is a call on processors that may lack it.
    let whole = Int(x)
    let base = Double(whole) > x ? whole - 1 : whole
    let r = x - Double(base)
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
    for index in 0..<tapCount {
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
    return tapCount
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

/// Samples of all images, some points at a time: where they lie first, then for each channel what lies there.
private struct Sampling<Number: BinaryFloatingPoint & StoredNumber> {
  private let settings: GridSettings
  private let extents, strides: [Int]
  private let images, channels, plane, taps: Int
  private let host: ZooHost
  private let source, coordinates: UnsafeMutablePointer<Number>

  private static var pointCount: Int { 256 }

  init(_ x: TensorView, _ grid: TensorView, _ settings: GridSettings) {
    self.settings = settings
    extents = Array(x.shape[2...])
    strides = rowMajorStrides(extents)
    (images, channels, plane) = (x[dimension: 0], x[dimension: 1], extents.reduce(1, *))
    taps = extents.reduce(1) { count, _ in count * settings.tapCount }
    host = x.host
    (source, coordinates) = (x.pointer(), grid.pointer())
  }

  /// The points of one worker at a time: where each one's places begin, these, and their weights.
  private struct Points {
    let starts, places: UnsafeMutablePointer<Int32>
    let weights: UnsafeMutablePointer<Number>
  }

  func run(to target: UnsafeMutablePointer<Number>, _ outputs: Outputs) throws {
    let points = outputs.shape(0)[2...].reduce(1, *)
    let pieces = (points + Self.pointCount - 1) / Self.pointCount
    let workers = outputs.executor.workerCount
    let room = Self.pointCount * taps
    let places = try host.scratch(workers * (Self.pointCount + 1 + room), of: Int32.self)
    let weights = try host.scratch(workers * room, of: Number.self)
    places.withPointer { places in
      weights.withPointer { weights in
        outputs.executor.parallelFor(images * pieces) { index, worker in
          let starts = places + worker * (Self.pointCount + 1 + room)
          let own = Points(
            starts: starts, places: starts + Self.pointCount + 1, weights: weights + worker * room)
          let (image, first) = (index / pieces, index % pieces * Self.pointCount)
          let count = min(Self.pointCount, points - first)
          find(own, coordinates + (image * points + first) * extents.count, count)
          for channel in image * channels..<(image + 1) * channels {
            zs_pick(
              Number.elementType.rawValue, source + channel * plane, own.starts, own.places, own.weights, count,
              target + channel * points + first)
          }
        }
      }
    }
  }

  /// The places around `count` points whose coordinates are given, the first that of the last axis.
  private func find(_ points: Points, _ coordinates: UnsafePointer<Number>, _ count: Int) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 4) { near in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 4) { shares in
        guard let near = near.baseAddress, let shares = shares.baseAddress else { return }
        points.starts[0] = 0
        for point in 0..<count {
          let begin = Int(points.starts[point])
          let (places, weights) = (points.places + begin, points.weights + begin)
          (places[0], weights[0]) = (0, 1)
          var found = 1
          for axis in extents.indices {
            let value = Double(coordinates[point * extents.count + extents.count - 1 - axis])
            let taps = settings.taps(value, extent: extents[axis], to: near, shares)
            found = multiply(found, taps, stride: strides[axis], near, shares, places, weights)
          }
          points.starts[point + 1] = Int32(begin + found)
        }
      }
    }
  }

  /// Replaces each of `found` places by those that it has along one more axis, from the last on, so that none is overwritten
  /// before it was read.
  private func multiply(
    _ found: Int, _ taps: Int, stride: Int, _ near: UnsafeMutablePointer<Int>, _ shares: UnsafeMutablePointer<Double>,
    _ places: UnsafeMutablePointer<Int32>, _ weights: UnsafeMutablePointer<Number>
  ) -> Int {
    var inside = 0
    for tap in 0..<taps where near[tap] >= 0 {
      (near[inside], shares[inside]) = (near[tap], shares[tap])
      inside += 1
    }
    for index in (0..<found).reversed() {
      let (place, weight) = (places[index], weights[index])
      for tap in 0..<inside {
        places[index * inside + tap] = place + Int32(near[tap] * stride)
        weights[index * inside + tap] = weight * Number(shares[tap])
      }
    }
    return found * inside
  }
}
