import ModelZoo
import ZooPluginHost
import ZooRuntime

/// A network of one operator.
struct SingleKernel {
  var definition: ModelDefinition
  /// Additions and multiplications of the definition.
  var flops: Double
  /// Of weights, input and output, each touched once.
  var bytes: Double
  var precision = Precision.float32

  static func convolution(
    _ batch: Int, _ channels: Int, _ filters: Int, window: Int = 1, stride: Int = 1, side: Int
  ) throws -> SingleKernel {
    let pad = Int64(window / 2)
    let out = (side + 2 * Int(pad) - window) / stride + 1
    let attributes = [
      Attribute("kernel_shape", .ints([Int64(window), Int64(window)])),
      Attribute("strides", .ints([Int64(stride), Int64(stride)])), Attribute("pads", .ints([pad, pad, pad, pad])),
    ]
    return try SingleKernel(
      Node("Conv", inputs: ["x", "w"], outputs: ["y"], attributes: attributes),
      input: [batch, channels, side, side], weights: [filters, channels, window, window],
      output: [batch, filters, out, out], products: channels * window * window)
  }

  static func matrixProduct(
    _ rows: Int, _ depth: Int, _ columns: Int, precision: Precision = .float32
  ) throws -> SingleKernel {
    var kernel = try SingleKernel(
      Node("MatMul", inputs: ["x", "w"], outputs: ["y"]), input: [rows, depth], weights: [depth, columns],
      output: [rows, columns], products: depth)
    kernel.precision = precision
    let saved = precision == .float32 ? 0 : precision == .bfloat16 ? 2 : 3
    kernel.bytes -= Double(saved * depth * columns)
    return kernel
  }

  /// - Parameter products: Those that are summed for one output.
  private init(_ node: Node, input: [Int], weights: [Int], output: [Int], products: Int) throws {
    var generator = NormalGenerator(seed: 1)
    definition = ModelDefinition()
    definition.operatorSets = [OperatorSet(version: 17)]
    definition.graph.inputs = [
      ValueInfo(name: "x", elementType: .float32, shape: input.map { ShapeDimension(.fixed(Int64($0))) })
    ]
    definition.graph.outputs = [
      ValueInfo(name: "y", elementType: .float32, shape: output.map { ShapeDimension(.fixed(Int64($0))) })
    ]
    definition.graph.nodes = [node]
    definition.graph.initializers = [
      NamedTensor(name: "w", tensor: StoredTensor(try generator.tensor(.float32, weights)))
    ]
    let counts = [input, weights, output].map { Double($0.reduce(1, *)) }
    flops = 2 * counts[2] * Double(products)
    bytes = 4 * counts.reduce(0, +)
  }

  /// The least seconds that the operator took, and how it computes, in its plugin's words.
  func fastest(threads: Int) throws -> (seconds: Double, summary: String) {
    let model = try Model(definition, options: .init(plugins: .linked, threads: threads, precision: precision))
    let inputs = try definition.randomInputs(seed: 2)
    let steps = try model.steps(for: inputs.mapValues(\.shape))
    let name = definition.graph.nodes[0].operatorType
    guard let step = steps.firstIndex(where: { $0.operatorType == name }) else {
      throw ZooError(.defect, "the compiled network has no \(name)")
    }
    var best = UInt64.max
    let start = ContinuousClock.now
    repeat {
      for span in try model.profile(inputs).nodes where span.step == step { best = min(best, span.end - span.start) }
    } while ContinuousClock.now - start < .milliseconds(300)
    return (Double(best) * 1e-9, steps[step].summary ?? "")
  }
}

/// With one digit after the point.
func fixed(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

extension String {
  /// With spaces after it.
  func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
