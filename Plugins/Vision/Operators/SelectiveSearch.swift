import CVisionKernels
import PluginSupport
import Synchronization
import ZooPlugin

/// zoo.vision SelectiveSearch: regions of a picture that may be objects (Uijlings et al. 2013).
///
/// Input: a picture 1×3×H×W of float32 from 0 to 255, red, green, blue. Outputs: `boxes`, max_boxes×4 float32 (left, top,
/// right, bottom in pixel edges of the picture; rows without a box are zero), and `count`, one int64.
///
/// The picture is segmented (Felzenszwalb and Huttenlocher 2004) in several colour spaces and with several k; each
/// segmentation is grouped by several strategies. No two boxes are the same.
///
/// Attributes
/// - mode: `fast` (HSV and Lab; three k; colour + texture + size + fill, and the same without colour) or `quality` (also
///   grey, blue, and red-green-grey; five k; also fill alone and size alone)
/// - k, k_step: the segmentations' k: k, k + k_step, … (150, 150)
/// - sigma: of the blur before segmenting (0.8)
/// - min_size: pixels of the smallest region of a segmentation (100)
/// - scale: the search works on the picture at this size (1)
/// - min_side, max_side: of a box, in pixels of the picture: the shorter side is at least min_side, the longer one at most
///   max_side (0: any)
/// - max_boxes: rows of the output (2000)
struct SelectiveSearch: Operator {
  let signature = Signature("SelectiveSearch", domain: visionDomain, since: 1)
  let kernels: VisionKernels

  /// Pixels are numbered with 30 bits; beyond this, memory runs out first.
  private static let mostPixels = 1 << 26

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let most = try node.whole("max_boxes", 2000, in: 1...1 << 24)
    let picture = try node.input(0)
    let (height, width) = (picture[dimension: 2], picture[dimension: 3])
    let scale = try node.finite("scale", 1, in: 1e-3...1)
    var options = zv_search_options()
    switch try node.attributes.string("mode") ?? "fast" {
    case "fast": options.quality = 0
    case "quality": options.quality = 1
    case let mode: throw OperatorError("attribute mode is \(mode), it should be fast or quality")
    }
    options.k = try node.finite("k", 150, in: 0...1e9)
    options.k_step = try node.finite("k_step", 150, in: 0...1e9)
    options.sigma = try node.finite("sigma", 0.8, in: 0...100)
    options.smallest_region = Int32(try node.whole("min_size", 100, in: 1...1 << 30))
    options.smallest_side = try node.finite("min_side", 0, in: 0...Float.greatestFiniteMagnitude)
    let largest = try node.finite("max_side", 0, in: 0...Float.greatestFiniteMagnitude)
    options.largest_side = largest > 0 ? largest : .infinity
    options.height = max(1, Int((Float(height) * scale).rounded()))
    options.width = max(1, Int((Float(width) * scale).rounded()))
    guard options.height <= Self.mostPixels / options.width else {
      throw OperatorError(
        "a picture of \(width)×\(height) pixels is too large to be searched; make scale or the picture smaller",
        kind: .unsupported)
    }
    let (kernels, settings) = (kernels, options)
    return ClosureKernel { call in
      let boxes = call.output(0).data?.assumingMemoryBound(to: Float.self)
      let found =
        height > 0 && width > 0
        ? try Self.search(call.input(0).pointer(), height, width, settings, kernels, boxes, most, call.executor) : 0
      if let boxes { (boxes + 4 * found).update(repeating: 0, count: 4 * (most - found)) }
      call.output(1).data?.assumingMemoryBound(to: Int64.self).pointee = Int64(found)
    }
  }

  private static func search(
    _ picture: UnsafeMutablePointer<Float>, _ height: Int, _ width: Int, _ options: zv_search_options,
    _ kernels: VisionKernels, _ boxes: UnsafeMutablePointer<Float>?, _ most: Int, _ executor: Executor
  ) throws -> Int {
    let noMemory = OperatorError("no memory to search a picture of \(width)×\(height) pixels", kind: .outOfMemory)
    let search = withUnsafePointer(to: options) { zv_search_new(picture, height, width, $0, kernels.raw) }
    guard let search else { throw noMemory }
    defer { zv_search_free(search) }
    let handle = UnsafeTransfer(value: search)
    for phase in 0..<zv_search_phase_count() {
      let failed = Atomic(false)
      executor.parallelFor(zv_search_task_count(search, phase)) { task, _ in
        if zv_search_run(handle.value, phase, task) != 0 { failed.store(true, ordering: .relaxed) }
      }
      if failed.load(ordering: .relaxed) { throw noMemory }
    }
    guard let boxes else { return 0 }
    let found = zv_search_boxes(search, boxes, most)
    guard found >= 0 else { throw noMemory }
    return found
  }
}

/// A pointer that tasks share by the kernels' own rules.
private struct UnsafeTransfer: @unchecked Sendable {
  let value: OpaquePointer
}
