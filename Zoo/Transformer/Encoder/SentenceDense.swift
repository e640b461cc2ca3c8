import GraphBuilder
import HuggingFace
import ZooCore

/// A fully connected layer on the vector of a text, as sentence-transformers' `Dense`.
struct SentenceDense {
  private let path: String
  private let weights: [NamedTensor]
  private let inputs: Int
  let outputs: Int
  private let hasBias: Bool
  private let activation: Activation
  /// Whether the input is added to the result, projected where the widths differ.
  private let hasResidual: Bool

  init(_ settings: PretrainedSettings, _ path: String, _ folder: PretrainedFolder) throws {
    try settings.require([
      "module_input_name": .text("sentence_embedding"), "module_output_name": .text("sentence_embedding"),
    ])
    self.path = path
    inputs = try settings.count("in_features")
    outputs = try settings.count("out_features")
    hasBias = try settings.bool("bias", default: true)
    hasResidual = try settings.bool("use_residual", default: false)
    let function = try settings.text("activation_function", default: "torch.nn.modules.activation.Tanh")
    switch function.hasPrefix("torch.nn.") ? function.split(separator: ".").last : nil {
    case "Tanh": activation = .tanh
    case "Identity": activation = .identity
    case "ReLU": activation = .relu
    case "GELU": activation = .gelu
    case "Sigmoid": activation = .sigmoid
    case "SiLU": activation = .silu
    default:
      throw ZooError(
        .unsupported, "\"activation_function\" is \(function), which is unknown", at: "\(path)/config.json")
    }
    weights = try SentenceModule.weights(folder, path)
  }

  func apply(
    to value: GraphBuilder.Value, width: Int, _ graph: inout GraphBuilder
  ) throws -> GraphBuilder.Value {
    guard width == inputs else {
      throw ZooError(
        .badData, "the layer takes vectors of \(inputs) components, not of \(width)", at: "\(path)/config.json")
    }
    var parameters = try Parameters(weights)
    let layer = try graph.projection(
      value, "\(path).linear", inputs: inputs, outputs: outputs, hasBias: hasBias, &parameters)
    var result = try graph.activation(layer, "\(path).activation", activation)
    if hasResidual {
      let residual =
        inputs == outputs
        ? value
        : try graph.projection(
          value, "\(path).residual", inputs: inputs, outputs: outputs, hasBias: false, &parameters)
      result = graph.add(result, residual, "\(path).sum")
    }
    try parameters.finish(for: "a layer of \(inputs) inputs and \(outputs) outputs")
    return result
  }
}
