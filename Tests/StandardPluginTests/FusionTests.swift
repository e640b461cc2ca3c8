import Testing
import ZooCore
import ZooRuntime
import ZooSystem

/// What the runtime makes of graphs — fused steps, blocked layouts, memory used again — against each operator by itself.
@Suite struct FusionTests {
  /// Sums of 70 products in another order: √70 roundings of 6e-8 each, eight times over.
  private static let tolerance: Float = 5e-6
  /// Winograd's transforms of 4×4 tiles multiply roundings by about ten.
  private static let convolutionTolerance: Float = 4e-5

  /// The steps after a product: operators, with the shapes of their other operands.
  private static let chains: [[(String, [Int]?)]] = [
    [("Relu", nil)], [("Add", [33]), ("Relu", nil)], [("Add", [33]), ("Gelu", nil), ("Add", [5, 33])],
    [("Add", [5, 33]), ("Add", [33]), ("Sigmoid", nil)], [("Add", [1]), ("Tanh", nil)],
    [("Add", []), ("LeakyRelu", nil)], [("Add", [5, 1]), ("HardSwish", nil)], [("Add", [1, 33]), ("Clip", nil)],
    // Results that an operand makes larger, and more sums than a product can take in.
    [("Add", [4, 5, 33]), ("Relu", nil)], [("Add", [1, 5, 33]), ("Elu", nil)],
    [("Add", [33]), ("Add", [33]), ("Add", [5, 33]), ("Relu", nil)],
    [("Mul", [33]), ("Add", [33]), ("Relu", nil)], [("Relu", nil), ("Add", [33]), ("Relu", nil)],
    [("Sub", [33]), ("Swish", nil)], [("Add", [33]), ("Erf", nil)], [("Add", [33]), ("Softmax", nil)],
  ]

  @Test(arguments: instructionSets) func productsWithEpilogues(_ isa: CPU.ISA) throws {
    var numbers = Numbers(4)
    for (stack, kind) in [([], "MatMul"), ([2], "MatMul"), ([4], "MatMul"), ([], "Gemm")] as [([Int], String)] {
      for chain in Self.chains {
        for reversed in [false, true] {
          var sample = Sample()
          sample.inputs = [("x", try numbers.tensor(stack + [5, 70], scale: 0.3))]
          sample.constants = [("w", try numbers.tensor([70, 33], scale: 0.3))]
          sample.nodes = [Node(kind, inputs: ["x", "w"], outputs: ["v0"])]
          var rows = stack
          for (index, (type, shape)) in chain.enumerated() {
            var inputs = ["v\(index)"]
            if let shape {
              // Operands of a whole matrix stand in for values of the graph, others for weights.
              let tensor = try numbers.tensor(shape)
              if shape.count > 1 { sample.inputs.append(("o\(index)", tensor)) }
              if shape.count <= 1 { sample.constants.append(("o\(index)", tensor)) }
              inputs.append("o\(index)")
              if reversed { inputs.reverse() }
              if shape.count == 3, shape[0] > 1, rows == [2] { rows = [-1] }
            }
            var node = Node(type, inputs: inputs, outputs: ["v\(index + 1)"])
            if type == "Clip" {
              node.inputs += ["low", "high"]
              sample.constants.append(("low", try Tensor([-0.5] as [Float], shape: [])))
              sample.constants.append(("high", try Tensor([0.75] as [Float], shape: [])))
            }
            if type == "Swish" { node = Node("HardSwish", inputs: inputs, outputs: node.outputs) }
            sample.nodes.append(node)
          }
          // [2, …] and [4, …] don't broadcast.
          if rows == [-1] { continue }
          sample.outputs = ["v\(chain.count)"]
          let wanted = try sample.runNodeByNode()[0]
          try expectClose(sample.run(isa)[0], wanted, Self.tolerance, "\(stack) \(kind) \(chain)")
          // Everything published: nothing may be fused away or written over.
          sample.outputs = (0...chain.count).map { "v\($0)" }
          for (result, wanted) in zip(try sample.run(isa), try sample.runNodeByNode()) {
            try expectClose(result, wanted, Self.tolerance, "\(stack) \(kind) \(chain), all published")
          }
        }
      }
    }
  }

