import CConvKernels
import CVectorKernels
import KernelSupport
import PluginSupport
import ZooPlugin

/// A convolution of 8-bit integers with zero points, whose int32 sums are exact. What ConvInteger and QLinearConv share.
///
/// The input is turned so that the channels of a pixel follow each other; each position of the output is a row of a
/// product then, of one run for each tap.
struct IntegerConv: Sendable {
  /// Of a node's inputs; a bias may be there.
  struct Places: Sendable {
    var x, xZero, weights, weightZero: Int
    var bias: Int?
  }

  let geometry: ConvGeometry
  /// The weights, if they are constant and have more than one channel in a group.
  private let packed: PackedBytes?
  private let places: Places
  private let host: ZooHost
  private let workers: Int
  private let xIsSigned: Bool
  private let source: PackedBytes.Source
  /// Channels that follow each other in a pixel: of a group, or all of them. Their quads.
  private let run, runQuads: Int
  private let pixels, pixelQuads: Int
  private let tiles: ProductTiles
  private let panelsOfGroup: Int
  private let memory: Memory

  /// Places in the workspace, in bytes.
  private struct Memory: Sendable {
    var imageLength, weights, sums, scratch, scratchLength, total: Int
  }

  /// Positions that are turned at once.
  private static let chunk = 64

  /// - Parameter packed: of a kernel for other shapes, which is taken if the weights are the same.
  init(_ node: Node, _ places: Places, packed: PackedBytes?, host: ZooHost, executor: Executor) throws {
    let (x, w) = (try node.input(places.x), try node.input(places.weights))
    for tensor in [x, w] where tensor.type != .int8 && tensor.type != .uint8 { throw unsupported(tensor.type) }
    let geometry = try ConvGeometry(type: x.type, input: x.shape, weights: w.shape, node.attributes)
    if let bias = places.bias, bias < node.ownInputCount, let tensor = node.optionalInput(bias) {
      guard tensor.type == .int32, tensor.shape == [w[dimension: 0]] else {
        throw OperatorError(
          "the bias is \(tensor.type.name) of shape \(tensor.shape), not int32 of [\(w[dimension: 0])]")
      }
    }
    (self.geometry, self.places, self.host, workers) = (geometry, places, host, executor.workerCount)
    xIsSigned = x.type == .int8
    let (groups, inputs, outputs) = (geometry.groups, geometry.inputChannels, geometry.outputChannels)
    let taps = geometry.window.kernel.reduce(1, *)
    source = PackedBytes.Source(
      matrices: groups, taps: taps, depth: inputs, columns: outputs,
      strides: (outputs * inputs * taps, 1, taps, inputs * taps))
    run = geometry.isDepthwise || inputs % 4 == 0 ? groups * inputs : inputs
    runQuads = quads(of: run)
    pixels = geometry.window.input.reduce(1, *)
    pixelQuads = try (groups * inputs / max(run, 1)).times(runQuads)
    guard try (pixels + 1).times(pixelQuads) <= Int(Int32.max) else {
      throw OperatorError(
        "an image of \(pixels) pixels and \(groups * inputs) channels is too large", kind: .unsupported)
    }
    let width = host.kernels.raw.panel_columns
    panelsOfGroup = geometry.isDepthwise ? (groups + width - 1) / width : (outputs + width - 1) / width
    tiles = ProductTiles(
      rows: geometry.window.output.reduce(1, *),
      columns: panelsOfGroup * width * (geometry.isDepthwise ? 1 : groups),
      depth: geometry.isDepthwise ? taps : inputs * taps, panelColumns: width, unit: 16, workers: workers,
      tall: min(64, (1 << 16) / max(taps, 1)))
    self.packed =
      geometry.isDepthwise
      ? nil
      : try .constant(node, places.weights, as: source, reusing: packed, host: host, executor: executor)
    memory = try Self.memory(self.packed, source, geometry, tiles, pixelQuads, pixels, workers, host)
  }

