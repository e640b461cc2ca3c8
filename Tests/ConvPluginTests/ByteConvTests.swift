import CConvKernels
import Testing

/// Convolutions that read and write bytes, with everything that is folded onto their end, against their definition.
@Suite struct ByteConvTests {
  @Test(arguments: [CONV_IN_INT8, CONV_DEPTHWISE, CONV_INT8_WINDOWS], 0..<40)
  func bytesAreConvolvedExactly(algorithm: Int, seed: Int) {
    var generator = Generator(state: UInt64(seed + 1000 * algorithm))
    var scene = ByteScene(algorithm: algorithm, using: &generator)
    if algorithm == CONV_INT8_WINDOWS, seed % 4 == 0 { scene.goToExtremes(using: &generator) }
    let expected = scene.expected()
    for form in KernelTests.narrowForms where form.algorithm == CONV_IN_INT8 {
      let machine = conv_machine(isa: Int32(form.isa), features: form.features, workers: 1)
      if algorithm == CONV_INT8_WINDOWS, conv_offers_windows(machine) == 0 { continue }
      for workers in [1, 3] as [Int64] {
        let result = scene.run(isa: Int32(form.isa), features: form.features, workers: workers)
        let wrong = zip(result, expected).count { abs($0 - $1) > scene.tolerance }
        #expect(wrong == 0, "\(wrong) of \(result.count) differ on \(form), \(workers) workers: \(scene)")
      }
    }
  }
}

/// Numbers in bytes as `conv_bytes` has them.
private struct ByteNumbers {
  var raw = conv_bytes()
  var low: Int { raw.type == CONV_INT8 ? -128 : 0 }

  init() {}

  init(using generator: inout Generator) {
    let type = generator.int(0...1) == 0 ? CONV_UINT8 : CONV_INT8
    raw = conv_bytes(type: Int32(type), zero: 0, scale: [0.013, 0.25, 0.0071][generator.int(0...2)], reserved: 0)
    raw.zero = Int32(low + [0, 255, 128, generator.int(0...255)][generator.int(0...3)])
  }

  /// The nearest number of steps, zero among them.
  func steps(_ x: Float) -> Int {
    let inverse = 1 / raw.scale
    let bounded = min(max(x * inverse, Float(low - Int(raw.zero))), Float(low + 255 - Int(raw.zero)))
    return Int(bounded.rounded(.toNearestOrEven)) + Int(raw.zero)
  }

  func number(_ steps: Int) -> Float { Float(steps - Int(raw.zero)) * raw.scale }
  func byte(_ steps: Int) -> UInt8 { UInt8(truncatingIfNeeded: steps) }
  func steps(_ byte: UInt8) -> Int { raw.type == CONV_INT8 ? Int(Int8(bitPattern: byte)) : Int(byte) }

  func random(_ count: Int, using generator: inout Generator) -> [Int] {
    (0..<count).map { _ in low + generator.int(0...255) }
  }
}

private struct ByteScene: CustomStringConvertible {
  var algorithm: Int
  var (batch, groups, inputChannels, outputChannels) = (1, 1, 1, 1)
  var window: Naive
  var epilogue: conv_epilogue
  var (image, added, rounded, result) = (ByteNumbers(), ByteNumbers(), ByteNumbers(), ByteNumbers())
  var input: [Int]
  var weights: [Int8]
  var scales: [Float]
  var bias: [Float]
  var residual: [Float]
  var residualSteps: [Int]

  var channels: Int { groups * outputChannels }
  var plane: Int { window.output.reduce(1, *) }