  @Test func epiloguesAreFused() throws {
    var numbers = Numbers(5)
    for kind in ["MatMul", "Gemm"] {
      var sample = Sample()
      sample.inputs = [("x", try numbers.tensor([5, 70])), ("r", try numbers.tensor([5, 33]))]
      sample.constants = [("w", try numbers.tensor([70, 33])), ("b", try numbers.tensor([33]))]
      sample.nodes = [
        Node(kind, inputs: ["x", "w"], outputs: ["p"]), Node("Add", inputs: ["p", "b"], outputs: ["q"]),
        Node("Add", inputs: ["r", "q"], outputs: ["s"]), Node("Relu", inputs: ["s"], outputs: ["y"]),
      ]
      sample.outputs = ["y"]
      let steps = try sample.compiled(.generic).steps(for: sample.inputs.map(\.tensor.shape))
      #expect(steps.map(\.operatorType) == [kind] && steps.first?.epilogue == ["Add", "Add", "Relu"])
    }
  }

  /// Half precision is float32 between its inputs and outputs, with all that comes with it.
  @Test(arguments: [ElementType.float16, .bfloat16]) func halvesAreFused(_ type: ElementType) throws {
    var numbers = Numbers(6)
    func half(_ tensor: Tensor) throws -> Tensor { try cast(.generic, tensor, type) }
    let (x, w, b) = (
      try half(numbers.tensor([5, 70])), try half(numbers.tensor([70, 33])), try half(numbers.tensor([33]))
    )
    var sample = Sample()
    (sample.inputs, sample.constants) = ([("x", x)], [("w", w), ("b", b)])
    sample.nodes = [
      Node("Transpose", inputs: ["x"], outputs: ["t"], attributes: [Attribute("perm", .ints([1, 0]))]),
      Node("MatMul", inputs: ["x", "w"], outputs: ["p"]), Node("Add", inputs: ["p", "b"], outputs: ["q"]),
      Node("Relu", inputs: ["q"], outputs: ["y"]),
    ]
    sample.outputs = ["y", "t"]
    let steps = try sample.compiled(.generic).steps(for: [[5, 70]])
    #expect(steps.map(\.operatorType) == ["Transpose", "Cast", "MatMul", "Cast"])
    #expect(steps[2].epilogue == ["Add", "Relu"])
    let results = try sample.run(.generic)
    (sample.inputs, sample.constants) = (
      [("x", try cast(.generic, x, .float32))],
      [("w", try cast(.generic, w, .float32)), ("b", try cast(.generic, b, .float32))]
    )
    for (result, wide) in zip(results, try sample.run(.generic)) {
      let wanted = try half(wide)
      #expect(result.type == type && result.withUnsafeBytes { Array($0) } == wanted.withUnsafeBytes { Array($0) })
    }
  }

  /// Random graphs of elementwise operators and products, whose values die at random places.
  @Test(arguments: instructionSets) func memoryUsedAgain(_ isa: CPU.ISA) throws {
    for seed in 1...40 {
      var numbers = Numbers(seed)
      var sample = Sample()
      let shape = [3, 1 + numbers.below(40)]
      sample.inputs = [("v0", try numbers.tensor(shape)), ("v1", try numbers.tensor(shape))]
      sample.constants = [
        ("w", try numbers.tensor([shape[1], shape[1]], scale: 0.2)), ("row", try numbers.tensor([shape[1]])),
      ]
      let unary = ["Relu", "Abs", "Tanh", "Sigmoid", "Neg", "Softmax", "Identity"]
      let binary = ["Add", "Sub", "Mul", "Max", "Min"]
      let count = 12
      for index in 2..<count {
        // Mostly recent values, so that lifetimes end.
        func value(_ numbers: inout Numbers) -> String { "v\(max(0, index - 1 - numbers.below(4)))" }
        let output = ["v\(index)"]
        switch numbers.below(8) {
        case 0: sample.nodes.append(Node("MatMul", inputs: [value(&numbers), "w"], outputs: output))
        case 1: sample.nodes.append(Node("Add", inputs: [value(&numbers), "row"], outputs: output))
        case 2...4:
          let type = unary[numbers.below(unary.count)]
          sample.nodes.append(Node(type, inputs: [value(&numbers)], outputs: output))
        default:
          let type = binary[numbers.below(binary.count)]
          let inputs = [value(&numbers), value(&numbers)]
          sample.nodes.append(Node(type, inputs: inputs, outputs: output))
        }
      }
      sample.outputs = ["v\(count - 1)", "v\(2 + numbers.below(count - 3))"]
      for (result, wanted) in zip(try sample.run(isa), try sample.runNodeByNode()) {
        try expectClose(result, wanted, Self.tolerance, "seed \(seed)")
      }
    }
  }

