import CZooPlugin
import ConvPlugin
import Testing
import ZooCore
import ZooPlugin
import ZooPluginHost
import ZooRuntime

/// A few operators in plain Swift, so that the runtime is tested apart from the plugins it ships with.
let testPlugin = Plugin(name: "Test", version: "1") { _ in
  [
    Elementwise(name: "Add", takesRelu: true) { $0 + $1 }, Elementwise(name: "Sub", takesRelu: false) { $0 - $1 },
    Unary(name: "Relu") { max($0, 0) }, Unary(name: "Identity") { $0 }, Normalization(), EvenNumbers(), ShapeOf(),
    Failing(), Chain(), Making(),
  ]
}

func testRegistry(conv: Bool = false) throws -> OperatorRegistry {
  let registry = OperatorRegistry()
  let host = HostTable.shared.pointer
  try registry.register(#require(testPlugin.export(ZOO_PLUGIN_ABI_VERSION, host)), origin: "test")
  if conv { try registry.register(#require(convPlugin.export(ZOO_PLUGIN_ABI_VERSION, host)), origin: "test") }
  return registry
}

private final class ClosureKernel: Kernel {
  let body: @Sendable (Call) throws -> Void
  let inPlaceInputs: [Int]
  let summary: String?

  init(inPlace: [Int] = [], summary: String? = nil, _ body: @escaping @Sendable (Call) throws -> Void) {
    self.body = body
    inPlaceInputs = inPlace
    self.summary = summary
  }

  func run(_ call: Call) throws { try body(call) }
}

/// A binary operator on equal shapes that can apply Relu at its end.
private struct Elementwise: Operator {
  let signature: Signature
  let takesRelu: Bool
  let function: @Sendable (Float, Float) -> Float

  init(name: String, takesRelu: Bool, _ function: @escaping @Sendable (Float, Float) -> Float) {
    signature = Signature(name, since: 7)
    self.takesRelu = takesRelu
    self.function = function
  }

  func infer(_ node: ZooPlugin.Node) throws -> [OutputType] {
    let (left, right) = (try node.input(0), try node.input(1))
    guard left.shape == right.shape else { throw OperatorError("the shapes \(left.shape) and \(right.shape) differ") }
    return [OutputType(like: left)]
  }

  func accepts(_ step: Step, in node: ZooPlugin.Node) -> Bool {
    takesRelu && step.operatorType == "Relu" && node.epilogue.isEmpty
  }

  func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) throws -> any Kernel {
    let relu = !node.epilogue.isEmpty
    let function = function
    return ClosureKernel(inPlace: [0, 1], summary: relu ? "with Relu" : nil) { call in
      let (left, right, out) = (
        call.input(0).pointer(as: Float.self), call.input(1).pointer(as: Float.self),
        call.output(0).pointer(as: Float.self)
      )
      call.executor.parallelRanges(call.output(0).count, grain: 8) { range in
        for index in range {
          let value = function(left[index], right[index])
          out[index] = relu ? max(value, 0) : value
        }
      }
    }
  }
}

private struct Unary: Operator {
  let signature: Signature
  let function: @Sendable (Float) -> Float

  init(name: String, _ function: @escaping @Sendable (Float) -> Float) {
    signature = Signature(name, since: 1)
    self.function = function
  }

  func infer(_ node: ZooPlugin.Node) throws -> [OutputType] { [OutputType(like: try node.input(0))] }

  func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) throws -> any Kernel {
    let function = function
    return ClosureKernel(inPlace: [0]) { call in
      let (from, to) = (call.input(0).pointer(as: Float.self), call.output(0).pointer(as: Float.self))
      for index in 0..<call.output(0).count { to[index] = function(from[index]) }
    }
  }
}

/// Knows only shapes: a graph with it runs when the runtime has folded it away.
private struct Normalization: Operator {
  let signature = Signature("BatchNormalization", since: 9)
  func infer(_ node: ZooPlugin.Node) throws -> [OutputType] { [OutputType(like: try node.input(0))] }
  func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) throws -> any Kernel {
    throw OperatorError("not folded", kind: .unsupported)
  }
}

/// The even ones of a list of integers: how many there are depends on the data.
private struct EvenNumbers: Operator {
  let signature = Signature("EvenNumbers", domain: "test", since: 1)
  func infer(_ node: ZooPlugin.Node) throws -> [OutputType] { [OutputType(.int64, nil)] }
  func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) throws -> any Kernel {
    ClosureKernel { call in
      let input = call.input(0)
      let even = (0..<input.count).map { input.pointer(as: Int64.self)[$0] }.filter { $0 % 2 == 0 }
      let memory = try call.allocateOutput(0, shape: [even.count]).assumingMemoryBound(to: Int64.self)
      for (index, value) in even.enumerated() { memory[index] = value }
    }
  }
}

/// The numbers of 16 bits behind input 1, as integers.
struct StoredHalves: Operator {
  let signature = Signature("StoredHalves", domain: "test", since: 1)
  let readsInPieces: Bool

