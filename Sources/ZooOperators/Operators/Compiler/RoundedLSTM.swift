import ZooCore

extension OperatorDeclaration {
  /// zoo.RoundedLSTM: LSTM that rounds what it multiplies to 8 bits: the inputs by the range of all of them, each state of
  /// the batch by its own.
  static let roundedLSTM = recurrent(
    "RoundedLSTM", domain: compilerDomain, gates: 4, activations: 3,
    types: TypeSignature("T T T ?T ?int32 ?T ?T ?T -> T T T").rule)
}
