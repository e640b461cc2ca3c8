import GraphWriter
import ZooCore

/// How operators call other graphs of the model.
struct Calls {
  /// Calls within calls.
  fileprivate var depth = 0
  /// Calls that take place only on a condition, those within others included.
  fileprivate(set) var branches = 0
  /// How many operators may still be written in place of calls: small files can call so much that no end is seen.
  fileprivate var budget = 1 << 18
  fileprivate var graphs: [Int: LiteModel.Graph] = [:]
  /// By graph, where its constants are since it was called for the first time.
  fileprivate var constants: [Int: [Int: Int]] = [:]
}

extension LiteConverter {
  static let callRules: [String: Rule] = [
    "CALL": { try $0.call($0.option(0)) },
    "CALL_ONCE": { try $0.callOnce() },
    "IF": { try $0.choose() },
    "WHILE": { try $0.unroll() },
    "STABLEHLO_COMPOSITE": { try $0.call($0.option(1)) },
  ]

  func called(_ number: Int) throws -> LiteModel.Graph { try calls.graphs[number] ?? source.graph(number) }

  /// Writes the operators of another graph here. Gives the tensors of its outputs.
  mutating func inlined(_ number: Int, _ arguments: [Int]) throws -> [Int] {
    let caller = current
    let graph = try called(number)
    calls.graphs[number] = graph
    guard graph.inputs.count == arguments.count, arguments.allSatisfy({ $0 >= 0 }) else {
      throw ZooError(.badData, "the graph \(number) has \(graph.inputs.count) inputs and is given \(arguments.count)")
    }
    calls.budget -= graph.operators.count + graph.tensors.count
    guard calls.depth < 32, calls.budget >= 0 else {
      throw ZooError(.unsupported, "graphs call one another without end, or too often")
    }
    calls.depth += 1
    defer { calls.depth -= 1 }
    let offset = lite.tensors.count
    lite.tensors += graph.tensors
    values += Array(repeating: nil, count: graph.tensors.count)
    let given = Dictionary(zip(graph.inputs, arguments)) { first, _ in first }
    if calls.constants[number] == nil {
      let places = graph.tensors.indices.filter { graph.tensors[$0].constant != nil }.map { ($0, offset + $0) }
      calls.constants[number] = Dictionary(uniqueKeysWithValues: places)
    }
    let constants = calls.constants[number] ?? [:]
    func place(_ index: Int) -> Int { index < 0 ? index : given[index] ?? constants[index] ?? offset + index }
    try ZooError.locating("graph \(number)") {
      try write(
        graph.operators.map { item in
          var item = item
          item.inputs = item.inputs.map(place)
          item.outputs = item.outputs.map(place)
          return item
        })
    }
    current = caller
    return graph.outputs.map(place)
  }

  /// Makes the results of a call the operator's outputs.
  private mutating func finish(_ results: [Int]) throws {
    guard results.count == current.outputs.count else {
      throw ZooError(.badData, "a graph of \(results.count) outputs is called for \(current.outputs.count)")
    }
    for (position, result) in results.enumerated() {
      let tensor = lite.tensors[result]
      if let constant = tensor.constant {
        lite.tensors[current.outputs[position]].constant = constant
        lite.tensors[current.outputs[position]].type = tensor.type
        lite.tensors[current.outputs[position]].quantization = tensor.quantization
      } else {
        let isRounded = try tensor.type == output(position).type && tensor.quantization == output(position).quantization
        try finish(plain(result), position: position, isRounded: isRounded)
      }
    }
  }

  private mutating func call(_ number: Int) throws { try finish(inlined(number, current.inputs)) }

  /// Variables and tables get what they begin with.
  private mutating func callOnce() throws {
    let wasBeginning = states.isBeginning
    states.isBeginning = true
    _ = try inlined(option(0), [])
    states.isBeginning = wasBeginning
  }

  /// Round after round, as long as constants tell that there is another one.
  private mutating func unroll() throws {
    let (condition, body) = (try option(0), try option(1))
    var arguments = current.inputs
    while true {
      guard let result = try inlined(condition, arguments).first, let constant = lite.tensors[result].constant,
        constant.type == .bool, let isOn = try constant.load().elements(Bool.self).first
      else { throw ZooError(.unsupported, "a loop whose number of rounds depends on data") }
      guard isOn else { return try finish(arguments) }
      arguments = try inlined(body, arguments)
    }
  }

  /// One of two graphs. Where only the data tells which, both are computed: they have no effects but their outputs.
  private mutating func choose() throws {
    let (graphs, arguments) = ([try option(0), try option(1)], Array(current.inputs.dropFirst()))
    if let condition = try needInput(0).constant {
      guard condition.type == .bool, let isTrue = try condition.load().elements(Bool.self).first else {
        throw ZooError(.badData, "its condition is no truth value")
      }
      return try finish(inlined(graphs[isTrue ? 0 : 1], arguments))
    }
    calls.branches += 1
    defer { calls.branches -= 1 }
    let results = [try inlined(graphs[0], arguments), try inlined(graphs[1], arguments)]
    guard results.allSatisfy({ $0.count == current.outputs.count }) else {
      throw ZooError(.badData, "its graphs have other numbers of outputs than it has")
    }
    let condition = step("Reshape", [try plain(input: 0), try list([Int]())])
    for position in current.outputs.indices {
      let (first, second) = (lite.tensors[results[0][position]], lite.tensors[results[1][position]])
      guard first.shape == second.shape, first.openAxes == second.openAxes, first.openAxes.isSubset(of: [0]) else {
        throw ZooError(
          .unsupported, "a choice, by the data, of values of the shapes \(first.shape) and \(second.shape)")
      }
      let names = [try plain(results[0][position]), try plain(results[1][position])]
      try finish(step("Where", [condition] + names), position: position)
    }
  }
}
