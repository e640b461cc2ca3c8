import KernelSupport
import PluginSupport
import Testing
import ZooCore
import ZooRuntime

/// The table of functions of one number, wherever they are named.
@Suite struct ActivationTests {
  /// Those that products and convolutions fold are what they are by themselves.
  @Test(arguments: UnaryFunction.all.map(\.name)) func foldedOntoProducts(_ name: String) throws {
    guard let function = UnaryFunction.all.last(where: { $0.name == name }), function.isOfFloats else { return }
    var numbers = Numbers(7)
    for kind in ["MatMul", "Gemm", "Conv"] {
      var sample = Sample()
      let isConv = kind == "Conv"
      // Sums are above 1, or below, for functions of such numbers.
      let isOfMore = ["Log", "Sqrt", "Acosh"].contains(name)
      let scale: Float = ["Asin", "Acos", "Atanh"].contains(name) ? 0.1 : 0.3
      let tensor = { (shape: [Int]) throws -> Tensor in
        let values: [Float] = try numbers.tensor(shape, scale: scale).elements()
        return try Tensor(isOfMore ? values.map { abs($0) + 0.2 } : values, shape: shape)
      }
      sample.inputs = [("x", try tensor(isConv ? [2, 5, 6, 7] : [5, 40]))]
      sample.constants = [("w", try tensor(isConv ? [33, 5, 3, 3] : [40, 33]))]
      let attributes = function.parameters.map { Attribute($0.name, .float(0.7)) }
      sample.nodes = [
        Node(kind, inputs: ["x", "w"], outputs: ["v"]),
        Node(name, inputs: ["v"], outputs: ["y"], attributes: attributes),
      ]
      sample.outputs = ["y"]
      try expectClose(sample.run(.generic)[0], try sample.runNodeByNode()[0], 1e-5, "\(kind), \(name)")
      if !isConv {
        let steps = try sample.compiled(.generic).steps(for: sample.inputs.map(\.tensor.shape))
        #expect(steps.map(\.epilogue) == [[name]])
      }
    }
  }

  /// Blocked padding has to stay zero.
  @Test func whatKeepsZero() {
    let standard = Dictionary(UnaryFunction.all.map { ($0.name, $0.activation { _ in nil }) }) { $1 }
    #expect(
      Set(standard.filter(\.value.keepsZero).keys) == [
        "Abs", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Celu", "Elu", "Erf", "Floor", "Gelu", "HardSwish",
        "LeakyRelu", "Mish", "Neg", "Relu", "Round", "Selu", "Shrink", "Sign", "Sin", "Sinh", "Softsign", "Sqrt",
        "Swish", "Tan", "Tanh", "ThresholdedRelu",
      ])
    #expect(Activation.identity.keepsZero)
    for (name, value) in [("Shrink", -1), ("Celu", 0), ("Swish", .infinity)] as [(String, Float)] {
      let function = UnaryFunction.all.last { $0.name == name }
      #expect(function?.activation { _ in value }.keepsZero == false, "\(name)")
    }
  }
}
