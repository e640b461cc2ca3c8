import CConvKernels
import Testing

/// The register tiles of every instruction set that the machine has, and the AVX-512 ones compiled for AVX2, against
/// the definition, over random shapes.
@Suite struct KernelTests {
  static let isas: [Int] = {
    var isas = [CONV_ISA_GENERIC]
    if cpuHas("avx2", "fma") { isas += [CONV_ISA_AVX2, CONV_ISA_WIDE_ON_AVX2] }
    if cpuHas("avx512f", "avx512bw", "avx512dq", "avx512vl") { isas.append(CONV_ISA_AVX512) }
    return isas
  }()

  /// Every form of the narrow kernels that the machine has: instruction set and features.
  static let narrowForms: [(algorithm: Int, isa: Int, features: UInt32)] = {
    let dots: [(feature: Int, isa: Int, flag: String)] = [
      (CONV_HAS_AVX_VNNI, CONV_ISA_AVX2, "avx_vnni"), (CONV_HAS_AVX512_VNNI, CONV_ISA_AVX512, "avx512_vnni"),
    ]
    var forms = isas.map { (algorithm: CONV_IN_INT8, isa: $0, features: UInt32(0)) }
    for dot in dots where isas.contains(dot.isa) && cpuHas(dot.flag) {
      forms.append((CONV_IN_INT8, dot.isa, UInt32(dot.feature)))
    }
    if isas.contains(CONV_ISA_WIDE_ON_AVX2) { forms.append((CONV_IN_BFLOAT16, CONV_ISA_WIDE_ON_AVX2, 0)) }
    if isas.contains(CONV_ISA_AVX512), cpuHas("avx512_bf16") {
      forms.append((CONV_IN_BFLOAT16, CONV_ISA_AVX512, UInt32(CONV_HAS_AVX512_BF16)))
    }
    return forms
  }()

