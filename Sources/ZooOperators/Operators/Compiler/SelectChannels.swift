import ZooCore

extension OperatorDeclaration {
  /// zoo.SelectChannels: a tensor (N, C, …) whose channels are channels of the inputs. The attribute `channels` has two numbers
  /// for each, the input and the channel there.
  static let selectChannels = OperatorDeclaration(
    "SelectChannels", domain: compilerDomain, .keepsZero, types: { node in [try node.kind(0)] }
  ) { node in
    var shape = try node.shape(0)
    try node.require(shape.count > 1, "a tensor of shape \(shape) has no channels")
    shape[1] = Dim(try node.chosenChannels().count)
    return [shape]
  }.pickingChannels { node in [try node.chosenChannels()] }
}

extension Inference {
  fileprivate func chosenChannels() throws -> [OperatorDeclaration.Channel] {
    guard let numbers = try ints("channels"), numbers.count % 2 == 0 else {
      throw invalid("attribute channels must have two numbers for each channel")
    }
    return try stride(from: 0, to: numbers.count, by: 2).map { place in
      let (input, channel) = (numbers[place], numbers[place + 1])
      try require(inputs.indices.contains(input), "there is no input \(input)")
      let count = try shape(input)[1].number ?? .max
      try require((0..<count).contains(channel), "input \(input) has no channel \(channel)")
      return OperatorDeclaration.Channel(input: input, number: channel)
    }
  }
}
