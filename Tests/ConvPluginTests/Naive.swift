/// Convolution and pooling as their definitions read, in double precision; the tests' reference.
struct Naive {
  var input: [Int]
  var kernel: [Int]
  var strides: [Int]
  var dilations: [Int]
  var padBegin: [Int]
  var padEnd: [Int]

  var output: [Int] {
    input.indices.map {
      (input[$0] + padBegin[$0] + padEnd[$0] - (kernel[$0] - 1) * dilations[$0] - 1) / strides[$0] + 1
    }
  }

  /// Calls `body` with each tap inside the input and the flat index of the element it reads, for one output position.
  func forTaps(of flat: Int, _ body: (_ tap: Int, _ element: Int) -> Void) {
    let place = Self.unflatten(flat, output)
    for tap in 0..<kernel.reduce(1, *) {
      let offsets = Self.unflatten(tap, kernel)
      var element = 0
      var inside = true
      for axis in input.indices {
        let at = place[axis] * strides[axis] - padBegin[axis] + offsets[axis] * dilations[axis]
        inside = inside && at >= 0 && at < input[axis]
        element = element * input[axis] + at
      }
      if inside { body(tap, element) }
    }
  }

  private static func unflatten(_ flat: Int, _ extents: [Int]) -> [Int] {
    var rest = flat
    return Array(
      extents.reversed().map { extent in
        defer { rest /= extent }
        return rest % extent
      }.reversed())
  }

  func convolve(
    _ values: [Float], _ weights: [Float], _ bias: [Float]?, batch: Int, groups: Int, inputChannels: Int,
    outputChannels: Int
  ) -> [Double] {
    let (plane, taps, outputs) = (input.reduce(1, *), kernel.reduce(1, *), output.reduce(1, *))
    var result: [Double] = []
    for image in 0..<batch {
      for channel in 0..<groups * outputChannels {
        let first = (image * groups + channel / outputChannels) * inputChannels
        for position in 0..<outputs {
          var sum = Double(bias?[channel] ?? 0)
          forTaps(of: position) { tap, element in
            for c in 0..<inputChannels {
              sum +=
                Double(values[(first + c) * plane + element])
                * Double(weights[(channel * inputChannels + c) * taps + tap])
            }
          }
          result.append(sum)
        }
      }
    }
    return result
  }
}

/// A small deterministic generator (splitmix64).
struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }

  mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -1...1, using: &self) } }
  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
}