  init(algorithm: Int, using generator: inout Generator) {
    self.algorithm = algorithm
    batch = generator.int(1...2)
    if algorithm == CONV_DEPTHWISE {
      groups = generator.int(2...40)
    } else if generator.int(0...2) == 0 {
      repeat {
        (groups, inputChannels, outputChannels) = (
          generator.int(2...13), [1, 2, 4, 8, 16, 32][generator.int(0...5)], [1, 2, 4, 8, 16, 32][generator.int(0...5)]
        )
      } while Scene.merged(groups, inputChannels, outputChannels) == 0
        || algorithm == CONV_INT8_WINDOWS && inputChannels < 16
    } else if algorithm == CONV_INT8_WINDOWS {
      (inputChannels, outputChannels) = (generator.int(CONV_WINDOWS_CHANNELS + 1...260), generator.int(1...70))
    } else {
      (inputChannels, outputChannels) = (generator.int(1...70), generator.int(1...130))
    }
    window = Naive(
      input: [1, 1, 1], kernel: [1, 1, 1], strides: [1, 1, 1], dilations: [1, 1, 1], padBegin: [0, 0, 0],
      padEnd: [0, 0, 0])
    let rank = generator.int(1...3)
    if algorithm == CONV_INT8_WINDOWS {
      window.kernel = [1, 3, 3]
      window.dilations[0] = generator.int(1...2)
      window.input = [generator.int(1...2), generator.int(3...15), generator.int(3...15)]
      window.padBegin = [0, generator.int(0...2), generator.int(0...2)]
      window.padEnd = [0, generator.int(0...2), generator.int(0...2)]
    } else if generator.int(0...3) == 0 {
      for axis in 1...2 {
        (window.input[axis], window.strides[axis]) = (generator.int(3...20), generator.int(1...2))
      }
    } else {
      for axis in 3 - rank..<3 { window.randomize(axis, rank: rank, using: &generator) }
    }
    let activations = [ZS_IDENTITY, ZS_RELU, ZS_CLIP, ZS_SIGMOID, ZS_HARD_SWISH]
    epilogue = conv_epilogue(
      activation: Int32(activations[generator.int(0...4)].rawValue), residual: Int32(generator.int(0...2)), a: -0.5,
      b: 0.7)
    image = ByteNumbers(using: &generator)
    if generator.int(0...1) == 0 { added = ByteNumbers(using: &generator) }
    if generator.int(0...1) == 0 { rounded = ByteNumbers(using: &generator) }
    if generator.int(0...3) > 0 { result = ByteNumbers(using: &generator) }
    let plane = window.output.reduce(1, *)
    input = image.random(batch * groups * inputChannels * window.input.reduce(1, *), using: &generator)
    let count = groups * outputChannels * inputChannels * window.kernel.reduce(1, *)
    weights = (0..<count).map { _ in Int8(generator.int(-128...127)) }
    scales = generator.floats(groups * outputChannels).map { abs($0) * 0.01 }
    bias = generator.floats(groups * outputChannels)
    residualSteps = added.random(batch * groups * outputChannels * plane, using: &generator)
    residual = generator.floats(residualSteps.count)
    if added.raw.type != 0 { residual = residualSteps.map(added.number) }
  }

  /// The greatest sums, and the least, side by side.
  mutating func goToExtremes(using generator: inout Generator) {
    image.raw.zero = Int32(image.low)
    input = input.map { _ in image.low + (generator.int(0...9) == 0 ? 0 : 255) }
    let each = weights.count / channels
    weights = weights.indices.map { $0 / each % 2 == 0 ? -128 : 127 }
  }

  var description: String {
    "\(window), batch \(batch), \(groups) groups of \(inputChannels) to \(outputChannels), \(epilogue), "
      + "\(image.raw) \(added.raw) \(rounded.raw) \(result.raw)"
  }

  /// Sums, bounds and steps are exact; the other functions are polynomials, which may end up on the other side of a half.
  var tolerance: Float {
    let isExact = [ZS_IDENTITY, ZS_RELU, ZS_CLIP].contains { Int32($0.rawValue) == epilogue.activation }
    return isExact ? 0 : result.raw.type == 0 ? 1e-5 : 1
  }

  /// Blocks, the rest of which are zeros; of bytes their steps.
  func expected() -> [Float] {
    let numbers = input.map { Float($0 - Int(image.raw.zero)) }
    let sums = window.convolve(
      numbers, weights.map { Float($0) }, nil, batch: batch, groups: groups, inputChannels: inputChannels,
      outputChannels: outputChannels)
    let values = sums.enumerated().map { index, sum in
      let channel = index / plane % channels
      var x = Float(sum) * (scales[channel] * image.raw.scale)
      x += bias[channel]
      if rounded.raw.type != 0 { x = rounded.number(rounded.steps(x)) }
      if Int(epilogue.residual) == CONV_RESIDUAL_BEFORE_ACTIVATION { x += residual[index] }
      x = Float(Scene.activate(epilogue, Double(x)))
      if Int(epilogue.residual) == CONV_RESIDUAL_AFTER_ACTIVATION { x += residual[index] }
      return result.raw.type == 0 ? x : Float(result.steps(x) - Int(result.raw.zero))
    }
    let blocks = Scene.blocked(values, batch: batch, channels: channels, plane: plane)
    return result.raw.type == 0 ? blocks : blocks.map { $0 + Float(result.raw.zero) }
  }

