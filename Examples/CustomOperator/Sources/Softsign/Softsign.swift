import ZooPlugin

/// y = x / (1 + |x|), elementwise on float32.
struct Softsign: Operator {
  let signature = Signature("Softsign", domain: "example.com", since: 1)

  func infer(_ node: Node) throws -> [OutputType] {
    let input = try node.input(0)
    guard input.type == .float32 else { throw OperatorError("Softsign takes float32 only", kind: .unsupported) }
    return [OutputType(like: input)]
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel { SoftsignKernel() }
}

final class SoftsignKernel: Kernel {
  let inPlaceInputs = [0]

  func run(_ call: Call) throws {
    let input = call.input(0)
    guard call.output(0).data != nil else { return }
    nonisolated(unsafe) let source = input.pointer(as: Float.self)
    nonisolated(unsafe) let target = call.output(0).pointer(as: Float.self)
    call.executor.parallelRanges(input.count, grain: 16384) { range in
      for index in range { target[index] = source[index] / (1 + abs(source[index])) }
    }
  }
}
