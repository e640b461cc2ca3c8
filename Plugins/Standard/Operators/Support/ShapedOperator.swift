import CZooPlugin
import ZooPlugin

/// An operator that computes in plain row-major layout. What most operators that only move data need.
struct ShapedOperator: Operator {
  /// One node's attributes, closed over.
  struct Form: Sendable {
    /// The outputs' shapes where what the inputs hold decides them, for a run before which the host does not know them.
    var shapes: (@Sendable (Inputs) throws -> [[Int]])?
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

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel { ShapedKernel(try form(node)) }
}

/// The outputs of a run, their shapes known by now.
struct Outputs {
  let call: Call
  private let shapes: [[Int]]
  private let memory: [UnsafeMutableRawPointer?]

  fileprivate init(_ call: Call, _ inputs: Inputs, _ form: ShapedOperator.Form) throws {
    self.call = call
    var (shapes, memory) = ([[Int]](), [UnsafeMutableRawPointer?]())
    var told: [[Int]]?
    for index in 0..<call.outputCount {
      let output = call.output(index)
      if output.hasShape {
        shapes.append(output.shape)
        memory.append(output.data)
        continue
      }
      let all = try told ?? form.shapes?(inputs) ?? []
      guard index < all.count else { throw OperatorError("the shape of output \(index) is not known") }
      told = all
      shapes.append(all[index])
      memory.append(try call.allocateOutput(index, shape: all[index]))
    }
    (self.shapes, self.memory) = (shapes, memory)
  }

  var executor: Executor { call.executor }
  var count: Int { memory.count }

  func type(_ index: Int) -> ElementType { call.output(index).type }

  func shape(_ index: Int) -> [Int] { shapes[index] }

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

  init(_ form: ShapedOperator.Form) { self.form = form }

  var inPlaceInputs: [Int] { form.inPlace }

  func run(_ call: Call) throws {
    let inputs = Inputs(call)
    let outputs = try Outputs(call, inputs, form)
    try form.compute(inputs, outputs)
    for index in 0..<outputs.count where outputs.type(index) == .string && outputs.isWritable(index) {
      // The bytes belong to inputs that may go away before the output does.
      let strings = outputs.pointer(index, as: zoo_string.self)
      for element in 0..<outputs.shape(index).reduce(1, *) {
        strings[element] = try call.string(strings[element])
      }
    }
  }
}