  func run(isa: Int32, features: UInt32, workers: Int64) -> [Float] {
    func triple(_ values: [Int]) -> (Int64, Int64, Int64) { (Int64(values[0]), Int64(values[1]), Int64(values[2])) }
    var shape = conv_shape(
      window: conv_window(
        in: triple(window.input), out: triple(window.output), kernel: triple(window.kernel),
        stride: triple(window.strides), dilation: triple(window.dilations), pad: triple(window.padBegin),
        pad_end: triple(window.padEnd)), batch: Int64(batch), groups: Int64(groups), in_channels: Int64(inputChannels),
      out_channels: Int64(outputChannels))
    var numbers = conv_numbers(
      range: conv_range(low: .nan, high: .nan), input: image.raw, residual: added.raw, output: result.raw,
      rounded: rounded.raw)
    let machine = conv_machine(isa: isa, features: features, workers: workers)
    let plan = conv_plan_create(&shape, Int32(algorithm), Int32(ZS_NUMBERS.rawValue), epilogue, &numbers, machine)
    defer { conv_plan_destroy(plan) }
    var packed = [Float](repeating: .nan, count: Int(conv_packed_count(plan)))
    weights.withUnsafeBytes { weights in
      scales.withUnsafeBufferPointer { scales in
        bias.withUnsafeBufferPointer { bias in
          var parameters = conv_parameters(
            weights: weights.baseAddress, origin: 0, bias: bias.baseAddress, scales: scales.baseAddress)
          for task in 0..<conv_pack_tasks(plan) { conv_pack(plan, &parameters, &packed, task) }
        }
      }
    }
    let source = Scene.blocked(
      input.map(image.byte), batch: batch, channels: groups * inputChannels, plane: window.input.reduce(1, *))
    let others = Scene.blocked(residual, batch: batch, channels: channels, plane: plane)
    let otherBytes = Scene.blocked(residualSteps.map(added.byte), batch: batch, channels: channels, plane: plane)
    var output = [Float](repeating: .nan, count: others.count)
    var bytes = [UInt8](repeating: 77, count: others.count)
    var workspace = [Float](repeating: .nan, count: Int(conv_workspace_count(plan)) + 16)
    source.withUnsafeBytes { source in
      (added.raw.type == 0 ? others.withUnsafeBytes { Array($0) } : otherBytes).withUnsafeBytes { residual in
        withBuffers(&workspace, packed) { workspace, packed in
          func run(_ output: UnsafeMutableRawPointer?) {
            var buffers = conv_buffers(
              input: source.baseAddress?.assumingMemoryBound(to: Float.self), packed: packed,
              residual: epilogue.residual == 0 ? nil : residual.baseAddress?.assumingMemoryBound(to: Float.self),
              output: output?.assumingMemoryBound(to: Float.self), workspace: workspace, blocked_output: 1, reserved: 0)
            for phase in 0..<conv_phases(plan) {
              for task in 0..<conv_tasks(plan, phase) { conv_run(plan, &buffers, phase, task, task % workers) }
            }
          }
          if result.raw.type == 0 {
            output.withUnsafeMutableBytes { run($0.baseAddress) }
          } else {
            bytes.withUnsafeMutableBytes { run($0.baseAddress) }
          }
        }
      }
    }
    return result.raw.type == 0 ? output : bytes.map { Float(result.steps($0)) }
  }

  private func withBuffers(
    _ workspace: inout [Float], _ packed: [Float],
    _ body: (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?) -> Void
  ) {
    workspace.withUnsafeMutableBufferPointer { workspace in
      packed.withUnsafeBufferPointer { body(workspace.baseAddress, $0.baseAddress) }
    }
  }
}
