import CVisionKernels
import CZooPlugin
import PluginSupport
import ZooPlugin

/// The domain of the operators that ONNX does not have.
let visionDomain = "zoo.vision"

/// Finding objects: regions of pictures and boxes.
public let visionPlugin = Plugin(name: "Vision", version: "1.0") { host in
  let kernels = VisionKernels(zv_kernels_for(host.isa.rawValue))
  return [10, 16, 22].map { RoiAlign(since: $0, kernels: kernels).withHalves() } as [any Operator]
    + [1, 22].map { MaxRoiPool(since: $0).withHalves() }
    + [10, 11].map { NonMaxSuppression(since: $0, kernels: kernels) }
    + [
      SelectiveSearch(kernels: kernels), ExpandBoxes(), ApplyBoxRegression(), ClassNonMaxSuppression(kernels: kernels),
    ]
}

/// The plugin's table for a host that links it statically.
public func visionPluginEntry(_ abi: UInt32, _ host: UnsafePointer<zoo_host>) -> UnsafePointer<zoo_plugin>? {
  visionPlugin.export(abi, host)
}

/// A table of kernels; constant for the life of the process.
struct VisionKernels: Sendable {
  nonisolated(unsafe) let raw: UnsafePointer<zv_kernels>

  init(_ raw: UnsafePointer<zv_kernels>) { self.raw = raw }
}

extension Node {
  /// Input `index`, which has to be float32.
  func floats(_ index: Int, _ name: String, rank: Int) throws -> TensorView {
    let tensor = try input(index)
    guard tensor.type == .float32 else { throw unsupported(tensor.type) }
    guard tensor.rank == rank else {
      throw OperatorError("\(name) has the shape \(tensor.shape), its rank should be \(rank)")
    }
    return tensor
  }

  /// Input `index` of N×4 boxes: left, top, right, bottom.
  func boxes(_ index: Int) throws -> TensorView {
    let boxes = try floats(index, "boxes", rank: 2)
    guard boxes[dimension: 1] == 4 else { throw OperatorError("boxes have the shape \(boxes.shape), not [N, 4]") }
    return boxes
  }

  func finite(_ name: String, _ standard: Float, in range: ClosedRange<Float>) throws -> Float {
    let value = try attributes.float(name) ?? standard
    guard range.contains(value) else {
      throw OperatorError("attribute \(name) is \(value), it should be from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func whole(_ name: String, _ standard: Int, in range: ClosedRange<Int>) throws -> Int {
    let value = try attributes.int(name) ?? standard
    guard range.contains(value) else {
      throw OperatorError("attribute \(name) is \(value), it should be from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }
}
