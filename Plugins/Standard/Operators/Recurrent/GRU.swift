import CStandardKernels
import PluginSupport
import ZooPlugin

extension Catalogue {
  /// ONNX GRU (Cho et al. 2014), with the state reset before or behind its product.
  static func gru(_ host: ZooHost) -> any Operator {
    RecurrentOperator("GRU", since: 3, host: host) { node in
      let isLinearFirst = try node.attributes.int("linear_before_reset") ?? 0 != 0
      return RecurrentOperator.Cell(
        gates: 3, activations: ["Sigmoid", "Tanh"], readyGates: isLinearFirst ? 3 : 2,
        hasOwnBias: isLinearFirst
      ) { step, multiply in
        // Gates in ONNX's order: update, reset, hidden.
        let hidden = step.hidden
        let (update, reset, candidate) = (step.sums, step.sums + hidden, step.sums + 2 * hidden)
        step.add(step.products, to: step.sums, 2 * hidden)
        step.activate(0, update, 2 * hidden)
        let products = UnsafeMutablePointer(mutating: step.products)
        if isLinearFirst {
          let linear = products + 2 * hidden
          if let bias = step.bias { step.add(bias, to: linear, hidden) }
          step.kernels.raw.binary(ZS_MUL.code, reset, 1, linear, 1, linear, hidden)
        } else {
          step.kernels.raw.binary(ZS_MUL.code, step.state, 1, reset, 1, reset, hidden)
          multiply(reset, 2, products)
        }
        step.add(products + 2 * hidden, to: candidate, hidden)
        step.activate(1, candidate, hidden)
        for index in 0..<hidden {
          step.state[index] = (1 - update[index]) * candidate[index] + update[index] * step.state[index]
        }
      }
    }
  }
}
