import KernelSupport
import PluginSupport
import ZooPlugin

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The kernel of a support vector machine over its support vectors.
struct SupportVectors: Sendable {
  enum Kind: String, Sendable {
    case linear = "LINEAR"
    case polynomial = "POLY"
    case radial = "RBF"
    case sigmoid = "SIGMOID"
  }

  let kind: Kind
  let count: Int
  let features: Int
  private let vectors: [Float]
  private let gamma, offset, degree: Float
  private let kernels: VectorKernels

  /// - Parameter count: How many vectors there are.
  init(_ node: Node, vectors: [Float], count: Int, features: Int, kernels: VectorKernels) throws {
    let name = try node.attributes.string("kernel_type") ?? "LINEAR"
    guard let kind = Kind(rawValue: name) else { throw OperatorError("kernel_type \(name) is unknown") }
    guard count > 0, vectors.count % count == 0, vectors.count / count == features else {
      throw OperatorError(
        "\(vectors.count) numbers are not \(count) support vectors of \(features) features, which the input has")
    }
    let parameters = try node.attributes.numbers("kernel_params")
    guard parameters.isEmpty || parameters.count == 3 else {
      throw OperatorError("kernel_params holds \(parameters.count) numbers, not gamma, coef0 and degree")
    }
    self.kind = kind
    self.count = count
    self.features = features
    self.vectors = vectors
    self.kernels = kernels
    (gamma, offset, degree) =
      parameters.count == 3 ? (parameters[0], parameters[1], parameters[2]) : (0, 0, 0)
  }

  /// The kernel of `row` and each vector.
  func values(_ row: UnsafePointer<Float>, to values: UnsafeMutablePointer<Float>) {
    vectors.withUnsafeBufferPointer { vectors in
      guard let first = vectors.baseAddress else { return values.update(repeating: 0, count: count) }
      if kind == .radial {
        // Not by way of products: near vectors would lose their digits.
        for vector in 0..<count {
          let other = first + vector * features
          var sum: Float = 0
          for index in 0..<features {
            let difference = row[index] - other[index]
            sum += difference * difference
          }
          values[vector] = expf(-gamma * sum)
        }
        return
      }
      kernels.raw.dots(row, first, features, count, features, 1, values)
    }
    switch kind {
    case .linear, .radial: break
    case .polynomial: for index in 0..<count { values[index] = powf(gamma * values[index] + offset, degree) }
    case .sigmoid: for index in 0..<count { values[index] = tanhf(gamma * values[index] + offset) }
    }
  }
}
