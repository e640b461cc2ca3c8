import CStandardKernels
import PluginSupport
import ZooPlugin

/// Random numbers from a seed: xoshiro256** (Blackman and Vigna 2018), its state from SplitMix64.
struct RandomNumbers: RandomNumberGenerator {
  private var state: (UInt64, UInt64, UInt64, UInt64)
  private var second: Double?

  /// - Parameter seed: ONNX's attribute; `nil` for numbers that nobody can foretell.
  init(seed: Float?) {
    var x = seed.map { UInt64($0.bitPattern) } ?? UInt64.random(in: .min ... .max)
    func next() -> UInt64 {
      x &+= 0x9E37_79B9_7F4A_7C15
      var z = x
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    state = (next(), next(), next(), next())
  }

  mutating func next() -> UInt64 {
    func turned(_ value: UInt64, _ bits: UInt64) -> UInt64 { value << bits | value >> (64 - bits) }
    let result = turned(state.1 &* 5, 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = turned(state.3, 45)
    return result
  }

  /// Evenly from 0 up to 1.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// With mean 0 and deviation 1, by the polar method (Marsaglia and Bray 1964).
  mutating func normal() -> Double {
    if let second {
      self.second = nil
      return second
    }
    while true {
      let (x, y) = (2 * uniform() - 1, 2 * uniform() - 1)
      var square = x * x + y * y
      guard square > 0, square < 1 else { continue }
      var logarithm = 0.0
      _ = zs_typed_unary(ElementType.float64.rawValue, ZS_LOG.code, &square, &logarithm, 1, 0, 0)
      let factor = (-2 * logarithm / square).squareRoot()
      second = y * factor
      return x * factor
    }
  }
}

/// RandomNormal, RandomUniform and their forms with the shape of an input.
func randomOperator(
  _ name: String, _ draw: @escaping @Sendable (Node) throws -> (@Sendable (inout RandomNumbers) -> Double)
) -> any Operator {
  ShapedOperator(name) { node in
    let seed = try node.attributes.float("seed")
    let number = try draw(node)
    return ShapedOperator.Form(
      compute: { _, outputs in
        guard outputs.isWritable(0) else { return }
        var numbers = RandomNumbers(seed: seed)
        try outputs.writeEach { _ in number(&numbers) }
      })
  }
}

/// `mean` and `scale` of a node, or `low` and `high`.
func normalDistribution(_ node: Node) throws -> @Sendable (inout RandomNumbers) -> Double {
  let mean = Double(try node.attributes.float("mean") ?? 0)
  let scale = Double(try node.attributes.float("scale") ?? 1)
  return { mean + scale * $0.normal() }
}

func uniformDistribution(_ node: Node) throws -> @Sendable (inout RandomNumbers) -> Double {
  let low = Double(try node.attributes.float("low") ?? 0)
  let high = Double(try node.attributes.float("high") ?? 1)
  return { low + (high - low) * $0.uniform() }
}
