import PluginSupport
import ZooPlugin

/// A rule by which an optimizer of the domain ai.onnx.preview.training changes tensors.
protocol OptimizerRule: Sendable {
  static var name: String { get }
  /// Tensors that the rule keeps of each one that is trained.
  static var stateCount: Int { get }

  init(_ attributes: Attributes) throws

  /// The learning rate of update number `count`.
  func rate(_ rate: Double, count: Int) -> Double

  func update<Number: BinaryFloatingPoint>(_ element: inout OptimizerElement<Number>, rate: Number, isFirst: Bool)
}

/// One element of a tensor that is trained, its gradient, and the elements of its states.
struct OptimizerElement<Number: BinaryFloatingPoint> {
  var value, gradient: Number
  var state: Number
  /// Of rules that keep two.
  var secondState: Number
}

/// An optimizer: behind a rate and a count, inputs are all tensors, then all their gradients, then their states; outputs
/// are the new tensors, then their new states.
struct OptimizerOperator<Rule: OptimizerRule>: Operator {
  let signature = Signature(Rule.name, domain: "ai.onnx.preview.training", since: 1)

  /// The number of tensors that are trained.
  private func trainedCount(_ node: Node) throws -> Int {
    let count = node.ownInputCount - 2
    guard count >= 0, count % (Rule.stateCount + 2) == 0 else {
      throw OperatorError("\(max(count, 0)) tensors are not \(Rule.stateCount + 2) for each that is trained")
    }
    return count / (Rule.stateCount + 2)
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let trained = try trainedCount(node)
    let rule = try Rule(node.attributes)
    for index in 2..<max(node.ownInputCount, 2) {
      let (first, own) = (try node.input(2 + (index - 2) % trained), try node.input(index))
      guard own.type == first.type, own.shape == first.shape else {
        throw OperatorError("input \(index) is \(own.type.name) of shape \(own.shape) in place of \(first.shape)")
      }
      guard own.type == .float32 || own.type == .float64 else { throw unsupported(own.type) }
    }
    guard try node.input(0).count == 1, try node.input(1).count == 1 else {
      throw OperatorError("the learning rate and the count of updates have to be one number each")
    }
    return ClosureKernel { call in
      guard let rate = try call.input(0).doubles().first, let count = try call.input(1).integers()?.first else {
        return
      }
      for index in 0..<trained {
        let rate = rule.rate(rate, count: count)
        if call.input(2 + index).type == .float32 {
          update(call, index, of: trained, rule, rate: Float(rate), isFirst: count <= 0)
        } else {
          update(call, index, of: trained, rule, rate: rate, isFirst: count <= 0)
        }
      }
    }
  }

  private func update<Number: BinaryFloatingPoint & BitwiseCopyable>(
    _ call: Call, _ index: Int, of trained: Int, _ rule: Rule, rate: Number, isFirst: Bool
  ) {
    func given(_ group: Int) -> UnsafeMutablePointer<Number> { call.input(2 + group * trained + index).pointer() }
    func made(_ group: Int) -> UnsafeMutablePointer<Number>? {
      let output = group * trained + index
      return output < call.outputCount ? call.output(output).data?.assumingMemoryBound(to: Number.self) : nil
    }
    let (values, gradients, states) = (given(0), given(1), given(2))
    let hasTwo = Rule.stateCount > 1
    let secondStates = hasTwo ? given(3) : states
    let (newValues, newStates, newSecondStates) = (made(0), made(1), hasTwo ? made(2) : nil)
    call.executor.parallelRanges(call.input(2 + index).count, grain: 8192) { range in
      for place in range {
        var element = OptimizerElement(
          value: values[place], gradient: gradients[place], state: states[place], secondState: secondStates[place])
        rule.update(&element, rate: rate, isFirst: isFirst)
        newValues?[place] = element.value
        newStates?[place] = element.state
        newSecondStates?[place] = element.secondState
      }
    }
  }
}