  private static func memory(
    _ packed: PackedBytes?, _ source: PackedBytes.Source, _ geometry: ConvGeometry, _ tiles: ProductTiles,
    _ pixelQuads: Int, _ pixels: Int, _ workers: Int, _ host: ZooHost
  ) throws -> Memory {
    let kernels = host.kernels.raw
    func whole(_ bytes: Int) throws -> Int { try bytes.adding(63) / 64 * 64 }
    let imageLength = try (pixels + 1).times(pixelQuads).times(4)
    // Of a pixel's last channels, a whole panel is read.
    let images = try whole(geometry.batch.times(imageLength).adding(kernels.panel_columns))
    var weights = 0
    if geometry.isDepthwise {
      let channels = (geometry.groups + kernels.panel_columns - 1) / kernels.panel_columns * kernels.panel_columns
      weights = try whole(channels.times((source.taps + 1) / 2 + 1).times(4))
    } else if packed == nil {
      weights = try whole(PackedBytes.byteCount(source, host))
    }
    let channels = geometry.groups * geometry.inputChannels
    let places = try whole(source.taps.times(tiles.height).times(4))
    let part = try whole(tiles.height.times(kernels.panel_columns).times(5))
    let scratch = try whole(max(places + part, chunk.times(channels)))
    return Memory(
      imageLength: imageLength, weights: images, sums: places, scratch: images + weights, scratchLength: scratch,
      total: try scratch.times(workers).adding(images + weights))
  }

  /// The kernel that `body` runs.
  func kernel(remake: @escaping IntegerKernel.Remake, _ body: @escaping @Sendable (Call) throws -> Void)
    -> IntegerKernel
  {
    IntegerKernel(
      geometry.isDepthwise ? "integer depthwise" : "integer product", packed: packed, input: places.weights,
      workspaceByteCount: memory.total, remake: remake, body: body)
  }

  var channels: Int { geometry.groups * geometry.outputChannels }
  var positions: Int { geometry.window.output.reduce(1, *) }

  /// Sums that are done: of `channels` output channels from `channel` on, in rows of a panel's length for `positions`.
  struct Part {
    var image, channel, channels: Int
    var positions: Range<Int>
    var sums: UnsafeMutablePointer<Int32>
    /// A byte for each of them.
    var spare: UnsafeMutablePointer<UInt8>
  }

  /// Calls `finish` with all sums in parts, on any worker.
  func run(_ call: Call, finish: (Part) -> Void) throws {
    guard let workspace = call.workspace else { return }
    let zero = try zeroPoint(call)
    let rest = turn(call, zero: zero, workspace)
    var g = zs_integers()
    g.place_stride = tiles.height
    g.row_zero_step = 0
    let weights = call.input(places.weights)
    let weightZero = call.optionalInput(places.weightZero)
    if geometry.isDepthwise {
      try packDepthwise(weights, weightZero, at: workspace + memory.weights, &g)
      return multiply(g, rest, nil, nil, call.executor, workspace, finish)
    }
    let b =
      try packed
      ?? .packing(weights, as: source, host: host, at: workspace + memory.weights, executor: call.executor)
    multiply(g, rest, b, try b.columnZeros(weightZero?.integersOfBytes()), call.executor, workspace, finish)
  }

  private func zeroPoint(_ call: Call) throws -> Int32 {
    guard let zero = call.optionalInput(places.xZero) else { return 0 }
    guard zero.count == 1, zero.type == (xIsSigned ? .int8 : .uint8) else {
      throw OperatorError("the input's zero point is \(zero.type.name) of shape \(zero.shape)")
    }
    return try zero.integersOfBytes()[0]
  }

  /// Turns the images so that channels are innermost, with a pixel of padding after the last. Returns what is left of
  /// the zero point.
  private func turn(_ call: Call, zero: Int32, _ workspace: UnsafeMutableRawPointer) -> Int32 {
    let kernels = host.kernels.raw
    let isSigned: Int32 = xIsSigned ? 1 : 0
    let rest = kernels.row_integers(workspace, 0, isSigned, zero, workspace)
    let bytes = call.input(places.x).pointer(as: UInt8.self)
    let channels = geometry.groups * geometry.inputChannels
    let pixelLength = pixelQuads * 4
    let chunks = (pixels + Self.chunk - 1) / Self.chunk
    call.executor.parallelFor(geometry.batch * chunks) { index, worker in
      let (image, first) = (index / chunks, index % chunks * Self.chunk)
      let count = min(Self.chunk, pixels - first)
      let turned = workspace + memory.scratch + worker * memory.scratchLength
      kernels.transpose_bytes(bytes + image * channels * pixels + first, pixels, channels, count, turned, channels)
      let target = workspace + image * memory.imageLength + first * pixelLength
      if run % 4 == 0 {
        _ = kernels.row_integers(turned, count * channels, isSigned, zero, target)
      } else {
        for part in 0..<count * (channels / run) {
          _ = kernels.row_integers(
            turned + part * run, run, isSigned, zero, target + part * runQuads * 4)
        }
      }
    }
    for image in 0..<geometry.batch {
      let border = workspace + image * memory.imageLength + pixels * pixelLength
      border.initializeMemory(
        as: UInt8.self, repeating: UInt8(truncatingIfNeeded: rest), count: pixelLength)
    }
    return rest
  }

