import CStandardKernels
import PluginSupport

/// The discrete Fourier transform of `count` complex numbers, as the sum of transforms of every p-th one, p being the
/// least factor of `count` (Cooley and Tukey 1965); in double precision, without the inverse's factor.
struct FourierTransform: Sendable {
  typealias Complex = (re: Double, im: Double)

  let count: Int
  private let cosines: [Double]
  private let sines: [Double]

  init(count: Int, inverse: Bool) {
    self.count = count
    let angles = (0..<count).map { 2 * Double.pi * Double($0) / Double(count) * (inverse ? 1 : -1) }
    cosines = Self.each(ZS_COS.code, angles)
    sines = Self.each(ZS_SIN.code, angles)
  }

  private static func each(_ function: Int32, _ angles: [Double]) -> [Double] {
    var values = angles
    _ = zs_typed_unary(11, function, angles, &values, angles.count, 0, 0)
    return values
  }

  func callAsFunction(_ x: [Complex]) -> [Complex] { transform(x, first: 0, step: 1, count: count) }

  private func transform(_ x: [Complex], first: Int, step: Int, count: Int) -> [Complex] {
    if count <= 1 { return count == 1 ? [x[first]] : [] }
    let factor = Self.leastFactor(count)
    let rest = count / factor
    let parts = (0..<factor).map { transform(x, first: first + $0 * step, step: step * factor, count: rest) }
    return (0..<count).map { index in
      var sum: Complex = (0, 0)
      for part in 0..<factor {
        // The root's exponent in units of the whole transform.
        let place = part * index % count * step
        let (cosine, sine) = (cosines[place], sines[place])
        let value = parts[part][index % rest]
        sum.re += value.re * cosine - value.im * sine
        sum.im += value.re * sine + value.im * cosine
      }
      return sum
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
}
