import ZooCore

/// By what angles heads are turned at a position (Su et al. 2021): position · frequency for each pair of numbers.
package struct RotaryAngles: Sendable, Hashable {
  package var frequencies: [Float]
  /// Frequencies that serve instead as soon as a position is `switchPosition` or more.
  package var longFrequencies: [Float]?
  package var switchPosition = 0
  /// What sines and cosines are multiplied by.
  package var factor: Float = 1

  package var pairs: Int { frequencies.count }

  /// How frequencies are changed for texts longer than those that a network was trained on.
  package enum Scaling: Sendable {
    case none
    /// Positions are divided (Chen et al. 2023).
    case linear(Float)
    /// Frequencies are divided, one by one.
    case divided([Float])
    /// As Llama 3 has it: low frequencies are divided, high ones stay, and what lies between is blended.
    case llama3(factor: Float, low: Float, high: Float, original: Int)
    /// Peng et al. 2023.
    case yarn(factor: Float, fast: Float, slow: Float, original: Int, attention: Float?, isTruncated: Bool)
    /// Ding et al. 2024: divisors for short and for long texts.
    case long(short: [Float], long: [Float], original: Int, attention: Float)
  }

  /// - Parameters:
  ///   - count: numbers of a head that are turned.
  /// - Throws: `ZooError` (`badData`) for numbers that make no sense.
  package init(count: Int, base: Float, _ scaling: Scaling = .none) throws {
    guard count > 0, count % 2 == 0, count <= 1 << 16, base > 0, base.isFinite else {
      throw ZooError(.badData, "\(count) numbers can't be turned by angles of the base \(base)")
    }
    let plain = (0..<count / 2).map { 1 / power(Double(base), Double(2 * $0) / Double(count)) }
    func divided(by divisors: [Float]) throws -> [Float] {
      guard divisors.count == plain.count, divisors.allSatisfy({ $0 > 0 && $0.isFinite }) else {
        throw ZooError(
          .badData, "\(divisors.count) divisors for \(plain.count) frequencies, or such as are not above 0")
      }
      return zip(plain, divisors).map { Float($0 / Double($1)) }
    }
    func check(_ numbers: Float...) throws {
      guard numbers.allSatisfy({ $0 > 0 && $0.isFinite }) else {
        throw ZooError(.badData, "the scaling of rotary positions has numbers that are not above 0")
      }
    }
    frequencies = plain.map { Float($0) }
    switch scaling {
    case .none: break
    case .linear(let factor):
      try check(factor)
      frequencies = plain.map { Float($0 / Double(factor)) }
    case .divided(let divisors): frequencies = try divided(by: divisors)
    case .llama3(let factor, let low, let high, let original):
      try check(factor, low, high - low, Float(original))
      frequencies = plain.map { Self.blended($0, Double(factor), Double(low), Double(high), Double(original)) }
    case .yarn(let factor, let fast, let slow, let original, let attention, let isTruncated):
      try check(factor, fast, slow, Float(original), base - 1)
      let share = Self.extrapolated(
        count: count, base: Double(base), fast: Double(fast), slow: Double(slow), original: Double(original),
        isTruncated: isTruncated)
      frequencies = zip(plain, share).map { Float($0 / Double(factor) * (1 - $1) + $0 * $1) }
      self.factor = attention ?? (factor <= 1 ? 1 : Float(0.1 * logarithm(Double(factor)) + 1))
    case .long(let short, let long, let original, let attention):
      try check(Float(original), attention)
      frequencies = try divided(by: short)
      longFrequencies = try divided(by: long)
      switchPosition = original
      self.factor = attention
    }
  }

  private static func blended(
    _ frequency: Double, _ factor: Double, _ low: Double, _ high: Double, _ original: Double
  ) -> Float {
    let length = 2 * Double.pi / frequency
    if length < original / high { return Float(frequency) }
    if length > original / low { return Float(frequency / factor) }
    let smooth = (original / length - low) / (high - low)
    return Float((1 - smooth) * frequency / factor + smooth * frequency)
  }

  /// How much of each frequency stays as it is.
  private static func extrapolated(
    count: Int, base: Double, fast: Double, slow: Double, original: Double, isTruncated: Bool
  ) -> [Double] {
    func place(_ turns: Double) -> Double {
      Double(count) * logarithm(original / (turns * 2 * .pi)) / (2 * logarithm(base))
    }
    var (low, high) = (place(fast), place(slow))
    if isTruncated { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    (low, high) = (max(low, 0), min(high, Double(count - 1)))
    if low == high { high += 0.001 }
    return (0..<count / 2).map { 1 - min(max((Double($0) - low) / (high - low), 0), 1) }
  }
}

private func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
func logarithm(_ number: Double) -> Double { log(number) }

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