  private func packDepthwise(
    _ weights: TensorView, _ zero: TensorView?, at target: UnsafeMutableRawPointer, _ g: inout zs_integers
  ) throws {
    let kernels = host.kernels.raw
    let zeros = try zero?.integersOfBytes()
    let count = zeros?.count ?? 1
    guard count == 1 || count == geometry.groups else {
      throw OperatorError("\(count) zero points for \(geometry.groups) channels")
    }
    let b = target.assumingMemoryBound(to: Float.self)
    let steps = panelsOfGroup * kernels.panel_columns * ((source.taps + 1) / 2)
    let sums = (target + steps * 4).assumingMemoryBound(to: Int32.self)
    func pack(_ zeros: UnsafePointer<Int32>) {
      kernels.pack_depthwise(
        weights.pointer(as: UInt8.self), source.taps, geometry.groups, weights.type == .int8 ? 1 : 0, zeros,
        count == 1 ? 0 : 1, b, sums)
    }
    if let zeros { zeros.withPointer { pack($0) } } else { pack([0]) }
    (g.taps, g.columns) = (source.taps, geometry.groups)
    g.b = UnsafePointer(b)
    g.column_sums = UnsafePointer(sums)
  }

  private func multiply(
    _ g: zs_integers, _ rest: Int32, _ b: PackedBytes?, _ columnZeros: Scratch<Int32>?, _ executor: Executor,
    _ workspace: UnsafeMutableRawPointer, _ finish: (Part) -> Void
  ) {
    let kernels = host.kernels.raw
    let width = kernels.panel_columns
    let window = geometry.window.raw
    withExtendedLifetime((b, columnZeros)) {
      executor.parallelFor(geometry.batch * tiles.count) { index, worker in
        let image = index / tiles.count
        let (rows, panels) = tiles[index % tiles.count]
        let scratch = workspace + memory.scratch + worker * memory.scratchLength
        let places = scratch.assumingMemoryBound(to: Int32.self)
        withUnsafePointer(to: window) {
          conv_places($0, Int64(rows.lowerBound), Int64(rows.count), Int64(pixelQuads), places, Int64(tiles.height))
        }
        let sums = (scratch + memory.sums).assumingMemoryBound(to: Int32.self)
        let spare = UnsafeMutableRawPointer(sums + tiles.height * width).assumingMemoryBound(to: UInt8.self)
        withUnsafePointer(to: rest) { rest in
          var g = g
          g.places = UnsafePointer(places)
          g.row_zeros = rest
          g.c_stride = width
          for number in panels {
            let (group, panel) = (number / panelsOfGroup, number % panelsOfGroup)
            let start = workspace + image * memory.imageLength
            b?.set(&g, matrix: group, zeros: columnZeros)
            g.a = UnsafeRawPointer(start + group * 4 * quads(of: source.depth))
            // The panel's own columns come first in the sums.
            g.c = sums - panel * width
            withUnsafePointer(to: g) { g in
              if b == nil {
                kernels.depthwise_integers(g, 0, rows.count, panel, panel + 1)
              } else {
                kernels.bytes.integers(g, 0, rows.count, panel, panel + 1)
              }
            }
            finish(
              Part(
                image: image, channel: group * geometry.outputChannels + panel * width,
                channels: min(width, g.columns - panel * width), positions: rows, sums: sums, spare: spare))
          }
        }
      }
    }
  }
}