  @Test(arguments: [CONV_IN_BFLOAT16, CONV_IN_INT8])
  func narrowConvolutionsMatchTheirDefinition(algorithm: Int) {
    var (phases, paths) = (Set<Int32>(), Set<Bool>())
    for seed in 0..<120 {
      var generator = Generator(state: UInt64(seed * 5 + algorithm))
      let scene = Scene(algorithm: algorithm, using: &generator)
      var first: [Float]?
      for form in Self.narrowForms where form.algorithm == algorithm {
        let got = scene.run(isa: Int32(form.isa), features: form.features, phases: &phases)
        paths.insert(scene.range == nil)
        let largest = scene.expected.map { abs($0) }.max() ?? 0
        let worst = zip(got, scene.expected).map { abs(Double($0) - $1) }.max() ?? 0
        let isClose = worst <= (algorithm == CONV_IN_INT8 ? 2e-6 : 2e-5) * max(largest, 1) && !got.contains { $0.isNaN }
        #expect(isClose, "seed \(seed), form \(form): off by \(worst) of \(largest) in \(scene)")
        // Integers leave no room for differences between instruction sets; polynomials do.
        if algorithm == CONV_IN_INT8, scene.epilogue.activation <= ZS_CLIP.rawValue {
          #expect(got == first ?? got, "seed \(seed), form \(form), \(scene)")
        }
        first = first ?? got
      }
    }
    // Ranges found and given, input rounded by its own phase and by each task.
    if !paths.isEmpty { #expect(phases == (algorithm == CONV_IN_INT8 ? [1, 2, 3] : [1, 2])) }
  }

  @Test(arguments: [
    CONV_DIRECT, CONV_FEW, CONV_DEPTHWISE, CONV_PLAIN, CONV_WINOGRAD_2, CONV_WINOGRAD_4, CONV_WINOGRAD_2_5,
  ])
  func convolutionsMatchTheDefinition(algorithm: Int) {
    for seed in 0..<60 {
      var generator = Generator(state: UInt64(seed * 3 + algorithm))
      let scene = Scene(algorithm: algorithm, using: &generator)
      for isa in Self.isas {
        let got = scene.run(isa: Int32(isa))
        let worst = zip(got, scene.expected).map { abs(Double($0) - $1) }.max() ?? 0
        let isClose = worst < 2e-4 && !got.contains { $0.isNaN }
        #expect(isClose, "seed \(seed), instruction set \(isa): off by \(worst) in \(scene)")
      }
    }
  }
}

/// Pooling in float32 by vectors against pooling in double precision.
@Suite struct PoolKernelTests {
  @Test(arguments: [POOL_MAX, POOL_AVERAGE])
  func planesMatchTheReference(kind: Int) {
    for seed in 0..<200 {
      var generator = Generator(state: UInt64(seed * 3 + kind))
      let rank = generator.int(1...3)
      var window = Naive(
        input: [1, 1, 1], kernel: [1, 1, 1], strides: [1, 1, 1], dilations: [1, 1, 1], padBegin: [0, 0, 0],
        padEnd: [0, 0, 0])
      for axis in 3 - rank..<3 { window.randomizePool(axis, using: &generator) }
      var shape = pool_shape()
      shape.window = window.raw
      shape.kind = Int32(kind)
      shape.count_include_pad = Int32(generator.int(0...1))
      let input = generator.floats(window.input.reduce(1, *))
      let rows = Int64(window.output[0] * window.output[1]), count = window.output.reduce(1, *)
      var expected = [Float](repeating: .nan, count: count)
      pool_plane(&shape, Int32(CONV_FLOAT32), input, &expected, nil, 0)
      for isa in KernelTests.isas {
        var plain = [Float](repeating: .nan, count: count)
        pool_rows(&shape, Int32(isa), 0, input, &plain, 0, 0, rows)
        let blockedInput = Scene.blocked(input, batch: 1, channels: 1, plane: input.count)
        var blocked = [Float](repeating: .nan, count: 16 * count)
        pool_rows(&shape, Int32(isa), 1, blockedInput, &blocked, 0, 0, rows)
        let lanes = stride(from: 0, to: blocked.count, by: 16).map { blocked[$0] }
        for got in [plain, lanes] {
          let isClose = zip(got, expected).allSatisfy { abs($0 - $1) <= 1e-6 || $0 == $1 }
          #expect(isClose, "seed \(seed), instruction set \(isa), \(window)")
        }
      }
    }
  }
}

/// Numbers of 16 bits for the same numbers in float32, to the bit: what becomes of them in registers loses nothing.
@Suite struct HalfWeightTests {
  @Test(
    arguments: [
      CONV_DIRECT, CONV_FEW, CONV_DEPTHWISE, CONV_PLAIN, CONV_WINOGRAD_2, CONV_WINOGRAD_4, CONV_WINOGRAD_2_5,
    ],
    [ZS_HALVES, ZS_BFLOATS])
  func halvesGiveWhatFloatsGive(algorithm: Int, form: zs_form) {
    for seed in 0..<30 {
      var generator = Generator(state: UInt64(seed * 7 + algorithm))
      var scene = Scene(algorithm: algorithm, isDefined: false, using: &generator)
      let halves = scene.roundWeights(to: form, using: &generator, hasInfinities: seed % 4 == 3)
      for isa in KernelTests.isas {
        var phases = Set<Int32>()
        let wide = scene.run(isa: Int32(isa), features: 0, workers: 3, phases: &phases)
        let narrow = halves.withUnsafeBytes {
          scene.run(isa: Int32(isa), features: 0, form: form, halves: $0, workers: 3, phases: &phases)
        }
        let differing = zip(wide, narrow).count { $0.bitPattern != $1.bitPattern && !($0.isNaN && $1.isNaN) }
        #expect(differing == 0, "seed \(seed), instruction set \(isa): \(differing) of \(wide.count) in \(scene)")
      }
    }
  }

