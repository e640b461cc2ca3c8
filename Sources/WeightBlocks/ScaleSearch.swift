/// Scales of blocks, of which several are tried: for the integers that each gives, least squares say which scale is best, and
/// the one with the smallest weighted error stays. Large numbers weigh more, as they matter more to a product.
enum ScaleSearch {
  typealias Lane = SIMD8<Float>

  /// The nearest integer of each, ties to even; for magnitudes below 2²².
  @inline(__always)
  static func rounded(_ lane: Lane) -> Lane {
    let magic = Lane(repeating: 0x1.8p23)
    return (lane + magic) - magic
  }

  @inline(__always)
  static func clamped(_ lane: Lane, _ least: Float, _ greatest: Float) -> Lane {
    let lane = lane.replacing(with: least, where: lane .< least)
    return lane.replacing(with: greatest, where: lane .> greatest)
  }

  @inline(__always)
  private static func magnitude(_ lane: Lane) -> Lane { lane.replacing(with: -lane, where: lane .< 0) }

  // MARK: Integers from 0, and an offset

  /// Sums of a part's numbers x, times their weights: of 1 and x.
  private struct Part {
    let numbers: UnsafePointer<Lane>
    let lanes: Int
    let least, greatest: Float
    /// A number's weight is this and its magnitude.
    private let deviation: Float
    private var (weights, values): (Float, Float) = (0, 0)

    init(_ numbers: UnsafePointer<Lane>, _ lanes: Int) {
      (self.numbers, self.lanes) = (numbers, lanes)
      var (least, greatest, squares) = (numbers[0], numbers[0], Lane.zero)
      for index in 0..<lanes {
        let x = numbers[index]
        least = least.replacing(with: x, where: x .< least)
        greatest = greatest.replacing(with: x, where: x .> greatest)
        squares += x * x
      }
      // Offsets are subtracted, and none is below zero.
      (self.least, self.greatest) = (min(least.min(), 0), greatest.max())
      deviation = (squares.sum() / Float(8 * lanes)).squareRoot()
      var (weightSum, valueSum) = (Lane.zero, Lane.zero)
      for index in 0..<lanes {
        let weight = weight(numbers[index])
        weightSum += weight
        valueSum += weight * numbers[index]
      }
      (weights, values) = (weightSum.sum(), valueSum.sum())
    }

    @inline(__always)
    func weight(_ x: Lane) -> Lane { ScaleSearch.magnitude(x) + deviation }

    @inline(__always)
    func integers(_ x: Lane, _ factor: Float, _ top: Float) -> Lane {
      ScaleSearch.clamped(ScaleSearch.rounded((x - least) * factor), 0, top)
    }

    /// The scale and the offset that fit the integers which `factor` gives best.
    func fit(_ factor: Float, top: Float) -> (scale: Float, offset: Float)? {
      var (sums, squares, products) = (Lane.zero, Lane.zero, Lane.zero)
      for index in 0..<lanes {
        let x = numbers[index]
        let (q, w) = (integers(x, factor, top), weight(x))
        sums += w * q
        squares += w * q * q
        products += w * q * x
      }
      let (q, qq, qx) = (sums.sum(), squares.sum(), products.sum())
      let determinant = weights * qq - q * q
      guard determinant > 0 else { return nil }
      let scale = (weights * qx - values * q) / determinant
      let offset = (q * qx - qq * values) / determinant
      if offset >= 0 { return (scale, offset) }
      return qq > 0 ? (qx / qq, 0) : nil
    }

    func error(_ factor: Float, top: Float, scale: Float, offset: Float) -> Float {
      var errors = Lane.zero
      for index in 0..<lanes {
        let x = numbers[index]
        let difference = integers(x, factor, top) * scale - offset - x
        errors += weight(x) * difference * difference
      }
      return errors.sum()
    }
  }

  /// The scale and the offset, none below zero, for which scale · q - offset is near the numbers, with integers q from 0 to
  /// `top`.
  static func affine(_ numbers: UnsafePointer<Lane>, _ lanes: Int, top: Float) -> (scale: Float, offset: Float) {
    let part = Part(numbers, lanes)
    let range = part.greatest - part.least
    guard range > 0 else { return (0, -part.least) }
    var best = (scale: range / top, offset: -part.least)
    var leastError = part.error(top / range, top: top, scale: best.scale, offset: best.offset)
    for step in -10...10 {
      let factor = (top + 0.1 * Float(step)) / range
      guard let found = part.fit(factor, top: top), found.scale > 0 else { continue }
      let error = part.error(factor, top: top, scale: found.scale, offset: found.offset)
      if error < leastError { (leastError, best) = (error, found) }
    }
    return best
  }

  // MARK: Levels on both sides of zero

  /// The scale for which the levels near the numbers / scale, times the scale, are nearest to them; of either sign.
  ///
  /// - Parameters:
  ///   - ends: The least and the greatest level, on either of which the number of the largest magnitude comes to lie.
  ///   - steps: By how many times `step` it is tried beside these.
  ///   - level: The level that is nearest.
  @inline(__always)
  static func symmetric(
    _ numbers: UnsafePointer<Lane>, _ lanes: Int, ends: (Float, Float), steps: ClosedRange<Int>, step: Float,
    _ level: (Lane) -> Lane
  ) -> Float {
    var extreme: Float = 0
    for index in 0..<lanes {
      for place in 0..<8 where numbers[index][place].magnitude > extreme.magnitude { extreme = numbers[index][place] }
    }
    // One over smaller ones is no number of float32's.
    guard extreme.magnitude > 1e-35 else { return 0 }
    // In units of the largest, so that nothing vanishes.
    var sum = Lane.zero
    for index in 0..<lanes { sum += numbers[index] / extreme * (numbers[index] / extreme) }
    let deviation = (sum.sum() / Float(8 * lanes)).squareRoot()
    var (best, greatest): (Float, Float) = (0, 0)
    for end in [ends.0, ends.1] {
      for number in steps {
        let factor = (end + step * Float(number)) / extreme
        var (squares, products) = (Lane.zero, Lane.zero)
        for index in 0..<lanes {
          let x = numbers[index] / extreme
          let (q, w) = (level(numbers[index] * factor), magnitude(x) + deviation)
          squares += w * q * q
          products += w * x * q
        }
        let (qq, qx) = (squares.sum(), products.sum())
        // What is left of Σ w (x - s q)², with the best s, is Σ w x² - (Σ w x q)² / Σ w q².
        guard qq > 0, qx * qx > greatest * qq else { continue }
        (greatest, best) = (qx * qx / qq, qx / qq * extreme)
      }
    }
    return best
  }
}
