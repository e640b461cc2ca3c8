import CZooPlugin
import ZooPlugin

/// An operator that tells its outputs' shapes from its inputs, values included where they are known, and computes in
/// plain row-major layout. What most operators that only move data need.
struct ShapedOperator: Operator {
  /// One node's attributes, closed over.
  struct Form: Sendable {
    /// Types and shapes; `nil` shapes while a value that decides them is unknown.
    var outputs: @Sendable (Inputs) throws -> [OutputType]
    var compute: @Sendable (Inputs, Outputs) throws -> Void
    /// Inputs whose memory output 0 may take.
    var inPlace: [Int] = []
  }

  let signature: Signature
  let form: @Sendable (Node) throws -> Form

  init(_ name: String, domain: String = "", since: Int64 = 1, _ form: @escaping @Sendable (Node) throws -> Form) {
    signature = Signature(name, domain: domain, since: since)
    self.form = form
  }

  func infer(_ node: Node) throws -> [OutputType] { try form(node).outputs(Inputs(node)) }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let form = try form(node)
    return ShapedKernel(form, known: try form.outputs(Inputs(node)).map { $0.shape != nil })
  }
}

/// The outputs of a run, their shapes known by now.
struct Outputs {
  let call: Call
  let types: [OutputType]
  fileprivate let memory: [UnsafeMutableRawPointer?]

  var executor: Executor { call.executor }
  var count: Int { memory.count }

  func shape(_ index: Int) -> [Int] { types[index].shape ?? [] }

  /// `nil` where nobody wants the output.
  func data(_ index: Int) -> UnsafeMutableRawPointer? { index < memory.count ? memory[index] : nil }

  /// The memory of an output that is used, or a place that nobody writes to for an empty one.
  func pointer<Element>(_ index: Int, as _: Element.Type = Element.self) -> UnsafeMutablePointer<Element> {
    data(index)?.assumingMemoryBound(to: Element.self)
      ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Element>.alignment).unsafelyUnwrapped
  }

  /// Whether there is memory to fill.
  func isWritable(_ index: Int) -> Bool { data(index) != nil && !(shape(index).contains(0)) }
}

private final class ShapedKernel: Kernel {
  let form: ShapedOperator.Form
  let known: [Bool]

  init(_ form: ShapedOperator.Form, known: [Bool]) {
    self.form = form
    self.known = known
  }

  var inPlaceInputs: [Int] { form.inPlace }

  func run(_ call: Call) throws {
    let inputs = Inputs(call)
    let types = try form.outputs(inputs)
    let memory = try (0..<min(call.outputCount, types.count)).map { index -> UnsafeMutableRawPointer? in
      if let data = call.output(index).data { return data }
      guard index < known.count, !known[index], let shape = types[index].shape else { return nil }
      return try call.allocateOutput(index, shape: shape)
    }
    let outputs = Outputs(call: call, types: types, memory: memory)
    try form.compute(inputs, outputs)
    for (index, type) in types.enumerated() where type.type == .string && outputs.isWritable(index) {
      // The bytes belong to inputs that may go away before the output does.
      let strings = outputs.pointer(index, as: zoo_string.self)
      for element in 0..<outputs.shape(index).reduce(1, *) {
        strings[element] = try call.string(strings[element])
      }
    }
  }
}
