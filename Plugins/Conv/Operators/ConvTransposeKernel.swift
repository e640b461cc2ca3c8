import CConvKernels
import CVectorKernels
import PluginSupport
import ZooPlugin

/// A transposed convolution: products of the turned weights and an image's channels give what each tap adds to the output
/// at each position of the input; a worker multiplies a few rows and adds them to its own planes of the output.
final class ConvTransposeKernel: Kernel, @unchecked Sendable {
  private let geometry: TransposedGeometry
  private let host: ZooHost
  /// By group, output channel and tap, the weights of all input channels; `nil` where they are known at a run only.
  private let held: HostMemory?
  /// What `held` holds.
  private let form: WeightForm
  private let workers: Int

  init(_ geometry: TransposedGeometry, _ node: Node, host: ZooHost, executor: Executor) throws {
    self.geometry = geometry
    self.host = host
    workers = executor.workerCount
    guard Self.usesProducts(geometry), let weights = node.constant(1) else {
      (held, form) = (nil, .float32)
      return
    }
    form = WeightForm(node)
    held = try Self.turned(geometry, weights, form, host: host, executor)
  }

  /// With few channels the products are not worth the packing.
  static func usesProducts(_ geometry: TransposedGeometry) -> Bool {
    geometry.type == .float32 && geometry.inputChannels >= 4
  }

  private static func weightCount(_ geometry: TransposedGeometry) -> Int {
    geometry.groups * geometry.inputChannels * geometry.outputChannels * geometry.window.taps
  }

  /// Constant weights, turned piece by piece.
  private static func turned(
    _ geometry: TransposedGeometry, _ weights: Constant, _ form: WeightForm, host: ZooHost, _ executor: Executor
  ) throws -> HostMemory {
    // Numbers of 16 bits are widened in whole vectors.
    let memory = try host.allocate((weightCount(geometry) + 16) * form.elementByteCount)
    let rows = geometry.outputChannels * geometry.window.taps
    let (channels, step) = (geometry.groups * geometry.inputChannels, max(1, (256 << 10) / max(rows, 1)))
    try executor.parallelTry((channels + step - 1) / step) { piece in
      let range = piece * step..<min((piece + 1) * step, channels)
      try form.withElements(of: weights, from: range.lowerBound * rows, count: range.count * rows) { source in
        switch form {
        case .float32: turn(geometry, range, source.assumingMemoryBound(to: Float.self), to: memory.address)
        default: turn(geometry, range, source.assumingMemoryBound(to: UInt16.self), to: memory.address)
        }
      }
    }
    return memory
  }

  /// Turns the weights of some input channels, counted through all groups.
  private static func turn<Number: BitwiseCopyable>(
    _ geometry: TransposedGeometry, _ channels: Range<Int>, _ weights: UnsafePointer<Number>,
    to target: UnsafeMutableRawPointer
  ) {
    let (depth, rows) = (geometry.inputChannels, geometry.outputChannels * geometry.window.taps)
    let target = target.assumingMemoryBound(to: Number.self)
    for row in 0..<rows {
      for channel in channels {
        let place = (channel / depth * rows + row) * depth + channel % depth
        target[place] = weights[(channel - channels.lowerBound) * rows + row]
      }
    }
  }

  var summary: String? {
    let kernel = geometry.window.kernel.map(String.init).joined(separator: "×")
    return isProduct ? "matrix product and scattered \(kernel)\(form.summary)" : "scattered \(kernel)"
  }

  var consumedInputs: [Int] { held == nil ? [] : [1] }

  private var isProduct: Bool { Self.usesProducts(geometry) }
  private var kernels: zs_kernels { host.kernels.raw }
  private var panels: Int { (geometry.window.positions + kernels.panel_columns - 1) / kernels.panel_columns }
  /// Of one image, all groups.
  private var packedCount: Int { geometry.groups * panels * kernels.panel_columns * geometry.inputChannels }

  /// Rows that a worker multiplies at once: some 256 KiB of results, but a register tile at least.
  private var chunkRows: Int {
    let rows = geometry.outputChannels * geometry.window.taps
    return min(rows, max(kernels.tile_rows, (1 << 16) / max(geometry.window.positions, 1)))
  }

  private var turnedCount: Int { held == nil ? Self.weightCount(geometry) : 0 }
  /// Channels of a task: rows for a few register tiles, but tasks for all workers.
  private var taskChannels: Int {
    let whole = max(1, 4 * kernels.tile_rows / geometry.window.taps)
    return max(1, min(whole, geometry.groups * geometry.outputChannels / (2 * workers)))
  }

  /// Weights of 16 bits, as float32 for the rows that a worker multiplies at once.
  private var widenedCount: Int {
    form == .float32 ? 0 : min(chunkRows, taskChannels * geometry.window.taps) * geometry.inputChannels + 16
  }

  private var scratchCount: Int { chunkRows * geometry.window.positions + widenedCount }

  var workspaceByteCount: Int { isProduct ? (packedCount + workers * scratchCount + turnedCount) * 4 : 0 }

  func run(_ call: Call) throws {
    guard let output = call.output(0).data else { return }
    let (x, weights) = (call.input(0), call.input(1))
    let bias = geometry.hasBias ? call.input(2).data : nil
    switch geometry.type {
    case .float32 where isProduct:
      try product(call, bias: bias?.assumingMemoryBound(to: Float.self), to: output.assumingMemoryBound(to: Float.self))
    case .float32:
      scatter(
        x.pointer(as: Float.self), weights.pointer(), bias: bias?.assumingMemoryBound(to: Float.self),
        to: output.assumingMemoryBound(to: Float.self), call.executor, conv_scatter)
    case .float64:
      scatter(
        x.pointer(as: Double.self), weights.pointer(), bias: bias?.assumingMemoryBound(to: Double.self),
        to: output.assumingMemoryBound(to: Double.self), call.executor, conv_scatter_double)
    default: throw unsupported(geometry.type)
    }
  }