  /// Half the memory; of Winograd's, which 16 bits could not hold transformed, that of the weights as they are.
  @Test(
    arguments: [CONV_DIRECT, CONV_FEW, CONV_DEPTHWISE, CONV_PLAIN, CONV_WINOGRAD_2, CONV_WINOGRAD_4, CONV_WINOGRAD_2_5])
  func halvesTakeHalfTheMemory(algorithm: Int) {
    let numbers: (stored: Int, transformed: Int) =
      switch algorithm {
      case CONV_WINOGRAD_2: (9, 16)
      case CONV_WINOGRAD_4: (9, 36)
      case CONV_WINOGRAD_2_5: (25, 36)
      default: (1, 1)
      }
    for seed in 0..<10 {
      var generator = Generator(state: UInt64(seed * 7 + algorithm))
      let scene = Scene(algorithm: algorithm, isDefined: false, using: &generator)
      func blocked(_ channels: Int) -> Int { (channels + 15) / 16 * 16 }
      let merged =
        algorithm == CONV_PLAIN ? 1 : max(Scene.merged(scene.groups, scene.inputChannels, scene.outputChannels), 1)
      let biases =
        algorithm == CONV_DEPTHWISE
        ? blocked(scene.groups)
        : (scene.groups + merged - 1) / merged * blocked(merged * scene.outputChannels)
      func count(_ form: zs_form) -> Int {
        scene.withPlan(isa: Int32(CONV_ISA_GENERIC), form: form) { Int(conv_packed_count($0)) - biases }
      }
      #expect(count(ZS_NUMBERS) * numbers.stored == 2 * numbers.transformed * count(ZS_HALVES))
    }
  }
}

/// A convolution, its input and what must come out (blocked where the kernel writes blocks).
struct Scene: CustomStringConvertible {
  var algorithm: Int
  var batch: Int
  var groups = 1
  var inputChannels = 1
  var outputChannels = 1
  var window: Naive
  var blockedOutput = true
  var epilogue: conv_epilogue
  var input: [Float]
  var weights: [Float]
  var bias: [Float]?
  var residual: [Float]
  var expected: [Double] = []
  /// Of the input, for `CONV_IN_INT8`; `nil` to be found.
  var range: ClosedRange<Float>?

  var description: String {
    "\(window), batch \(batch), \(groups) groups of \(inputChannels) to \(outputChannels), epilogue \(epilogue), "
      + "range \(String(describing: range))"
  }

  /// Whether what must come out is computed, or zeros stand for it.
  var isDefined: Bool

  init(algorithm: Int, isDefined: Bool = true, using generator: inout Generator) {
    (self.algorithm, self.isDefined) = (algorithm, isDefined)
    batch = generator.int(1...3)
    switch algorithm {
    case CONV_DIRECT where generator.int(0...2) == 0, CONV_WINOGRAD_2 where generator.int(0...2) == 0,
      CONV_IN_BFLOAT16 where generator.int(0...4) == 0:
      (groups, inputChannels, outputChannels) = Self.groupsToMerge(using: &generator)
    case CONV_DIRECT where generator.int(0...2) == 0, CONV_WINOGRAD_4 where generator.int(0...2) == 0,
      CONV_WINOGRAD_2_5 where generator.int(0...2) == 0, CONV_IN_BFLOAT16 where generator.int(0...2) == 0,
      CONV_IN_INT8 where generator.int(0...2) == 0:
      groups = generator.int(2...3)
      inputChannels = 16 * generator.int(1...2)
      outputChannels = 16 * generator.int(1...4)
    case CONV_DIRECT, CONV_WINOGRAD_2, CONV_WINOGRAD_4, CONV_WINOGRAD_2_5, CONV_IN_BFLOAT16, CONV_IN_INT8:
      inputChannels = generator.int(1...70)
      outputChannels = generator.int(1...130)
    case CONV_FEW:
      inputChannels = generator.int(1...70)
      outputChannels = generator.int(1...CONV_FEW_CHANNELS)
    case CONV_DEPTHWISE: groups = generator.int(2...40)
    default:
      groups = generator.int(1...3)
      inputChannels = generator.int(1...5)
      outputChannels = generator.int(1...80)
      blockedOutput = groups == 1 && generator.int(0...1) == 1
    }
    let rank = generator.int(1...3)
    window = Naive(
      input: [1, 1, 1], kernel: [1, 1, 1], strides: [1, 1, 1], dilations: [1, 1, 1], padBegin: [0, 0, 0],
      padEnd: [0, 0, 0])
    if [CONV_WINOGRAD_2, CONV_WINOGRAD_4, CONV_WINOGRAD_2_5].contains(algorithm) {
      let side = algorithm == CONV_WINOGRAD_2_5 ? 5 : 3
      window.kernel = [1, side, side]
      for axis in 1...2 {
        window.input[axis] = generator.int(1...25)
        window.padBegin[axis] = generator.int(side / 2...side)
        window.padEnd[axis] = generator.int(side / 2...side)
      }
      if rank == 3 {
        // Layers that see none or not all slices of the volume, too.
        window.kernel[0] = generator.int(1...3)
        window.dilations[0] = generator.int(1...2)
        window.input[0] = generator.int(1...5)
        window.padBegin[0] = generator.int(0...4)
        window.padEnd[0] = max(generator.int(0...4), 5 - window.input[0] - window.padBegin[0])
      }
    } else {
      for axis in 3 - rank..<3 { window.randomize(axis, rank: rank, using: &generator) }
    }
    let isNarrow = [CONV_IN_BFLOAT16, CONV_IN_INT8].contains(algorithm)
    if isNarrow, generator.int(0...3) == 0 {
      window = Naive(
        input: [1, generator.int(10...25), generator.int(10...25)], kernel: [1, 1, 1],
        strides: [1, generator.int(1...2), generator.int(1...2)], dilations: [1, 1, 1], padBegin: [0, 0, 0],
        padEnd: [0, 0, 0])
    }
    if generator.int(0...2) == 0 { range = [-0.5...0.7, 0.1...0.6, -0.9 ... -0.2][generator.int(0...2)] }
    epilogue = conv_epilogue(
      activation: Int32(Self.activations[generator.int(0...Self.activations.count - 1)].rawValue),
      residual: Int32(generator.int(0...2)), a: 0.1,
      b: 0.7)
    let outputs = window.output.reduce(1, *)
    input = generator.floats(batch * groups * inputChannels * window.input.reduce(1, *))
    // As after a ReLU.
    if isNarrow, generator.int(0...1) == 0 { input = input.map { max($0, 0) } }
    weights = generator.floats(groups * outputChannels * inputChannels * window.kernel.reduce(1, *))
    bias = generator.int(0...3) == 0 ? nil : generator.floats(groups * outputChannels)
    residual = generator.floats(batch * groups * outputChannels * outputs)
    define()
  }

