import CVisionKernels
import CZooPlugin
import PluginSupport
import ZooPlugin

/// The domain of the operators that ONNX does not have.
let visionDomain = "zoo.vision"

/// Finding objects: regions of pictures and boxes.
public let visionPlugin = Plugin(name: "Vision", version: "1.0") { host in
  let kernels = VisionKernels(zv_kernels_for(host.isa.rawValue))
  return [10, 16, 22].map { RoiAlign(since: $0, kernels: kernels) } as [any Operator]
    + [1, 22].map { MaxRoiPool(since: $0) }
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
