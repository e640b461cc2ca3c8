import GraphBuilder
import HuggingFace
import ZooCore

/// How tokens' vectors become one (Reimers and Gurevych 2019, "Sentence-BERT", section 3), or several that are joined.
struct SentencePooling {
  enum Mode: String {
    case first = "cls"
    case maximum = "max"
    case mean
    /// The sum divided by the root of the number of tokens.
    case rootMean = "mean_sqrt_len_tokens"
    /// The mean with the tokens' places, from 1, as weights.
    case weightedMean = "weightedmean"
    case last = "lasttoken"
  }

  let modes: [Mode]
  /// Whether the tokens of a prompt count.
  let includesPrompt: Bool

  /// Older files have a flag for each mode, whose vectors are joined in this order.
  private static let flags: KeyValuePairs<String, Mode> = [
    "pooling_mode_cls_token": .first, "pooling_mode_max_tokens": .maximum, "pooling_mode_mean_tokens": .mean,
    "pooling_mode_mean_sqrt_len_tokens": .rootMean, "pooling_mode_weightedmean_tokens": .weightedMean,
    "pooling_mode_lasttoken": .last,
  ]

  init(_ mode: Mode) { (modes, includesPrompt) = ([mode], true) }

  init(_ settings: PretrainedSettings) throws {
    includesPrompt = try settings.bool("include_prompt", default: true)
    if let value = settings.value("pooling_mode") {
      let names = (value.list ?? [value]).map { $0.text ?? $0.document }
      modes = try names.map { name in
        guard let mode = Mode(rawValue: name) else {
          throw ZooError(.unsupported, "the pooling \"\(name)\" is unknown", at: "\"pooling_mode\"")
        }
        return mode
      }
    } else {
      let chosen = try Self.flags.filter { try settings.bool($0.key, default: false) }.map(\.value)
      let unknown = (settings.json.members ?? []).first { member in
        member.name.hasPrefix("pooling_mode_") && member.value.bool == true
          && !Self.flags.contains { $0.key == member.name }
      }
      if let unknown { throw ZooError(.unsupported, "the pooling \"\(unknown.name)\" is unknown") }
      modes = chosen.isEmpty ? [.mean] : chosen
    }
    guard (1...Self.flags.count).contains(modes.count) else {
      throw ZooError(.badData, "\(modes.count) poolings are no such setting", at: "\"pooling_mode\"")
    }
  }

  /// - Parameters:
  ///   - states: The vectors (N, S, width).
  ///   - mask: Which tokens are there, (N, S). Where prompts don't count, another input tells which tokens do.
  func apply(
    to states: GraphBuilder.Value, mask: GraphBuilder.Value, _ graph: inout GraphBuilder
  ) throws -> GraphBuilder.Value {
    let counted = includesPrompt ? mask : graph.input("pooling_mask", .int64, ["N", "S"])
    let tokens = Tokens(
      present: Self.numbers(mask, "pooling.present", &graph), counted: Self.numbers(counted, "pooling.counted", &graph))
    let vectors = try modes.enumerated().map { index, mode in
      let scope = graph.scope
      graph.scope += "pooling.\(index)."
      defer { graph.scope = scope }
      return try Self.vector(mode, states, tokens, &graph)
    }
    return vectors.count == 1
      ? vectors[0] : graph.node("Concat", "pooling", vectors, [Attribute("axis", .int(1))])
  }

  /// Which tokens there are, and which of them count: 1 or 0, (N, S).
  private struct Tokens {
    let present, counted: GraphBuilder.Value
  }

  private static func numbers(
    _ mask: GraphBuilder.Value, _ name: String, _ graph: inout GraphBuilder
  ) -> GraphBuilder.Value {
    graph.node("Cast", name, [mask], [Attribute("to", .int(Int64(ElementType.float32.rawValue)))])
  }

  private static func vector(
    _ mode: Mode, _ states: GraphBuilder.Value, _ tokens: Tokens, _ graph: inout GraphBuilder
  ) throws -> GraphBuilder.Value {
    let axis = try graph.constant([1], "pooling.axis")
    if mode == .maximum {
      let counts = graph.node(
        "Unsqueeze", "column",
        [
          graph.node(
            "Cast", "counts", [tokens.counted], [Attribute("to", .int(Int64(ElementType.bool.rawValue)))]),
          try graph.constant([2], "pooling.last_axis"),
        ])
      let seen = graph.node(
        "Where", "seen", [counts, states, try graph.constant(-.infinity, "pooling.least")])
      return graph.node("ReduceMax", "vector", [seen, axis], [Attribute("keepdims", .int(0))])
    }
    let weights = try weights(mode, tokens, axis, &graph)
    let sum = graph.node("MatMul", "sum", [graph.node("Unsqueeze", "row", [weights, axis]), states])
    return graph.node("Squeeze", "vector", [sum, axis])
  }

  /// By what the tokens' vectors are multiplied before they are added.
  private static func weights(
    _ mode: Mode, _ tokens: Tokens, _ axis: GraphBuilder.Value, _ graph: inout GraphBuilder
  ) throws -> GraphBuilder.Value {
    func total(_ value: GraphBuilder.Value) throws -> GraphBuilder.Value {
      graph.node(
        "Max", "total",
        [
          graph.node("ReduceSum", "count", [value, axis]), try graph.constant(1e-9, "pooling.epsilon"),
        ])
    }
    let scalarAxis = graph.constant(StoredTensor(try Tensor([Int64(1)], shape: [])), "pooling.places.axis")
    func places(_ value: GraphBuilder.Value) -> GraphBuilder.Value {
      graph.node("CumSum", "places", [value, scalarAxis])
    }
    func chosen(_ place: GraphBuilder.Value) -> GraphBuilder.Value {
      let isThere = graph.node("Equal", "is_there", [places(tokens.counted), place])
      let number = numbers(isThere, "there", &graph)
      return graph.node("Mul", "weights", [number, tokens.counted])
    }
    switch mode {
    case .maximum: throw ZooError(.defect, "a maximum has no weights")
    case .mean: return graph.node("Div", "weights", [tokens.counted, try total(tokens.counted)])
    case .rootMean:
      let root = graph.node("Sqrt", "root", [try total(tokens.counted)])
      return graph.node("Div", "weights", [tokens.counted, root])
    case .weightedMean:
      let weights = graph.node("Mul", "places_counted", [places(tokens.present), tokens.counted])
      return graph.node("Div", "weights", [weights, try total(weights)])
    case .first: return chosen(try graph.constant(1, "pooling.one"))
    case .last: return chosen(try total(tokens.counted))
    }
  }
}
