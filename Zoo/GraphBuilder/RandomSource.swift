import ZooCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Weights drawn from the seed and the tensor's name, so that they don't depend on the order of loading.
struct RandomSource: TensorSource {
  let seed: UInt64
  let name: String
  let role: Parameters.Role

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) {
    let values = bytes.bindMemory(to: Float.self)
    switch role {
    case .scale: values.update(repeating: 1)
    case .shift: values.update(repeating: 0)
    case .weight:
      let inputs = max(shape.dropFirst().reduce(1, *), 1)
      let deviation = (2 / Double(inputs)).squareRoot()
      var generator = SplitMix64(state: name.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 })
      for index in values.indices { values[index] = Float(generator.normal() * deviation) }
    }
  }
}

/// Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number Generators".
private struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Uniform in (0, 1].
  mutating func uniform() -> Double { (Double(next() >> 11) + 1) * 0x1p-53 }

  /// Standard normal (Box and Muller 1958).
  mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
}
