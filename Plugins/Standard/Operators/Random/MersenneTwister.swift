/// Random numbers as NumPy's RandomState draws them from a seed (MT19937, Matsumoto and Nishimura 1998), so that a mask
/// is the one that ONNX's reference makes of the same seed.
struct MersenneTwister {
  private static let length = 624
  private static let shift = 397

  private var state: [UInt32]
  private var place = MersenneTwister.length

  init(seed: UInt32) {
    var seed = seed
    state = (0..<UInt32(Self.length)).map { index in
      defer { seed = 1_812_433_253 &* (seed ^ seed >> 30) &+ index &+ 1 }
      return seed
    }
  }

  private mutating func next() -> UInt32 {
    if place == Self.length { turn() }
    var bits = state[place]
    place += 1
    bits ^= bits >> 11
    bits ^= bits << 7 & 0x9d2c_5680
    bits ^= bits << 15 & 0xefc6_0000
    return bits ^ bits >> 18
  }

  private mutating func turn() {
    for index in 0..<Self.length {
      let joined = state[index] & 0x8000_0000 | state[(index + 1) % Self.length] & 0x7fff_ffff
      state[index] = state[(index + Self.shift) % Self.length] ^ joined >> 1 ^ (joined & 1) &* 0x9908_b0df
    }
    place = 0
  }

  /// Evenly from 0 up to 1.
  mutating func uniform() -> Double {
    let (high, low) = (next() >> 5, next() >> 6)
    return (Double(high) * 0x1p26 + Double(low)) * 0x1p-53
  }
}