  private func product(_ call: Call, bias: UnsafePointer<Float>?, to output: UnsafeMutablePointer<Float>) throws {
    guard let workspace = call.workspace?.assumingMemoryBound(to: Float.self) else { return }
    let executor = call.executor
    let (kernels, window) = (kernels, geometry.window)
    let (depth, positions, taps, panels) = (geometry.inputChannels, window.positions, window.taps, panels)
    let rows = geometry.outputChannels * taps
    let scratch = workspace + packedCount
    var turned = held.map { UnsafeRawPointer($0.address) }
    if turned == nil, let data = call.input(1).data?.assumingMemoryBound(to: Float.self) {
      let target = UnsafeMutableRawPointer(scratch + workers * scratchCount)
      executor.parallelRanges(geometry.groups * depth, grain: max(1, 16384 / max(rows, 1))) { range in
        Self.turn(geometry, range, data + range.lowerBound * rows, to: target)
      }
      turned = UnsafeRawPointer(target)
    }
    guard let turned, executor.workerCount <= workers else { throw OperatorError("the weights are missing") }
    let x = call.input(0).pointer(as: Float.self)
    let panelCount = kernels.panel_columns * depth
    let channels = taskChannels
    let tasks = (geometry.outputChannels + channels - 1) / channels
    let raw = window.raw
    for image in 0..<geometry.batch {
      let from = x + image * geometry.groups * depth * positions
      executor.parallelRanges(geometry.groups * panels, grain: max(1, 2048 / depth)) { range in
        for index in range {
          let (group, panel) = (index / panels, index % panels)
          kernels.pack(
            from + group * depth * positions, positions, 1, depth, positions, 1, panel, panel + 1,
            workspace + group * panels * panelCount)
        }
      }
      let steps = saturatingProduct([geometry.groups, depth, geometry.outputChannels, taps, positions]) / 16
      executor.parallelFor(geometry.groups * tasks, steps: steps) { task, worker in
        let (group, first) = (task / tasks, task % tasks * channels)
        let end = min(first + channels, geometry.outputChannels)
        let sums = scratch + worker * scratchCount
        let planes = output + (image * geometry.groups + group) * geometry.outputChannels * window.outputPositions
        fill(planes, first..<end, bias.map { $0 + group * geometry.outputChannels })
        var g = zs_gemm()
        g.a_stride = depth
        g.b = UnsafePointer(workspace + group * panels * panelCount)
        g.c = sums
        g.c_stride = positions
        g.columns = positions
        g.depth = depth
        g.form = ZS_NUMBERS.code
        g.activation = ZS_IDENTITY.code
        var row = first * taps
        while row < end * taps {
          let count = min(chunkRows, end * taps - row)
          g.a = numbers(
            turned, from: (group * rows + row) * depth, count: count * depth, sums + chunkRows * positions)
          g.rows = count
          host.kernels.multiply(&g, rows: 0..<count, panels: 0..<panels)
          withUnsafePointer(to: raw) { raw in
            for index in 0..<count {
              let (channel, tap) = ((row + index) / taps, (row + index) % taps)
              conv_scatter(raw, Int64(tap), 1, sums + index * positions, planes + channel * window.outputPositions)
            }
          }
          row += count
        }
      }
    }
  }

  /// Turned weights from number `first` on as float32: where they are, or widened.
  private func numbers(
    _ turned: UnsafeRawPointer, from first: Int, count: Int, _ widened: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    guard form != .float32 else { return turned.assumingMemoryBound(to: Float.self) + first }
    kernels.widen(form.code, turned.assumingMemoryBound(to: UInt16.self) + first, widened, count)
    return UnsafePointer(widened)
  }

  /// Planes of the output begin with their bias.
  private func fill<Number: BinaryFloatingPoint>(
    _ planes: UnsafeMutablePointer<Number>, _ channels: Range<Int>, _ bias: UnsafePointer<Number>?
  ) {
    let count = geometry.window.outputPositions
    for channel in channels {
      (planes + channel * count).update(repeating: bias.map { $0[channel] } ?? 0, count: count)
    }
  }

  /// Tap by tap, without a product.
  private func scatter<Number: BinaryFloatingPoint>(
    _ x: UnsafeMutablePointer<Number>, _ weights: UnsafeMutablePointer<Number>, bias: UnsafePointer<Number>?,
    to output: UnsafeMutablePointer<Number>, _ executor: Executor,
    _ add: (UnsafePointer<conv_window>?, Int64, Number, UnsafePointer<Number>?, UnsafeMutablePointer<Number>?) -> Void
  ) {
    let geometry = geometry
    let (taps, positions) = (geometry.window.taps, geometry.window.positions)
    let channels = geometry.groups * geometry.outputChannels
    let raw = geometry.window.raw
    executor.parallelFor(geometry.batch * channels) { task, _ in
      let (image, channel) = (task / channels, task % channels)
      let (group, place) = (channel / geometry.outputChannels, channel % geometry.outputChannels)
      let plane = output + task * geometry.window.outputPositions
      plane.update(repeating: bias.map { $0[channel] } ?? 0, count: geometry.window.outputPositions)
      withUnsafePointer(to: raw) { raw in
        for index in 0..<geometry.inputChannels {
          let source = group * geometry.inputChannels + index
          let kernel = weights + (source * geometry.outputChannels + place) * taps
          let from = x + (image * geometry.groups * geometry.inputChannels + source) * positions
          for tap in 0..<taps { add(raw, Int64(tap), kernel[tap], from, plane) }
        }
      }
    }
  }
}