  /// Groups of which several share a block, the last ones not always in full.
  private static func groupsToMerge(using generator: inout Generator) -> (groups: Int, inputs: Int, outputs: Int) {
    let channels = [1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32]
    while true {
      let groups = generator.int(2...13)
      let inputs = channels[generator.int(0...channels.count - 1)]
      let outputs = channels[generator.int(0...channels.count - 1)]
      if merged(groups, inputs, outputs) > 1 { return (groups, inputs, outputs) }
    }
  }

  /// Groups that blocked kernels take together.
  static func merged(_ groups: Int, _ inputs: Int, _ outputs: Int) -> Int {
    var shape = conv_shape()
    (shape.groups, shape.in_channels, shape.out_channels) = (Int64(groups), Int64(inputs), Int64(outputs))
    return Int(conv_merged_groups(&shape))
  }

  /// Computes what must come out, and lays out what kernels read in blocks.
  mutating func define() {
    let outputs = window.output.reduce(1, *)
    let epilogue = epilogue
    expected = zip(sums(), residual).map { sum, other in
      let before = sum + (Int(epilogue.residual) == CONV_RESIDUAL_BEFORE_ACTIVATION ? Double(other) : 0)
      let value = Self.activate(epilogue, before)
      return value + (Int(epilogue.residual) == CONV_RESIDUAL_AFTER_ACTIVATION ? Double(other) : 0)
    }
    guard blockedOutput else { return }
    residual = Self.blocked(residual, batch: batch, channels: groups * outputChannels, plane: outputs)
    expected = Self.blocked(expected, batch: batch, channels: groups * outputChannels, plane: outputs)
  }

  private func sums() -> [Double] {
    guard isDefined else { return [Double](repeating: 0, count: residual.count) }
    func convolve(_ values: [Float], _ weights: [Float], _ bias: [Float]?) -> [Double] {
      window.convolve(
        values, weights, bias, batch: batch, groups: groups, inputChannels: inputChannels,
        outputChannels: outputChannels)
    }
    switch algorithm {
    case CONV_IN_BFLOAT16: return convolve(input.map(roundedToBFloat16), weights.map(roundedToBFloat16), bias)
    case CONV_IN_INT8:
      let rounded = RoundedInput(self)
      let rows = roundedRows(weights, count: groups * outputChannels)
      let (outputs, channels) = (window.output.reduce(1, *), groups * outputChannels)
      return convolve(rounded.numbers, rows.numbers, nil).enumerated().map { index, sum in
        let channel = index / outputs % channels
        let part = index / outputs / channels * groups + channel / outputChannels
        let scale = rounded.scale(part, output: index % outputs) * rows.scales[channel]
        return Double(Float(sum) * scale + (bias?[channel] ?? 0))
      }
    default: return convolve(input, weights, bias)
    }
  }

  static let activations = [
    ZS_IDENTITY, ZS_RELU, ZS_CLIP, ZS_LEAKY_RELU, ZS_SIGMOID, ZS_TANH, ZS_HARD_SIGMOID, ZS_HARD_SWISH,
    ZS_SWISH, ZS_ELU, ZS_GELU,
  ]

