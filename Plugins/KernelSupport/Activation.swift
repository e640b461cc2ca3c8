import CVectorKernels
import ZooPlugin

/// An elementwise function of one float32 with its parameters.
package struct Activation: Sendable, Equatable {
  package var code: Int32
  package var a: Float
  package var b: Float

  /// Whether there are kernels for it.
  package var isOfFloats: Bool { code < ZS_BITWISE_NOT.code }

  package static let identity = Activation(code: ZS_IDENTITY.code)

  package init(code: Int32, a: Float = 0, b: Float = 0) { (self.code, self.a, self.b) = (code, a, b) }

  init(code: Int32, parameters: [Float]) {
    self.init(code: code, a: parameters.first ?? 0, b: parameters.dropFirst().first ?? 0)
  }

  /// What `step` applies to the value so far; `nil` where that is not a function of it alone for which there are kernels.
  package init?(_ step: Step, in node: Node) {
    let operands = step.operands
    guard operands.first == .some(nil), operands.dropFirst().allSatisfy({ $0 != nil }) else { return nil }
    if step.operatorType == "Clip" {
      self.init(clip: step.attributes, bounds: operands.dropFirst().map { $0.flatMap(node.optionalInput) })
      return
    }
    let versions = UnaryFunction.all.filter { $0.name == step.operatorType }
    // A step does not say its version: the node's tells whether it can be an older one.
    guard operands.count == 1, let function = versions.last, function.isOfFloats,
      versions.count == 1 || node.opset >= function.since,
      let activation = try? function.activation(step.attributes)
    else { return nil }
    self = activation
  }

  /// ONNX Clip; `nil` where a bound is not known yet.
  ///
  /// - Parameters:
  ///   - attributes: Which bound up to version 10.
  ///   - bounds: Which do so since.
  package init?(clip attributes: Attributes?, bounds: [TensorView?]) {
    var limits: [Float] = [-.infinity, .infinity]
    guard bounds.count <= 2 else { return nil }
    for (index, name) in ["min", "max"].enumerated() {
      if let bound = index < bounds.count ? bounds[index] : nil {
        guard bound.type == .float32, bound.count == 1, let data = bound.data else { return nil }
        limits[index] = data.assumingMemoryBound(to: Float.self).pointee
      } else if let attributes {
        guard let bound = try? attributes.float(name) ?? limits[index] else { return nil }
        limits[index] = bound
      }
    }
    self.init(code: ZS_CLIP.code, parameters: limits)
  }

  /// Whether zero stays zero, so that blocked padding does.
  package var keepsZero: Bool {
    guard isOfFloats else { return false }
    var (zero, result): (Float, Float) = (0, 0)
    zs_kernels_for(0, 0, 0).pointee.unary(code, &zero, &result, 1, a, b)
    return result == 0
  }

  /// The activation that is the whole epilogue of `node`; `nil` for any other epilogue.
  package static func only(of node: Node) -> Activation? {
    let steps = node.epilogue
    if steps.isEmpty { return .identity }
    return steps.count == 1 ? Activation(steps[0], in: node) : nil
  }

  /// As `only`, for a node that the host has built from steps that were accepted.
  package static func required(of node: Node) throws -> Activation {
    guard let activation = only(of: node) else {
      throw OperatorError("the steps folded onto the node are not supported", kind: .unsupported)
    }
    return activation
  }
}
