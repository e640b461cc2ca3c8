import CStandardKernels
import PluginSupport
import ZooPlugin

/// The discrete Fourier transform of `count` complex numbers, as the sum of transforms of every p-th one, p being the
/// least factor of `count` (Cooley and Tukey 1965); in double precision, without the inverse's factor. Where a factor is
/// large, the whole is a convolution with a chirp instead (Bluestein 1970), by transforms of a power of two.
struct FourierTransform: Sendable {
  typealias Complex = (re: Double, im: Double)

  let count: Int
  /// The roots of unity.
  private let roots: Scratch<Complex>
  private let chirp: Chirp?

  /// Up to this factor a sum over it costs less than Bluestein's three transforms.
  private static let largestFactor = 61

  init(count: Int, inverse: Bool, host: ZooHost) throws {
    self.count = count
    if Self.greatestFactor(count) <= Self.largestFactor {
      roots = try Self.roots(count, host: host) { (inverse ? 2 : -2) * Double.pi * Double($0) / Double(count) }
      chirp = nil
    } else {
      roots = try host.scratch(0)
      chirp = try Chirp(count: count, inverse: inverse, host: host)
    }
  }

  /// e^(i·angle) for `count` angles.
  fileprivate static func roots(
    _ count: Int, host: ZooHost, _ angle: (Int) -> Double
  ) throws -> Scratch<Complex> {
    let roots = try host.scratch(count, of: Complex.self)
    for index in 0..<count {
      var (angle, re, im) = (angle(index), 0.0, 0.0)
      _ = zs_typed_unary(ElementType.float64.rawValue, ZS_COS.code, &angle, &re, 1, 0, 0)
      _ = zs_typed_unary(ElementType.float64.rawValue, ZS_SIN.code, &angle, &im, 1, 0, 0)
      roots[index] = (re, im)
    }
    return roots
  }

  /// Complex numbers of scratch that one transform at a time takes.
  var scratchCount: Int { chirp.map { 3 * $0.length } ?? count }

  /// Writes the transform of `x` to `y`, which is other memory.
  func apply(_ x: UnsafePointer<Complex>, to y: UnsafeMutablePointer<Complex>, _ scratch: UnsafeMutablePointer<Complex>)
  {
    if let chirp { return chirp.apply(x, to: y, scratch) }
    roots.withPointer { transform(x, step: 1, count: count, to: y, scratch, $0) }
  }

  private func transform(
    _ x: UnsafePointer<Complex>, step: Int, count: Int, to y: UnsafeMutablePointer<Complex>,
    _ scratch: UnsafeMutablePointer<Complex>, _ roots: UnsafePointer<Complex>
  ) {
    guard count > 1 else {
      if count == 1 { y[0] = x[0] }
      return
    }
    let factor = Self.leastFactor(count)
    let rest = count / factor
    // The parts' scratch is where the sum will be.
    for part in 0..<factor {
      transform(
        x + part * step, step: step * factor, count: rest, to: scratch + part * rest, y + part * rest, roots)
    }
    for index in 0..<count {
      var sum: Complex = (0, 0)
      for part in 0..<factor {
        // The root's exponent in units of the whole transform.
        let root = roots[part * index % count * step]
        let value = scratch[part * rest + index % rest]
        sum.re += value.re * root.re - value.im * root.im
        sum.im += value.re * root.im + value.im * root.re
      }
      y[index] = sum
    }
  }

  private static func leastFactor(_ number: Int) -> Int {
    var factor = 2
    while factor * factor <= number {
      if number % factor == 0 { return factor }
      factor += 1
    }
    return number
  }

  private static func greatestFactor(_ number: Int) -> Int {
    var (rest, greatest) = (number, 1)
    while rest > 1 {
      let factor = leastFactor(rest)
      greatest = max(greatest, factor)
      rest /= factor
    }
    return greatest
  }
}

/// Bluestein's convolution: k·j is (k² + j² - (k - j)²) / 2.
private struct Chirp: Sendable {
  typealias Complex = FourierTransform.Complex

  private let count: Int
  /// Of the transforms: a power of two of at least 2 · count - 1.
  let length: Int
  /// e^(∓πi·k²/n).
  private let factors: Scratch<Complex>
  /// The transform of the conjugate factors, forwards and backwards from 0, divided by `length`.
  private let filter: Scratch<Complex>
  // Boxed, as a transform can't hold one itself.
  private let forward, backward: Box

  private final class Box: Sendable {
    let transform: FourierTransform
    init(_ transform: FourierTransform) { self.transform = transform }
  }

  init(count: Int, inverse: Bool, host: ZooHost) throws {
    self.count = count
    var length = 1
    while length < 2 * count - 1 { length *= 2 }
    self.length = length
    factors = try FourierTransform.roots(count, host: host) { index in
      // k² only counts modulo 2n, and is exact so.
      let square = index.multipliedFullWidth(by: index)
      let rest = (2 * count).dividingFullWidth(square).remainder
      return (inverse ? 1 : -1) * Double.pi * Double(rest) / Double(count)
    }
    forward = Box(try FourierTransform(count: length, inverse: false, host: host))
    backward = Box(try FourierTransform(count: length, inverse: true, host: host))
    let (given, scratch) = (
      try host.scratch(repeating: (re: 0.0, im: 0.0), count: length), try host.scratch(length, of: Complex.self)
    )
    for index in 0..<count {
      let value = (re: factors[index].re / Double(length), im: -factors[index].im / Double(length))
      given[index] = value
      if index > 0 { given[length - index] = value }
    }
    filter = try host.scratch(length)
    given.withPointer { given in
      filter.withPointer { filter in scratch.withPointer { forward.transform.apply(given, to: filter, $0) } }
    }
  }

  func apply(_ x: UnsafePointer<Complex>, to y: UnsafeMutablePointer<Complex>, _ scratch: UnsafeMutablePointer<Complex>)
  {
    let (signal, spectrum, spare) = (scratch, scratch + length, scratch + 2 * length)
    signal.update(repeating: (0, 0), count: length)
    for index in 0..<count { signal[index] = product(x[index], factors[index]) }
    forward.transform.apply(signal, to: spectrum, spare)
    for index in 0..<length { spectrum[index] = product(spectrum[index], filter[index]) }
    backward.transform.apply(spectrum, to: signal, spare)
    for index in 0..<count { y[index] = product(signal[index], factors[index]) }
  }

  private func product(_ a: Complex, _ b: Complex) -> Complex {
    (a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
  }
}
