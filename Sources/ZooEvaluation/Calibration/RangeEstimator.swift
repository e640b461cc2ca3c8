/// Finds between which numbers a value's elements are worth 8 bits: a histogram, and of it the range that loses the
/// least, in squares, when what lies inside is rounded to 256 steps and what lies outside is clamped.
///
/// Choosing the range by mean squared error: Banner, Nahshan and Soudry 2019, "Post training 4-bit quantization".
struct RangeEstimator {
  /// Bins on each side of zero.
  private static let half = 2048
  /// The narrowest range that is tried, as a share of the whole, and how finely.
  private static let tried = (narrowest: 0.2, steps: 64)

  /// The least and the greatest element.
  private(set) var least = Float.infinity
  private(set) var greatest = -Float.infinity
  /// Whether there was an element that is not finite.
  private(set) var isBroken = false
  /// How many elements lie in each piece of -limit…limit; zeros, which 8 bits hold exactly, are left out.
  private var bins = [Double](repeating: 0, count: 2 * half)
  private var limit: Float = 0

  mutating func add(_ elements: UnsafeBufferPointer<Float>) {
    var (low, high) = (Float.infinity, -Float.infinity)
    var sum: Float = 0
    for element in elements {
      low = element < low ? element : low
      high = element > high ? element : high
      // NaN and infinities stay in a sum of differences.
      sum += element - element
    }
    guard sum == 0 else {
      isBroken = true
      return
    }
    guard low <= high else { return }
    (least, greatest) = (min(least, low), max(greatest, high))
    // So that the number of bins by it is finite.
    let top = max(-low, high, 1e-30)
    if limit == 0 { limit = top }
    while top > limit { widen() }
    let scale = Float(Self.half) / limit
    bins.withUnsafeMutableBufferPointer { bins in
      for element in elements where element != 0 {
        let place = Int((element * scale).rounded(.down)) + Self.half
        bins[min(max(place, 0), 2 * Self.half - 1)] += 1
      }
    }
  }

  /// Doubles the limit: two bins become one.
  private mutating func widen() {
    var wider = [Double](repeating: 0, count: bins.count)
    for (index, count) in bins.enumerated() { wider[Self.half / 2 + index / 2] += count }
    bins = wider
    // The largest numbers have no double; the last bins then hold what lies beyond.
    limit = min(limit * 2, .greatestFiniteMagnitude)
  }

  /// The range; `nil` where no element was seen.
  var range: ClosedRange<Float>? {
    guard least <= greatest else { return nil }
    // 8 bits always hold zero.
    var (low, high) = (Double(min(least, 0)), Double(max(greatest, 0)))
    guard high > low else { return least...greatest }
    let whole = (low, high)
    for _ in 0..<2 {
      if whole.1 > 0 { high = best(whole.1) { squaredError(low, $0) } }
      if whole.0 < 0 { low = best(whole.0) { squaredError($0, high) } }
    }
    return Float(low)...Float(high)
  }

  private func best(_ whole: Double, _ error: (Double) -> Double) -> Double {
    var (chosen, smallest) = (whole, error(whole))
    for step in 1...Self.tried.steps {
      let candidate = whole * (1 - (1 - Self.tried.narrowest) * Double(step) / Double(Self.tried.steps))
      let found = error(candidate)
      if found < smallest { (chosen, smallest) = (candidate, found) }
    }
    return chosen
  }

  /// What all elements together lose between `low` and `high`.
  private func squaredError(_ low: Double, _ high: Double) -> Double {
    let step = (high - low) / 255
    let width = Double(limit) / Double(Self.half)
    var error = 0.0
    for (index, count) in bins.enumerated() where count > 0 {
      let middle = (Double(index - Self.half) + 0.5) * width
      let outside = max(low - middle, middle - high, 0)
      error += count * (outside > 0 ? outside * outside : step * step / 12)
    }
    return error
  }
}
