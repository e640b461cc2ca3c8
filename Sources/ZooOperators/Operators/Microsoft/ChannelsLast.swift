extension FunctionBody {
  /// `body` of a tensor with its channels first, where input 0, and the result, have them last.
  mutating func channelsLast(
    _ body: (inout FunctionBody, _ x: Value) throws -> Value
  ) throws -> Value {
    let rank = try node.rank(0)
    let result = try body(&self, channelsFirst(input(0), rank: rank))
    return transpose(result, [0] + (2..<rank) + [1])
  }

  /// `value`, which has its channels last, with those first.
  mutating func channelsFirst(_ value: Value, rank: Int) throws -> Value {
    try node.require(rank >= 2, "a tensor of \(rank) dimensions has no channels")
    return transpose(value, [0, rank - 1] + (1..<rank - 1))
  }

  /// The same where attribute `channels_last` says so.
  mutating func channelsLastIfAsked(
    _ body: (inout FunctionBody, _ x: Value) throws -> Value
  ) throws -> Value {
    try node.flag("channels_last") ? channelsLast(body) : body(&self, input(0))
  }
}
