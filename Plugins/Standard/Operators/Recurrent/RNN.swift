import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX RNN (Elman 1990).
  static func rnn(_ host: ZooHost) -> any Operator {
    RecurrentOperator("RNN", since: 7, host: host) { _ in
      RecurrentOperator.Cell(gates: 1, activations: ["Tanh"], readyGates: 1, hasOwnBias: false) {
        step, _ in
        step.add(step.products, to: step.sums, step.hidden)
        step.activate(0, step.sums, step.hidden)
        step.state.update(from: step.sums, count: step.hidden)
      }
    }
  }
}
