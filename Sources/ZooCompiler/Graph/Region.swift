import ZooCore
import ZooOperators

/// The part of a graph that can be planned at once: its shapes follow from those of its inputs. What depends on shapes that
/// only running tells waits in `rest` until they are there.
///
/// Values have the same numbers in all three graphs.
package struct Region: Sendable {
  /// What is run now. It gives `rest` what that reads, and callers those of the whole graph's outputs that it makes.
  package var graph: CompilerGraph
  /// What is planned when this has run; `nil` where nothing is left.
  package var rest: CompilerGraph?

  /// Takes from a graph what can be planned now.
  package init(firstOf graph: inout CompilerGraph, _ context: CompileContext) throws {
    let isExpanded = try InferFacts().infer(&graph, context)
    let isWidened = try WidenHalves().widen(&graph, context)
    // What takes the place of other nodes may tell more of those before.
    if isExpanded || isWidened { try InferFacts().run(&graph, context) }
    graph.removeDeadCode()
    #if DEBUG
      try graph.verify(after: "inference")
    #endif
    self.init(firstOf: graph)
  }

  /// Splits a graph whose values have their facts.
  init(firstOf whole: CompilerGraph) {
    var known = Set(whole.inputs)
    // Where inputs have symbols for extents, those are numbers when the region is planned.
    let given = Set(
      whole.inputs.filter { whole[$0].facts.fixedShape == nil }.flatMap { whole[$0].facts.shape ?? [] }.flatMap(
        \.symbols))
    var waiting: [NodeID] = []
    for id in whole.nodes {
      let node = whole[id]
      let isReady = node.operands.allSatisfy { operand in
        guard let operand else { return true }
        let value = whole[operand]
        return value.constant != nil || known.contains(operand)
      }
      guard isReady else {
        waiting.append(id)
        continue
      }
      for output in node.outputs {
        if let output, whole[output].facts.isPlannable(given) { known.insert(output) }
      }
    }
    graph = whole
    guard !waiting.isEmpty else {
      rest = nil
      return
    }
    let isWaiting = Set(waiting)
    var later = whole
    for id in whole.nodes { if isWaiting.contains(id) { graph.remove(id) } else { later.remove(id) } }
    /// Made now, or given: by the nodes that are left.
    func isThere(_ value: ValueID) -> Bool {
      guard let producer = whole[value].producer else { return true }
      return !isWaiting.contains(producer)
    }
    let needed = waiting.flatMap { whole[$0].operands }.compactMap(\.self)
    let handed = needed.unique.filter { whole[$0].constant == nil && isThere($0) }
    graph.setOutputs((handed + whole.outputs.filter(isThere)).unique)
    later.setInputs(handed)
    later.setOutputs(whole.outputs.filter { !isThere($0) }.unique)
    rest = later
  }
}

extension ValueFacts {
  /// Whether enough is known to plan what reads the value.
  package var isPlannable: Bool { isPlannable([]) }

  /// Whether enough is known once `symbols` are.
  fileprivate func isPlannable(_ symbols: Set<Dim.Symbol>) -> Bool {
    switch kind {
    case .tensor:
      fixedShape != nil || !symbols.isEmpty && shape?.allSatisfy { $0.symbols.isSubset(of: symbols) } == true
    // Who reads others looks at them when they are there.
    case .sparseTensor, .sequence, .optional, .map: true
    case nil: false
    }
  }
}

extension Array where Element: Hashable {
  /// Each element once, at its first place.
  fileprivate var unique: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
