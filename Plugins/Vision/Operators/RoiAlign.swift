import CVisionKernels
import PluginSupport
import ZooPlugin

/// ONNX RoiAlign (He et al. 2017): bilinear samples of regions of a feature map, pooled to one size.
struct RoiAlign: Operator {
  let signature: Signature
  let kernels: VisionKernels

  init(since: Int64, kernels: VisionKernels) {
    signature = Signature("RoiAlign", since: since)
    self.kernels = kernels
  }

  private struct Settings: Sendable {
    var height, width, ratio: Int
    var scale: Float
    var takesMaximum, isHalfPixel: Bool
  }

  /// More samples a bin and axis than any picture has pixels for.
  private static let mostSamples = 1 << 14

  private func settings(_ node: Node) throws -> Settings {
    // Before operator set 16, coordinates were those of pixels' centres.
    let standard = signature.since < 16 ? "output_half_pixel" : "half_pixel"
    let coordinates = try node.attributes.string("coordinate_transformation_mode") ?? standard
    guard ["half_pixel", "output_half_pixel"].contains(coordinates) else {
      throw OperatorError("coordinate_transformation_mode \(coordinates) is unknown")
    }
    let mode = try node.attributes.string("mode") ?? "avg"
    guard ["avg", "max"].contains(mode) else { throw OperatorError("mode is \(mode), it should be avg or max") }
    return Settings(
      height: try node.whole("output_height", 1, in: 1...1 << 16),
      width: try node.whole("output_width", 1, in: 1...1 << 16),
      ratio: try node.whole("sampling_ratio", 0, in: 0...Self.mostSamples),
      scale: try node.finite("spatial_scale", 1, in: -Float.greatestFiniteMagnitude...Float.greatestFiniteMagnitude),
      takesMaximum: mode == "max", isHalfPixel: coordinates == "half_pixel")
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let settings = try settings(node)
    for index in 0..<2 {
      guard try node.input(index).type == .float32 else { throw unsupported(try node.input(index).type) }
    }
    guard try node.input(2).type == .int64 else { throw unsupported(try node.input(2).type) }
    let kernels = kernels
    return ClosureKernel { call in
      let x = call.input(0)
      let images = call.input(2).pointer(as: Int64.self)
      guard let output = call.output(0).data?.assumingMemoryBound(to: Float.self) else { return }
      let regions = call.input(1).pointer(as: Float.self)
      try call.executor.parallelTry(call.input(2).count) { index in
        let image = Int(images[index])
        guard image >= 0, image < x[dimension: 0] else {
          throw OperatorError("region \(index) is of image \(image), there are \(x[dimension: 0])")
        }
        try Self.align(
          x, image: image, region: regions + 4 * index, settings, kernels,
          to: output + index * x[dimension: 1] * settings.height * settings.width)
      }
    }
  }

  private static func align(
    _ x: TensorView, image: Int, region: UnsafeMutablePointer<Float>, _ settings: Settings, _ kernels: VisionKernels,
    to output: UnsafeMutablePointer<Float>
  ) throws {
    let (channels, height, width) = (x[dimension: 1], x[dimension: 2], x[dimension: 3])
    let offset: Float = settings.isHalfPixel ? 0.5 : 0
    let start = (x: region[0] * settings.scale - offset, y: region[1] * settings.scale - offset)
    var extent = (
      x: region[2] * settings.scale - offset - start.x, y: region[3] * settings.scale - offset - start.y
    )
    // Regions of no size become one pixel where coordinates are those of pixels' centres.
    if !settings.isHalfPixel { extent = (max(extent.x, 1), max(extent.y, 1)) }
    func grid(_ extent: Float, _ bins: Int) throws -> Int {
      if settings.ratio > 0 { return settings.ratio }
      let samples = (extent / Float(bins)).rounded(.up)
      if samples.isNaN { return 0 }
      guard samples <= Float(mostSamples) else {
        throw OperatorError("a region is \(extent) pixels long", kind: .unsupported)
      }
      return max(Int(samples), 0)
    }
    let (gridX, gridY) = (try grid(extent.x, settings.width), try grid(extent.y, settings.height))
    let (countX, countY) = (gridX * settings.width, gridY * settings.height)
    try x.host.scratch(2 * (countX + countY) + 1, of: Int32.self).withPointer { places in
      try x.host.scratch(2 * (countX + countY + settings.width), of: Float.self).withPointer { numbers in
        var across = zv_samples(
          low: places, high: places + countX, low_weight: numbers, high_weight: numbers + countX)
        var down = zv_samples(
          low: places + 2 * countX, high: places + 2 * countX + countY, low_weight: numbers + 2 * countX,
          high_weight: numbers + 2 * countX + countY)
        let rows = numbers + 2 * (countX + countY)
        zv_place_samples(&across, start.x, extent.x, settings.width, gridX, width)
        zv_place_samples(&down, start.y, extent.y, settings.height, gridY, height)
        for channel in 0..<channels {
          let from = x.pointer(as: Float.self) + (image * channels + channel) * height * width
          let to = output + channel * settings.height * settings.width
          if settings.takesMaximum {
            zv_roi_maximum(from, width, &across, &down, settings.width, settings.height, gridX, gridY, to)
          } else {
            zv_roi_average(
              from, width, &across, &down, settings.width, settings.height, gridX, gridY, to, rows, kernels.raw)
          }
        }
      }
    }
  }
}