  static func activate(_ epilogue: conv_epilogue, _ x: Double) -> Double {
    let (a, b) = (Double(epilogue.a), Double(epilogue.b))
    switch zs_unary(UInt32(epilogue.activation)) {
    case ZS_RELU: return max(x, 0)
    case ZS_CLIP: return min(max(x, a), b)
    case ZS_LEAKY_RELU: return x < 0 ? a * x : x
    case ZS_SIGMOID: return 1 / (1 + exp(-x))
    case ZS_TANH: return tanh(x)
    case ZS_HARD_SIGMOID: return min(max(a * x + b, 0), 1)
    case ZS_HARD_SWISH: return x * min(max(x / 6 + 0.5, 0), 1)
    case ZS_SWISH: return x / (1 + exp(-a * x))
    case ZS_ELU: return x < 0 ? a * expm1(x) : x
    case ZS_GELU: return x / 2 * (1 + erf(x / 2.squareRoot()))
    default: return x
    }
  }

  static func blocked<Value: Numeric>(_ values: [Value], batch: Int, channels: Int, plane: Int) -> [Value] {
    let blocks = (channels + 15) / 16
    var result = Array(repeating: Value.zero, count: batch * blocks * plane * 16)
    for image in 0..<batch {
      for channel in 0..<channels {
        for position in 0..<plane {
          result[((image * blocks + channel / 16) * plane + position) * 16 + channel % 16] =
            values[(image * channels + channel) * plane + position]
        }
      }
    }
    return result
  }

  func run(isa: Int32, features: UInt32 = 0, workers: Int64 = 2) -> [Float] {
    var phases = Set<Int32>()
    return run(isa: isa, features: features, workers: workers, phases: &phases)
  }

  /// Makes the weights, some of which become zeros, subnormals, NaN and infinities, numbers of a form of 16 bits.
  ///
  /// - Returns: Those.
  mutating func roundWeights(to form: zs_form, using generator: inout Generator, hasInfinities: Bool) -> [UInt16] {
    let (tiny, large): (Float, Float) = form == ZS_HALVES ? (0x1.8p-22, 65504) : (0x1.8p-130, 0x1.fep100)
    let finite = [0, -0.0, tiny, -tiny, large]
    for index in weights.indices where generator.int(0...19) == 0 {
      weights[index] = finite[generator.int(0...finite.count - 1)]
    }
    if hasInfinities {
      for value in [Float.infinity, -.infinity, .nan] { weights[generator.int(0...weights.count - 1)] = value }
    }
    var halves = [UInt16](repeating: 0, count: weights.count)
    if form == ZS_HALVES {
      zs_floats_to_halves(weights, &halves, weights.count)
      zs_halves_to_floats(halves, &weights, weights.count)
    } else {
      zs_floats_to_bfloats(weights, &halves, weights.count)
      zs_bfloats_to_floats(halves, &weights, weights.count)
    }
    return halves
  }

  func withPlan<Result>(
    isa: Int32, features: UInt32 = 0, form: zs_form = ZS_NUMBERS, workers: Int64 = 2, _ body: (OpaquePointer?) -> Result
  ) -> Result {
    var shape = conv_shape(
      window: window.raw, batch: Int64(batch), groups: Int64(groups), in_channels: Int64(inputChannels),
      out_channels: Int64(outputChannels))
    var numbers = conv_numbers()
    numbers.range = conv_range(low: range?.lowerBound ?? .nan, high: range?.upperBound ?? .nan)
    let plan = conv_plan_create(
      &shape, Int32(algorithm), Int32(form.rawValue), epilogue, &numbers,
      conv_machine(isa: isa, features: features, workers: workers))
    defer { conv_plan_destroy(plan) }
    return body(plan)
  }

  /// - Parameters:
  ///   - halves: the weights in a form of 16 bits.
  ///   - phases: gains the number of phases that it takes.
  func run(
    isa: Int32, features: UInt32, form: zs_form = ZS_NUMBERS, halves: UnsafeRawBufferPointer? = nil,
    workers: Int64 = 2, phases: inout Set<Int32>
  ) -> [Float] {
    withPlan(isa: isa, features: features, form: form, workers: workers) { plan in
      phases.insert(conv_phases(plan))
      return weights.withUnsafeBytes { run(plan, weights: halves ?? $0, workers: workers) }
    }
  }