  /// Random graphs around convolutions, which bring blocked layouts, with channels that don't fill the last block.
  @Test(arguments: instructionSets) func blockedLayouts(_ isa: CPU.ISA) throws {
    var blocked = 0
    for seed in 1...40 {
      var numbers = Numbers(100 + seed)
      var sample = Sample()
      let channels = [16, 19, 32, 5, 33][numbers.below(5)]
      let shape = [1 + numbers.below(2), channels, 3 + numbers.below(4), 5]
      sample.inputs = [("v0", try numbers.tensor(shape)), ("v1", try numbers.tensor(shape))]
      let scale = 0.3 / Float(channels).squareRoot()
      sample.constants = [
        ("w", try numbers.tensor([channels, channels, 3, 3], scale: scale)),
        ("w2", try numbers.tensor([channels, 2 * channels, 1, 1], scale: scale)),
        ("bias", try numbers.tensor([channels])), ("slope", try numbers.tensor([channels, 1, 1])),
        ("each", try numbers.tensor([1, channels, 1, 1])), ("one", try Tensor([0.5] as [Float], shape: [])),
        ("plane", try numbers.tensor([shape[2], shape[3]])), ("scale", try numbers.tensor([channels])),
        ("mean", try numbers.tensor([channels])),
        ("variance", try Tensor((0..<channels).map { 0.5 + Float($0 % 5) }, shape: [channels])),
      ]
      let count = 12
      for index in 2..<count {
        func value(_ numbers: inout Numbers) -> String { "v\(max(0, index - 1 - numbers.below(3)))" }
        let output = "v\(index)"
        func add(_ type: String, _ inputs: [String], _ attributes: [Attribute] = []) {
          sample.nodes.append(Node(type, inputs: inputs, outputs: [output], attributes: attributes))
        }
        switch numbers.below(16) {
        case 0...3:
          add("Conv", [value(&numbers), "w", "bias"], [Attribute("pads", .ints([1, 1, 1, 1]))])
        case 4: add("Relu", [value(&numbers)])
        case 5: add("Add", [value(&numbers), value(&numbers)])
        case 6: add("Mul", [value(&numbers), "each"])
        case 7: add("PRelu", [value(&numbers), "slope"])
        case 8: add("BatchNormalization", [value(&numbers), "scale", "bias", "mean", "variance"])
        case 9: add("LRN", [value(&numbers)], [Attribute("size", .int(5)), Attribute("alpha", .float(0.1))])
        case 10:
          let joined = "j\(index)"
          sample.nodes.append(
            Node(
              "Concat", inputs: [value(&numbers), value(&numbers)], outputs: [joined],
              attributes: [Attribute("axis", .int(1))]))
          add("Conv", [joined, "w2"])
        case 11:
          let mean = "m\(index)"
          let from = value(&numbers)
          sample.nodes.append(Node("GlobalAveragePool", inputs: [from], outputs: [mean]))
          add("Mul", [value(&numbers), mean])
        case 12: add("Add", [value(&numbers), "plane"])
        case 13: add("Mul", ["one", value(&numbers)])
        case 14: add("Sub", ["each", value(&numbers)])
        default: add("Softmax", [value(&numbers)], [Attribute("axis", .int(1))])
        }
      }
      sample.outputs = ["v\(count - 1)", "v\(2 + numbers.below(count - 3))"]
      let steps = try sample.compiled(isa).steps(for: [shape, shape])
      blocked += steps.contains { $0.operatorType == "Reorder" } ? 1 : 0
      let types = sample.nodes.map(\.operatorType)
      for (result, wanted) in zip(try sample.run(isa), try sample.runNodeByNode()) {
        try expectClose(result, wanted, Self.convolutionTolerance, "seed \(seed), \(shape), \(types)")
      }
    }
    #expect(blocked > 5)
  }
}
