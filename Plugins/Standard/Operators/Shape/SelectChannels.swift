import PluginSupport
import ZooPlugin

extension Catalogue {
  /// zoo.SelectChannels, which ModelZoo makes of what shuffles, joins and picks channels: a tensor (N, C, …) whose channels are
  /// channels of the inputs. The attribute `channels` has two numbers for each, the input and the channel there.
  static func selectChannels(_ host: ZooHost) -> any Operator { SelectChannels() }
}

private struct SelectChannels: Operator {
  let signature = Signature("SelectChannels", domain: "zoo", since: 1)

  func layouts(for node: Node) throws -> LayoutChoice? {
    let inputs = try (0..<node.ownInputCount).map { try node.input($0) }
    guard inputs.contains(where: { $0.layout == .nchw16c }) else { return nil }
    return LayoutChoice(inputs: inputs.map { _ in .nchw16c }, outputs: [.nchw16c])
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let inputs = try (0..<node.ownInputCount).map { try node.input($0) }
    let numbers = try node.attributes.ints("channels") ?? []
    guard let first = inputs.first, numbers.count % 2 == 0 else { throw OperatorError("attribute channels is missing") }
    let shape = first.shape
    guard shape.count >= 2, inputs.allSatisfy({ $0.type == first.type && $0.shape.count == shape.count }),
      inputs.allSatisfy({ $0.shape[0] == shape[0] && $0.shape[2...] == shape[2...] })
    else { throw OperatorError("the inputs differ in more than their channels") }
    let channels = try stride(from: 0, to: numbers.count, by: 2).map { place in
      let (input, number) = (Int(numbers[place]), Int(numbers[place + 1]))
      guard inputs.indices.contains(input), (0..<inputs[input][dimension: 1]).contains(number) else {
        throw OperatorError("there is no channel \(number) of input \(input)")
      }
      return (input: input, number: number)
    }
    let picks = ChannelPicks(channels, of: inputs)
    let isBytes = try first.type.elementByteCount == 1
    guard try isBytes || first.type.elementByteCount == 4 else { throw unsupported(first.type) }
    return ClosureKernel(layout: first.layout) { call in picks.run(call, isBytes: isBytes) }
  }
}
