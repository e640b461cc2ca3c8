import CConvKernels
import Testing

/// What int8 promises beside being close: edge cases of ranges, and independence of what else is computed.
@Suite struct NarrowTests {
  /// A convolution of two images by `kernel`×`kernel` windows, 20 channels to 24, with a bias.
  private static func scene(kernel: Int, isPositive: Bool = false) -> Scene {
    var generator = Generator(state: UInt64(kernel))
    var scene = Scene(algorithm: CONV_IN_INT8, using: &generator)
    scene.window = Naive(
      input: [1, 7, 9], kernel: [1, kernel, kernel], strides: [1, 1, 1], dilations: [1, 1, 1],
      padBegin: [0, kernel / 2, kernel / 2], padEnd: [0, kernel / 2, kernel / 2])
    (scene.batch, scene.groups, scene.inputChannels, scene.outputChannels) = (2, 1, 20, 24)
    scene.epilogue = conv_epilogue(
      activation: Int32(ZS_IDENTITY.rawValue), residual: Int32(CONV_RESIDUAL_NONE), a: 0, b: 0)
    scene.range = nil
    scene.input = generator.floats(2 * 20 * 63).map { isPositive ? abs($0) : $0 }
    scene.weights = generator.floats(24 * 20 * kernel * kernel)
    scene.bias = generator.floats(24)
    scene.residual = Array(repeating: 0, count: 2 * 24 * 63)
    scene.define()
    return scene
  }

  private static func results(_ scene: Scene) -> [[Float]] {
    KernelTests.narrowForms.filter { $0.algorithm == CONV_IN_INT8 }.map {
      scene.run(isa: Int32($0.isa), features: $0.features)
    }
  }

  @Test(arguments: [nil, -1...2] as [ClosedRange<Float>?])
  func windowsGiveTheSame(range: ClosedRange<Float>?) {
    var scene = Self.scene(kernel: 3)
    scene.range = range
    for form in KernelTests.narrowForms where form.algorithm == CONV_IN_INT8 {
      let machine = conv_machine(isa: Int32(form.isa), features: form.features, workers: 1)
      guard conv_offers_windows(machine) != 0 else { continue }
      var windows = scene
      windows.algorithm = CONV_INT8_WINDOWS
      let expected = scene.run(isa: Int32(form.isa), features: form.features)
      #expect(windows.run(isa: Int32(form.isa), features: form.features) == expected)
    }
  }

  @Test(arguments: [1, 3])
  func zeroInputGivesTheBias(kernel: Int) throws {
    for range in [nil, -1...2, 0...0] as [ClosedRange<Float>?] {
      var scene = Self.scene(kernel: kernel)
      scene.range = range
      scene.input = scene.input.map { _ in 0 }
      let bias = try #require(scene.bias)
      for result in Self.results(scene) {
        for (index, value) in result.enumerated() {
          let channel = index / 16 / 63 % 2 * 16 + index % 16
          #expect(value == (channel < 24 ? bias[channel] : 0))
        }
      }
    }
  }

  @Test(arguments: [1, 3], [false, true])
  func imagesAndWorkersDoNotMatter(kernel: Int, isPositive: Bool) {
    let both = Self.scene(kernel: kernel, isPositive: isPositive)
    for form in KernelTests.narrowForms where form.algorithm == CONV_IN_INT8 {
      func run(_ scene: Scene, workers: Int64) -> [Float] {
        scene.run(isa: Int32(form.isa), features: form.features, workers: workers)
      }
      let together = run(both, workers: 1)
      #expect(run(both, workers: 7) == together)
      for image in 0..<2 {
        var alone = both
        alone.batch = 1
        alone.input = Array(both.input[image * 1260..<(image + 1) * 1260])
        alone.residual = Array(repeating: 0, count: 24 * 63)
        alone.define()
        let size = together.count / 2
        #expect(run(alone, workers: 2) == Array(together[image * size..<(image + 1) * size]))
      }
    }
  }

