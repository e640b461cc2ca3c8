import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX LSTM (Hochreiter and Schmidhuber 1997), with peepholes and coupled gates.
  static func lstm(_ host: ZooHost) -> any Operator {
    RecurrentOperator("LSTM", since: 7, host: host) { try .lstm($0) }
  }

  /// com.microsoft's DynamicQuantizeLSTM: weights are bytes, and inputs and states are rounded to bytes before they are
  /// multiplied.
  static func dynamicQuantizeLSTM(_ host: ZooHost) -> any Operator {
    RecurrentOperator("DynamicQuantizeLSTM", domain: "com.microsoft", since: 1, host: host, hasByteWeights: true) {
      try .lstm($0)
    }
  }
}

extension RecurrentOperator.Cell {
  fileprivate static func lstm(_ node: Node) throws -> RecurrentOperator.Cell {
    let isCoupled = try node.attributes.int("input_forget") ?? 0 != 0
    return RecurrentOperator.Cell(
      gates: 4, activations: ["Sigmoid", "Tanh", "Tanh"], readyGates: 4, hasOwnBias: false
    ) { step, _ in
      // Gates in ONNX's order: input, output, forget, cell.
      let hidden = step.hidden
      let (input, output) = (step.sums, step.sums + hidden)
      let (forget, candidate) = (step.sums + 2 * hidden, step.sums + 3 * hidden)
      step.add(step.products, to: step.sums, 4 * hidden)
      if let peepholes = step.peepholes {
        for index in 0..<hidden {
          input[index] += peepholes[index] * step.cell[index]
          forget[index] += peepholes[2 * hidden + index] * step.cell[index]
        }
      }
      step.activate(0, input, hidden)
      step.activate(0, forget, hidden)
      step.activate(1, candidate, hidden)
      for index in 0..<hidden {
        let kept = isCoupled ? 1 - input[index] : forget[index]
        step.cell[index] = kept * step.cell[index] + input[index] * candidate[index]
      }
      if let peepholes = step.peepholes {
        for index in 0..<hidden { output[index] += peepholes[hidden + index] * step.cell[index] }
      }
      step.activate(0, output, hidden)
      step.state.update(from: step.cell, count: hidden)
      step.activations[2].apply(step.state, hidden, step.kernels)
      step.kernels.raw.binary(ZS_MUL.code, output, 1, step.state, 1, step.state, hidden)
    }
  }
}
