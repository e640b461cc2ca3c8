import CVectorKernels
import ZooPlugin

/// One of ONNX's functions of one number: what kernels call it, and the attributes that are its parameters.
package struct UnaryFunction: Sendable {
  package struct Parameter: Sendable {
    package let name: String
    /// Its value where a node does not give it.
    package let standard: Float
  }

  /// ONNX's operator.
  package let name: String
  /// The version from which the parameters are these.
  package let since: Int64
  /// In the kernels' order.
  package let parameters: [Parameter]
  private let code: zs_unary
  /// The function where the attribute `approximate` says "tanh".
  private let approximation: zs_unary?

  private init(
    _ name: String, _ code: zs_unary, approximation: zs_unary? = nil, since: Int64 = 1,
    _ parameters: KeyValuePairs<String, Float> = [:]
  ) {
    (self.name, self.code, self.approximation, self.since) = (name, code, approximation, since)
    self.parameters = parameters.map { Parameter(name: $0.key, standard: $0.value) }
  }

  /// Of one name the oldest first.
  package static let all: [UnaryFunction] = [
    UnaryFunction("Abs", ZS_ABS), UnaryFunction("Acos", ZS_ACOS), UnaryFunction("Acosh", ZS_ACOSH),
    UnaryFunction("Asin", ZS_ASIN), UnaryFunction("Asinh", ZS_ASINH), UnaryFunction("Atan", ZS_ATAN),
    UnaryFunction("Atanh", ZS_ATANH), UnaryFunction("BitwiseNot", ZS_BITWISE_NOT), UnaryFunction("Ceil", ZS_CEIL),
    UnaryFunction("Celu", ZS_CELU, ["alpha": 1]), UnaryFunction("Cos", ZS_COS), UnaryFunction("Cosh", ZS_COSH),
    UnaryFunction("Elu", ZS_ELU, ["alpha": 1]), UnaryFunction("Erf", ZS_ERF), UnaryFunction("Exp", ZS_EXP),
    UnaryFunction("Floor", ZS_FLOOR), UnaryFunction("Gelu", ZS_GELU, approximation: ZS_GELU_TANH, since: 20),
    UnaryFunction("HardSigmoid", ZS_HARD_SIGMOID, ["alpha": 0.2, "beta": 0.5]),
    UnaryFunction("HardSwish", ZS_HARD_SWISH), UnaryFunction("LeakyRelu", ZS_LEAKY_RELU, ["alpha": 0.01]),
    UnaryFunction("Log", ZS_LOG), UnaryFunction("Mish", ZS_MISH), UnaryFunction("Neg", ZS_NEG),
    UnaryFunction("Not", ZS_BITWISE_NOT), UnaryFunction("Reciprocal", ZS_RECIPROCAL), UnaryFunction("Relu", ZS_RELU),
    UnaryFunction("Round", ZS_ROUND), UnaryFunction("Selu", ZS_SELU, ["alpha": 1.6732, "gamma": 1.0507]),
    UnaryFunction(
      "Selu", ZS_SELU, since: 6, ["alpha": 1.67326319217681884765625, "gamma": 1.05070102214813232421875]),
    UnaryFunction("Shrink", ZS_SHRINK, ["lambd": 0.5, "bias": 0]), UnaryFunction("Sigmoid", ZS_SIGMOID),
    UnaryFunction("Sign", ZS_SIGN), UnaryFunction("Sin", ZS_SIN), UnaryFunction("Sinh", ZS_SINH),
    UnaryFunction("Softplus", ZS_SOFTPLUS), UnaryFunction("Softsign", ZS_SOFTSIGN), UnaryFunction("Sqrt", ZS_SQRT),
    UnaryFunction("Swish", ZS_SWISH, ["alpha": 1]), UnaryFunction("Tan", ZS_TAN), UnaryFunction("Tanh", ZS_TANH),
    UnaryFunction("ThresholdedRelu", ZS_THRESHOLDED_RELU, ["alpha": 1]),
  ]

  /// Whether it is one of floats, for which there are kernels.
  package var isOfFloats: Bool { code.rawValue < ZS_BITWISE_NOT.rawValue }

  /// The function with what the attributes of a node or a step say.
  package func activation(_ attributes: Attributes) throws -> Activation {
    let isApproximate = try approximation != nil && attributes.string("approximate") == "tanh"
    return Activation(
      code: (isApproximate ? approximation ?? code : code).code,
      parameters: try parameters.map { try attributes.float($0.name) ?? $0.standard })
  }

  /// The function whose parameters, those of them that are not standard, `value` gives.
  package func activation(_ value: (Parameter) -> Float?) -> Activation {
    Activation(code: code.code, parameters: parameters.map { value($0) ?? $0.standard })
  }
}