  /// What shares its scale with a number that is not finite becomes NaN: the pixel, or the image.
  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func numbersThatAreNotFiniteShow(poison: Float) {
    for kernel in [1, 3] {
      let clean = Self.scene(kernel: kernel)
      var scene = clean
      scene.input[5 * 63 + 30] = poison
      for (result, reference) in zip(Self.results(scene), Self.results(clean)) {
        for index in result.indices where index / 16 / 63 % 2 * 16 + index % 16 < 24 {
          let (image, position) = (index / 16 / 63 / 2, index / 16 % 63)
          let isHit = image == 0 && (kernel == 3 || position == 30)
          #expect(isHit ? result[index].isNaN : result[index] == reference[index])
        }
      }
    }
  }

  @Test func calibratedRangesClamp() {
    for (poison, stands) in [(Float.nan, Float(-0.5)), (.infinity, 0.75), (-.infinity, -0.5), (3e38, 0.75)] {
      var scene = Self.scene(kernel: 3)
      scene.range = -0.5...0.75
      scene.input[100] = stands
      let expected = Self.results(scene)
      scene.input[100] = poison
      #expect(Self.results(scene) == expected)
    }
  }

  @Test func weightsThatAreNotFiniteMakeTheirChannelNaN() {
    var scene = Self.scene(kernel: 1)
    scene.weights[3 * 20 + 7] = .infinity
    for result in Self.results(scene) {
      for (index, value) in result.enumerated() {
        #expect(value.isNaN == (index / 16 / 63 % 2 == 0 && index % 16 == 3))
      }
    }
  }
}

/// To nearest even.
func roundedToBFloat16(_ value: Float) -> Float {
  let bits = value.bitPattern
  return Float(bitPattern: (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
}

/// Each row as integers from -127 to 127 times a scale.
func roundedRows(_ values: [Float], count: Int) -> (numbers: [Float], scales: [Float]) {
  let length = values.count / max(count, 1)
  let scales = (0..<count).map { row in
    (values[row * length..<(row + 1) * length].map { abs($0) }.max() ?? 0) / 127
  }
  let numbers = values.enumerated().map { index, value in
    (value * (1 / scales[index / length])).rounded(.toNearestOrEven)
  }
  return (numbers, scales)
}

/// The input as q - zero, where q lies in 0...255.
struct RoundedInput {
  private(set) var numbers: [Float]
  private var scales: [Float] = []
  private let isByPixel: Bool
  private let window: Naive

  init(_ scene: Scene) {
    window = scene.window
    numbers = scene.input
    isByPixel =
      scene.range == nil && window.kernel == [1, 1, 1] && (window.padBegin + window.padEnd).allSatisfy { $0 == 0 }
    let (plane, channels) = (window.input.reduce(1, *), scene.inputChannels)
    for part in 0..<scene.batch * scene.groups {
      let elements = part * channels * plane..<(part + 1) * channels * plane
      let sets =
        isByPixel ? (0..<plane).map { pixel in elements.filter { $0 % plane == pixel } } : [Array(elements)]
      for set in sets {
        let values = set.map { scene.input[$0] }
        let low = min(scene.range?.lowerBound ?? values.min() ?? 0, 0)
        let high = max(scene.range?.upperBound ?? values.max() ?? 0, 0)
        let scale = high / 255 - low / 255
        let inverse = scale > 0 ? 1 / scale : 0
        let zero = min((-low * inverse).rounded(.toNearestOrEven), 255)
        for index in set {
          let value = min(max(scene.input[index] * inverse, -zero), 255 - zero)
          numbers[index] = value.rounded(.toNearestOrEven)
        }
        scales.append(scale)
      }
    }
  }

  /// The scale of what output `output` of a group of an image is made of.
  func scale(_ part: Int, output: Int) -> Float {
    guard isByPixel else { return scales[part] }
    var element = 0
    window.forTaps(of: output) { element = $1 }
    return scales[part * window.input.reduce(1, *) + element]
  }
}
