import KernelSupport
import PluginSupport
import ZooPlugin

/// Rows times a matrix of coefficients [outputs, features], plus an intercept for each output.
struct LinearModel: Sendable {
  let outputs: Int
  let features: Int
  private let coefficients: [Float]
  private let intercepts: [Float]
  private let kernels: VectorKernels

  /// - Parameter outputs: Rows of `coefficients`; `nil` where the number of intercepts tells.
  init(
    coefficients: [Float], intercepts: [Float], outputs: Int?, features: Int, kernels: VectorKernels
  ) throws {
    let outputs = outputs ?? intercepts.count
    // More coefficients than there are features to go with are left over at the end, as ONNX Runtime has it.
    guard outputs > 0, try outputs.times(features) <= coefficients.count else {
      throw OperatorError(
        "\(coefficients.count) coefficients don't go with \(outputs) outputs and an input of \(features) features")
    }
    guard intercepts.isEmpty || intercepts.count == outputs else {
      throw OperatorError("there are \(intercepts.count) intercepts for \(outputs) outputs")
    }
    self.outputs = outputs
    self.features = features
    self.coefficients = coefficients
    self.intercepts = intercepts
    self.kernels = kernels
  }

  /// Writes `outputs` values for each of `count` rows to `results`, `stride` apart.
  func apply(
    to rows: UnsafePointer<Float>, count: Int, results: UnsafeMutablePointer<Float>, stride: Int, executor: Executor
  ) {
    executor.parallelRanges(count, grain: max(1, 65536 / max(1, features * outputs))) { range in
      coefficients.withUnsafeBufferPointer { coefficients in
        for row in range {
          let result = results + row * stride
          guard let first = coefficients.baseAddress else {
            for output in 0..<outputs { result[output] = intercepts.isEmpty ? 0 : intercepts[output] }
            continue
          }
          kernels.raw.dots(rows + row * features, first, features, outputs, features, 1, result)
          if !intercepts.isEmpty { for output in 0..<outputs { result[output] += intercepts[output] } }
        }
      }
    }
  }
}
