import ZooCore
import ZooOperators

/// Has bytes moved as bytes: where what an operator that only moves elements gives is quantized, and what it reads has been
/// dequantized, it moves what it reads in the numbers of its output. MaxPool picks elements by their order, which bytes
/// keep.
package struct QuantizeCopies: Pass {
  package let name = "moving bytes"

  package init() {}

  package func run(_ graph: inout CompilerGraph, _ context: CompileContext) throws {
    // From the last on, so that a chain of them moves bytes all along.
    for id in Array(graph.nodes).reversed() where !graph.isRemoved(id) { moveBytes(id, &graph) }
  }

  private func moveBytes(_ id: NodeID, _ graph: inout CompilerGraph) {
    let node = graph[id]
    guard node.outputs.count == 1, let output = node.outputs[0], graph.type(of: output) == .float32,
      movesElements(node),
      let quantization = graph.onlyQuantization(of: output), let type = graph.type(of: quantization.zero)
    else { return }
    let sources = node.inputs.enumerated().filter { graph.type(of: $0.element) == .float32 }
    let given = sources.compactMap { graph.dequantization(of: $0.element) }
    guard !given.isEmpty, given.count == sources.count else { return }
    var moved = node
    for ((index, value), source) in zip(sources, given) {
      if graph.isSame(source.scale, quantization.scale), graph.isSame(source.zero, quantization.zero) {
        moved.inputs[index] = source.bytes
      } else if let value {
        let made = graph.addValue(
          ValueFacts(.tensor(type), shape: graph[value].facts.shape), name: "\(graph[value].name)/bytes")
        graph.insert(
          CompilerNode(
            "QuantizeLinear", opset: 21, name: node.name, inputs: [value, quantization.scale, quantization.zero],
            outputs: [made]), before: id)
        moved.inputs[index] = made
      }
    }
    let made = graph.addValue(
      ValueFacts(.tensor(type), shape: graph[output].facts.shape), name: "\(graph[output].name)/bytes")
    moved.outputs = [made]
    graph.update(id) { $0 = moved }
    for reader in quantization.nodes {
      let result = graph[reader].outputs[0]
      graph.remove(reader)
      if let result { graph.redirect(result, to: made) }
    }
  }

  private func movesElements(_ node: CompilerNode) -> Bool {
    guard node.epilogue.isEmpty, node.bodies.isEmpty, node.domain.isEmpty else { return false }
    return node.isOperator("MaxPool") || node.declaration?.traits.isDisjoint(with: [.view, .copies]) == false
  }
}

/// A tensor of bytes, and the scale and the zero point, one for all elements, by which they stand for numbers.
struct Dequantization {
  var bytes, scale, zero: ValueID
}

extension CompilerGraph {
  /// What `value` has been dequantized from by one scale, if it was.
  func dequantization(of value: ValueID?) -> Dequantization? {
    guard let node = making(value, "DequantizeLinear"), type(of: value) == .float32, let bytes = node.inputs[0],
      let (scale, zero) = numbers(node), type(of: bytes) == type(of: zero)
    else { return nil }
    return Dequantization(bytes: bytes, scale: scale, zero: zero)
  }

  /// The QuantizeLinear nodes of one scale that alone read `value`, if they are equal.
  func onlyQuantization(of value: ValueID) -> (nodes: [NodeID], scale: ValueID, zero: ValueID)? {
    guard self[value].outputCount == 0 else { return nil }
    let nodes = self[value].readers.nodes
    var found: (scale: ValueID, zero: ValueID)?
    for id in nodes {
      guard self[id].isOperator("QuantizeLinear"), self[id].inputs[0] == value, let own = numbers(self[id]),
        found.map({ isSame($0.scale, own.scale) && isSame($0.zero, own.zero) }) ?? true
      else { return nil }
      found = own
    }
    return found.map { (nodes, $0.scale, $0.zero) }
  }

  /// The scale and zero point, one for all elements, of a QuantizeLinear or DequantizeLinear of 8 bits.
  private func numbers(_ node: CompilerNode) -> (scale: ValueID, zero: ValueID)? {
    guard node.inputs.count == 3, let scale = node.inputs[1], let zero = node.inputs[2], self[scale].constant != nil,
      self[zero].constant != nil, type(of: scale) == .float32, [[], [1]].contains(shape(of: scale)),
      type(of: zero) == .int8 || type(of: zero) == .uint8
    else { return nil }
    return (scale, zero)
  }
}