  private func run(_ plan: OpaquePointer?, weights: UnsafeRawBufferPointer, workers: Int64) -> [Float] {
    var packed = Array(repeating: Float(0), count: Int(conv_packed_count(plan)))
    func pack(_ bias: UnsafePointer<Float>?) {
      var parameters = conv_parameters(weights: weights.baseAddress, origin: 0, bias: bias, scales: nil)
      for task in 0..<conv_pack_tasks(plan) { conv_pack(plan, &parameters, &packed, task) }
    }
    if let bias { bias.withUnsafeBufferPointer { pack($0.baseAddress) } } else { pack(nil) }
    var source = input
    if algorithm != CONV_PLAIN {
      source = Self.blocked(input, batch: batch, channels: groups * inputChannels, plane: window.input.reduce(1, *))
    }
    let workspace = UnsafeMutablePointer<Float>.allocate(capacity: max(Int(conv_workspace_count(plan)), 1))
    workspace.initialize(repeating: .nan, count: Int(conv_workspace_count(plan)))
    defer { workspace.deallocate() }
    // A residual that is added first may lie where the output goes.
    let isInPlace = Int(epilogue.residual) == CONV_RESIDUAL_BEFORE_ACTIVATION
    var output = isInPlace ? residual : Array(repeating: Float.nan, count: expected.count)
    output.withUnsafeMutableBufferPointer { output in
      source.withUnsafeBufferPointer { source in
        packed.withUnsafeBufferPointer { packed in
          residual.withUnsafeBufferPointer { residual in
            var buffers = conv_buffers(
              input: source.baseAddress, packed: packed.baseAddress,
              residual: isInPlace ? UnsafePointer(output.baseAddress) : residual.baseAddress,
              output: output.baseAddress, workspace: workspace, blocked_output: blockedOutput ? 1 : 0, reserved: 0)
            for phase in 0..<conv_phases(plan) {
              for task in 0..<conv_tasks(plan, phase) { conv_run(plan, &buffers, phase, task, task % workers) }
            }
          }
        }
      }
    }
    return output
  }
}

extension Naive {
  fileprivate var raw: conv_window {
    func triple(_ values: [Int]) -> (Int64, Int64, Int64) { (Int64(values[0]), Int64(values[1]), Int64(values[2])) }
    return conv_window(
      in: triple(input), out: triple(output), kernel: triple(kernel), stride: triple(strides),
      dilation: triple(dilations), pad: triple(padBegin), pad_end: triple(padEnd))
  }

  /// Rows long enough for vectors, and windows as large as the input.
  fileprivate mutating func randomizePool(_ axis: Int, using generator: inout Generator) {
    input[axis] = generator.int(1...(axis == 2 ? 70 : 9))
    strides[axis] = generator.int(1...3)
    dilations[axis] = generator.int(1...2)
    repeat {
      kernel[axis] = generator.int(1...(generator.int(0...3) == 0 ? input[axis] : min(input[axis], 4)))
    } while (kernel[axis] - 1) * dilations[axis] + 1 > input[axis]
    let span = (kernel[axis] - 1) * dilations[axis] + 1
    padBegin[axis] = generator.int(0...span - 1)
    padEnd[axis] = generator.int(0...span - 1)
  }

  mutating func randomize(_ axis: Int, rank: Int, using generator: inout Generator) {
    repeat {
      kernel[axis] = generator.int(1...(rank == 3 ? 3 : 4))
      strides[axis] = generator.int(1...3)
      dilations[axis] = generator.int(1...2)
      input[axis] = generator.int(1...(rank == 3 ? 4 : 9))
      padBegin[axis] = generator.int(0...3)
      padEnd[axis] = generator.int(0...3)
    } while input[axis] + padBegin[axis] + padEnd[axis] < (kernel[axis] - 1) * dilations[axis] + 1
  }
}

/// Whether `/proc/cpuinfo` lists all of `flags`.
private func cpuHas(_ flags: String...) -> Bool {
  guard let file = fopen("/proc/cpuinfo", "r") else { return false }
  defer { fclose(file) }
  var line: UnsafeMutablePointer<CChar>?
  var capacity = 0
  defer { free(line) }
  while getline(&line, &capacity, file) > 0 {
    guard let line, strncmp(line, "flags", 5) == 0 else { continue }
    let words = String(cString: line).split { $0 == " " || $0 == "\n" }
    return flags.allSatisfy { words.contains(Substring($0)) }
  }
  return false
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
