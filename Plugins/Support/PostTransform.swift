import ZooPlugin

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What becomes of a row of scores (`post_transform` of ai.onnx.ml).
package enum PostTransform: String, Sendable {
  case none = "NONE"
  case softmax = "SOFTMAX"
  case logistic = "LOGISTIC"
  /// Softmax in which scores of zero stay zero.
  case softmaxZero = "SOFTMAX_ZERO"
  case probit = "PROBIT"

  package init(_ node: Node) throws {
    let name = try node.attributes.string("post_transform") ?? "NONE"
    guard let transform = PostTransform(rawValue: name) else {
      throw OperatorError("post_transform \(name) is unknown")
    }
    self = transform
  }

  /// A single score stays as it is, but for PROBIT: so ONNX Runtime reads the specification.
  package func apply(_ scores: UnsafeMutableBufferPointer<Float>) {
    if scores.count == 1, self != .probit { return }
    switch self {
    case .none: break
    case .logistic: for index in scores.indices { scores[index] = logisticFunction(scores[index]) }
    case .probit: for index in scores.indices { scores[index] = probitFunction(scores[index]) }
    case .softmax, .softmaxZero:
      let keepsZero = self == .softmaxZero
      let most = scores.max() ?? 0
      var sum: Float = 0
      for index in scores.indices where !(keepsZero && abs(scores[index]) <= 1e-7) {
        scores[index] = expf(scores[index] - most)
        sum += scores[index]
      }
      if sum != 0 { for index in scores.indices { scores[index] /= sum } }
    }
  }
}

/// 1 / (1 + exp(-x)), without overflow.
package func logisticFunction(_ x: Float) -> Float {
  let small = 1 / (1 + expf(-abs(x)))
  return x < 0 ? 1 - small : small
}

/// √2 · erf⁻¹(2 x - 1), by Winitzki's approximation of the inverse ("A handy approximation for the error function and
/// its inverse", 2008), which ONNX's implementations share.
private func probitFunction(_ score: Float) -> Float {
  let x = 2 * score - 1
  let sign: Float = x < 0 ? -1 : 1
  let product = logf((1 - x) * (1 + x))
  let v = 2 / (Float.pi * 0.147) + 0.5 * product
  let w = product / 0.147
  return 1.41421356 * sign * sqrtf(-v + sqrtf(v * v - w))
}
