import Testing
import ZooCore
import ZooRuntime

/// Transposed convolutions as convolutions whose phases are put beside each other, against their definition.
@Suite struct TransposedConvolutionTests {
  struct Case: CustomTestStringConvertible {
    var input, weights: [Int]
    var attributes: [(String, [Int64])] = []
    var padding: String?
    /// Whether phases are worth it.
    var isPhased = true

    var testDescription: String { "\(input) \(weights) \(attributes) \(padding ?? "")" }
  }

  static let cases = [
    Case(input: [2, 20, 5, 6], weights: [20, 16, 4, 4], attributes: [("strides", [2, 2]), ("pads", [1, 1, 1, 1])]),
    Case(input: [1, 16, 5, 6], weights: [16, 20, 2, 2], attributes: [("strides", [2, 2])]),
    Case(
      input: [2, 8, 4, 7], weights: [8, 3, 3, 3],
      attributes: [("strides", [2, 2]), ("pads", [1, 1, 1, 1]), ("output_padding", [1, 1])]),
    Case(input: [1, 32, 5, 5], weights: [32, 33, 3, 3], attributes: [("pads", [1, 1, 1, 1])]),
    Case(input: [4, 30, 1, 1], weights: [30, 40, 4, 4]),
    Case(input: [2, 24, 9], weights: [24, 12, 16], attributes: [("strides", [8]), ("pads", [4, 4])]),
    Case(input: [1, 16, 3, 4, 5], weights: [16, 18, 2, 2, 2], attributes: [("strides", [2, 2, 2])]),
    Case(input: [1, 16, 6, 5], weights: [16, 16, 5, 4], attributes: [("strides", [3, 2]), ("pads", [2, 0, 1, 3])]),
    Case(input: [1, 16, 6, 5], weights: [16, 16, 6, 6], attributes: [("strides", [2, 2]), ("pads", [5, 4, 2, 3])]),
    Case(input: [1, 16, 6, 5], weights: [16, 16, 4, 4], attributes: [("strides", [2, 2])], padding: "SAME_UPPER"),
    Case(input: [1, 16, 6, 5], weights: [16, 7, 3, 3], attributes: [("strides", [2, 2])], padding: "SAME_LOWER"),
    Case(
      input: [1, 16, 6, 5], weights: [16, 7, 4, 4], attributes: [("strides", [2, 2]), ("output_shape", [13, 11])]),
    Case(
      input: [1, 16, 6, 5], weights: [16, 16, 4, 4], attributes: [("strides", [2, 2]), ("output_shape", [11, 10])],
      padding: "VALID"),
    // Most taps would be zero; groups; windows with holes.
    Case(input: [1, 16, 6, 5], weights: [16, 16, 1, 1], attributes: [("strides", [2, 2])], isPhased: false),
    Case(input: [1, 16, 6, 5], weights: [16, 8, 2, 2], attributes: [("group", [2])], isPhased: false),
    Case(input: [1, 16, 6, 5], weights: [16, 8, 2, 2], attributes: [("dilations", [2, 2])], isPhased: false),
  ]

  /// A single phase has no lanes but its channels: behind a Sigmoid nothing may be left in others.
  @Test func lanesBehindChannelsStayZero() throws {
    var builder = PatternBuilder()
    builder.sample.constants.append(("w", try builder.numbers.tensor([32, 33, 3, 3], scale: 0.3)))
    let wave = builder.node("Sigmoid", builder.node("ConvTranspose", try builder.input("x", [1, 32, 5, 5]), "w"))
    let y = builder.node("LRN", wave, attributes: [Attribute("size", .int(5)), Attribute("alpha", .float(2))])
    _ = try builder.check(y, "LRN behind a Sigmoid")
  }

  /// What adds an axis goes behind what puts phases beside each other.
  @Test func numbersOfHigherRankStayBehind() throws {
    var builder = PatternBuilder()
    builder.sample.constants += [
      ("w", try builder.numbers.tensor([16, 17, 2, 2])), ("two", try Tensor([Float(2)], shape: [1, 1, 1, 1, 1])),
    ]
    let x = try builder.input("x", [16, 16, 5, 6])
    let y = builder.node("ConvTranspose", x, "w", attributes: [Attribute("strides", .ints([2, 2]))])
    _ = try builder.check(builder.node("Mul", y, "two"), "rank 5")
  }

  @Test(arguments: cases, ["", "BatchNormalization", "LeakyRelu", "Sigmoid"]) func phases(
    test: Case, behind: String
  ) throws {
    var builder = PatternBuilder()
    let groups = Int(test.attributes.first { $0.0 == "group" }?.1[0] ?? 1)
    let channels = test.weights[1] * groups
    builder.sample.constants += [
      ("w", try builder.numbers.tensor(test.weights, scale: 0.3)), ("b", try builder.numbers.tensor([channels])),
    ]
    var attributes = test.attributes.map { name, values in
      Attribute(name, name == "group" ? .int(values[0]) : .ints(values))
    }
    if let padding = test.padding { attributes.append(.text("auto_pad", padding)) }
    var y = builder.node("ConvTranspose", try builder.input("x", test.input), "w", "b", attributes: attributes)
    if behind == "BatchNormalization" {
      for name in ["scale", "shift", "mean"] {
        builder.sample.constants.append((name, try builder.numbers.tensor([channels])))
      }
      let variance = (0..<channels).map { 0.5 + Float($0 % 5) }
      builder.sample.constants.append(("variance", try Tensor(variance, shape: [channels])))
      y = builder.node("BatchNormalization", y, "scale", "shift", "mean", "variance")
    } else if !behind.isEmpty {
      y = builder.node(behind, y)
    }
    let left = try builder.check(y, test.testDescription + behind)
    #expect(left.contains("ConvTranspose") != test.isPhased, "\(left)")
    // Activations go behind the convolution, and normalizations into its weights.
    if test.isPhased || behind == "BatchNormalization" { #expect(!left.contains(behind), "\(left)") }
  }
}