  func infer(_ node: ZooPlugin.Node) throws -> [OutputType] { [OutputType(like: try node.input(0))] }

  func inputsInPieces(_ node: ZooPlugin.Node) -> [Int] { readsInPieces ? [1] : [] }

  func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) throws -> any Kernel {
    guard let constant = node.constant(1), constant.narrowType == .float16 else { throw OperatorError("no float16") }
    let count = try node.input(1).count
    var numbers: [Float] = []
    for first in stride(from: 0, to: count, by: 1000) {
      let count = min(1000, count - first)
      try constant.withNarrowElements(from: first, count: count) { bits in
        numbers += (0..<count).map { Float(bits[$0]) }
      }
    }
    return KnownNumbers(numbers: numbers)
  }

  private final class KnownNumbers: Kernel {
    let numbers: [Float]
    let consumedInputs = [1]

    init(numbers: [Float]) { self.numbers = numbers }

    func run(_ call: Call) {
      let output = call.output(0).pointer(as: Float.self)
      for (index, number) in numbers.enumerated() { output[index] = number }
    }
  }
}

private struct ShapeOf: Operator {
  let signature = Signature("Shape", since: 1)
  func infer(_ node: ZooPlugin.Node) throws -> [OutputType] { [OutputType(.int64, [try node.input(0).rank])] }
  func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) throws -> any Kernel {
    throw OperatorError("not folded", kind: .unsupported)
  }
}

/// Runs a list of graphs, each on what the one before it gives.
private struct Chain: Operator {
  let signature = Signature("Chain", domain: "test", since: 1)
  func infer(_ node: ZooPlugin.Node) throws -> [OutputType] { [OutputType(.float32, nil)] }
  func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) throws -> any Kernel {
    guard let bodies = try node.attributes.bodies("steps"), let first = bodies.first else {
      throw OperatorError("there are no steps")
    }
    return ClosureKernel { call in
      var results = try call.run(first, [call.input(0)])
      for body in bodies.dropFirst() {
        results = try results.withValues { try $0.withElement(0) { try call.run(body, [$0]) } }
      }
      try results.withValues { try call.setOutput(0, to: $0, element: 0) }
    }
  }
}

/// Makes values that are no tensors, of the rows of a matrix, as the attribute `form` says.
private struct Making: Operator {
  let signature = Signature("Making", domain: "test", since: 1)

  func infer(_ node: ZooPlugin.Node) throws -> [OutputType] {
    let row = OutputKind.tensor(.float32)
    let kinds: [String: OutputKind] = [
      "nested": .sequence(.sequence(row)), "maps": .sequence(.map(keys: .string, values: row)),
      "map": .map(keys: .int64, values: row),
      "optional": .optional(.sequence(row)), "empty": .optional(row), "uneven": .map(keys: .int64, values: row),
      "other": .sequence(.map(keys: .int64, values: row)), "deep": (0..<20).reduce(row) { kind, _ in .sequence(kind) },
    ]
    guard let kind = try kinds[form(node)] else { throw OperatorError("there is no such form") }
    return [OutputType(kind)]
  }

  private func form(_ node: ZooPlugin.Node) throws -> String { try node.attributes.string("form") ?? "" }

  func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) throws -> any Kernel {
    let form = try form(node)
    return ClosureKernel { call in
      let matrix = call.input(0)
      let width = matrix[dimension: 1]
      let rows = try (0..<matrix[dimension: 0]).map { row in
        try call.makeTensor(.float32, shape: [width], matrix.pointer(as: Float.self) + row * width)
      }
      func numbers(_ count: Int) throws -> HeldValues {
        try call.makeTensor(.int64, shape: [count], (0..<count).map { Int64($0) })
      }
      switch form {
      case "nested":
        // The same rows once more: values may be parts of several.
        try call.setOutput(0, to: call.makeSequence([call.makeSequence(rows), call.makeSequence(rows.reversed())]))
      case "maps":
        let names = try call.makeTensor(
          .string, shape: [width], try (0..<width).map { try call.string(Array("n\($0)".utf8)) })
        try call.setOutput(0, to: call.makeSequence(rows.map { try call.makeMap(keys: names, values: $0) }))
      case "map": try call.setOutput(0, to: call.makeMap(keys: numbers(width), values: rows[0]))
      case "uneven": try call.setOutput(0, to: call.makeMap(keys: numbers(width + 1), values: rows[0]))
      case "optional": try call.setOutput(0, to: call.makeOptional(call.makeSequence(rows)))
      case "empty": try call.setOutput(0, to: call.makeOptional(nil))
      default: try call.setOutput(0, to: call.makeSequence(rows))
      }
    }
  }
}

private struct Failing: Operator {
  let signature = Signature("Failing", domain: "test", since: 1)
  func infer(_ node: ZooPlugin.Node) throws -> [OutputType] { [OutputType(like: try node.input(0))] }
  func makeKernel(_ node: ZooPlugin.Node, on executor: Executor) throws -> any Kernel {
    ClosureKernel { _ in throw OperatorError("this run fails") }
  }
}
