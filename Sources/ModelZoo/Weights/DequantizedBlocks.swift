import WeightBlocks
import ZooOperators

/// What a constant of bytes in blocks holds.
package struct BlockContents: Sendable {
  /// What people call the blocks, such as Q4_K.
  package var type: String
  /// Numbers.
  package var count: Int
}

extension ModelDefinition {
  /// The constants in blocks, by name.
  package var blockConstants: [String: BlockContents] {
    let gathered = graph.nodes.filter { $0.operatorType == "Gather" && $0.outputs.count == 1 && !$0.inputs.isEmpty }
      .map { ($0.outputs[0], $0.inputs[0]) }
    let tables = Dictionary(gathered) { first, _ in first }
    var types: [String: GGUFType] = [:]
    for node in graph.nodes where node.domain == weightsDomain {
      guard case .int(let number)? = node[attribute: "type"], let type = UInt32(exactly: number).flatMap(GGUFType.init),
        let input = node.inputs.first
      else { continue }
      types[tables[input] ?? input] = type
    }
    var found: [String: BlockContents] = [:]
    for item in graph.initializers {
      guard let type = types[item.name] else { continue }
      found[item.name] = BlockContents(
        type: type.name, count: item.tensor.byteCount / type.blockBytes * type.blockCount)
    }
    return found
  }

  /// The model without operators on blocks, for runtimes that know ONNX's alone: what blocks stand for, as float32 that is
  /// dequantized when it is read.
  ///
  /// - Throws: `ZooError` (`unsupported`) for blocks that are neither constant nor rows of a constant.
  package func dequantizingBlocks() throws -> ModelDefinition {
    guard operatorSets.contains(where: { $0.domain == weightsDomain }) else { return self }
    var model = self
    var expansion = BlockExpansion(graph)
    model.graph = try expansion.expanded()
    model.operatorSets.removeAll { $0.domain == weightsDomain }
    return model
  }
}

/// The expansion of one graph.
private struct BlockExpansion {
  private var graph: Graph
  private let constants: [String: StoredTensor]
  /// Numbers by the name of their blocks.
  private var numbers: [String: String] = [:]
  private var made: [NamedTensor] = []

  init(_ graph: Graph) {
    self.graph = graph
    constants = Dictionary(graph.initializers.map { ($0.name, $0.tensor) }) { first, _ in first }
  }

  mutating func expanded() throws -> Graph {
    var renamed: [String: String] = [:]
    for node in graph.nodes where node.domain == weightsDomain {
      guard node.operatorType == "DequantizeBlocks", case .int(let number)? = node[attribute: "type"],
        let type = UInt32(exactly: number).flatMap(GGUFType.init), let output = node.outputs.first,
        let input = node.inputs.first
      else { throw Self.unsupported(node) }
      if constants[input] != nil {
        renamed[output] = try table(input, type, node)
      } else if let place = graph.nodes.firstIndex(where: { $0.outputs.first == input }),
        graph.nodes[place].operatorType == "Gather", constants[graph.nodes[place].inputs[0]] != nil
      {
        graph.nodes[place].inputs[0] = try table(graph.nodes[place].inputs[0], type, node)
        graph.nodes[place].outputs[0] = output
      } else {
        throw Self.unsupported(node)
      }
    }
    graph.nodes.removeAll { $0.domain == weightsDomain }
    for place in graph.nodes.indices {
      graph.nodes[place].inputs = graph.nodes[place].inputs.map { renamed[$0] ?? $0 }
    }
    let read = Set(graph.nodes.flatMap(\.inputs))
    graph.initializers = graph.initializers.filter { read.contains($0.name) } + made
    return graph
  }

  /// The name of what the constant `blocks` stands for.
  private mutating func table(_ blocks: String, _ type: GGUFType, _ node: Node) throws -> String {
    if let known = numbers[blocks] { return known }
    guard let tensor = try constants[blocks]?.dequantized(fromBlocksOf: type) else { throw Self.unsupported(node) }
    let name = blocks + ".dequantized"
    made.append(NamedTensor(name: name, tensor: tensor))
    numbers[blocks] = name
    return name
  }

  private static func unsupported(_ node: Node) -> ZooError {
    ZooError(
      .unsupported, "blocks that are no constant can't be written as ONNX's operators", at: "node \"\(node.name)\"")
  }
}
