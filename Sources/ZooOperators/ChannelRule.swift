import ZooCore

extension OperatorDeclaration {
  /// A channel of an input (N, C, …).
  package struct Channel: Sendable, Hashable {
    package let input: Int
    package let number: Int
  }

  /// Tells of a node whose shapes are known which channels those of each output are.
  package typealias ChannelRule = @Sendable (Inference) throws -> [[Channel]]?

  /// Which channels of the inputs those of each output are, of a node that does nothing but pick them; `nil` for any other.
  package func channels(_ node: Inference) throws -> [[Channel]]? {
    guard let channelRule else { return nil }
    return try node.ifKnown { try channelRule(node) } ?? nil
  }

  /// The same operator, which picks channels as `rule` says, or does not where that gives `nil`.
  func pickingChannels(_ rule: @escaping ChannelRule) -> OperatorDeclaration {
    var other = self
    other.channelRule = rule
    return other
  }
}
