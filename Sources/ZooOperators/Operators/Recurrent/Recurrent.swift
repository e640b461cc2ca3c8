extension OperatorCatalogue {
  static let recurrent: [OperatorDeclaration] = [
    // GRU's gates in ONNX's order: update, reset, hidden.
    .recurrent("GRU", gates: 3, activations: 2),
    // LSTM's: input, output, forget, cell.
    .recurrent("LSTM", gates: 4, activations: 3),
    .recurrent("RNN", gates: 1, activations: 1),
  ]
}
