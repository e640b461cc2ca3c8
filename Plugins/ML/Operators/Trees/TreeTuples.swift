import CMLKernels
import PluginSupport
import ZooPlugin

extension TreeNodes {
  /// Of TreeEnsembleRegressor and TreeEnsembleClassifier: nodes with a number in a tree with a number.
  ///
  /// - Parameter votes: What the lists of votes at leaves begin with: `target` or `class`.
  init(tuples attributes: Attributes, votes: String) throws {
    func ints(_ name: String) throws -> [Int] { try attributes.ints(name) ?? [] }
    let (trees, ids) = (try ints("nodes_treeids"), try ints("nodes_nodeids"))
    let names = try attributes.strings("nodes_modes") ?? []
    features = try ints("nodes_featureids")
    let (truths, falsehoods) = (try ints("nodes_truenodeids"), try ints("nodes_falsenodeids"))
    let thresholds = try attributes.preciseNumbers("nodes_values")
    values = thresholds.values
    let count = trees.count
    guard count > 0,
      [ids.count, names.count, features.count, truths.count, falsehoods.count, values.count]
        .allSatisfy({ $0 == count })
    else { throw OperatorError("the lists of nodes have different lengths, or none") }
    let missing = try ints("nodes_missing_value_tracks_true")
    guard missing.isEmpty || missing.count == count else {
      throw OperatorError("nodes_missing_value_tracks_true has \(missing.count) entries for \(count) nodes")
    }
    missingIsTrue = missing.contains { $0 != 0 } ? missing.map { $0 != 0 } : []

    let places = try NodePlaces(trees: trees, nodes: ids)
    modes.reserveCapacity(count)
    for node in 0..<count {
      guard let mode = try Self.mode(names[node]) else {
        modes.append(UInt8(ZM_LEQ.rawValue))
        falseChildren.append(node)
        trueChildren.append(node)
        features[node] = 0
        continue
      }
      modes.append(mode)
      falseChildren.append(try places.place(tree: trees[node], node: falsehoods[node]))
      trueChildren.append(try places.place(tree: trees[node], node: truths[node]))
    }
    roots = trees.indices.filter { $0 == 0 || trees[$0] != trees[$0 - 1] }

    let (owners, nodes) = (try ints("\(votes)_treeids"), try ints("\(votes)_nodeids"))
    let (ids2, weights) = (try ints("\(votes)_ids"), try attributes.preciseNumbers("\(votes)_weights"))
    guard owners.count == nodes.count, nodes.count == ids2.count, ids2.count == weights.values.count else {
      throw OperatorError("the lists \(votes)_treeids, _nodeids, _ids and _weights have different lengths")
    }
    isDouble = thresholds.isDouble || weights.isDouble
    try addVotes(
      at: owners.indices.map { try places.place(tree: owners[$0], node: nodes[$0]) }, targets: ids2,
      weights: weights.values)
  }

  /// - Returns: `nil` for a leaf.
  private static func mode(_ name: String) throws -> UInt8? {
    let mode: zm_mode
    switch name {
    case "LEAF": return nil
    case "BRANCH_LEQ": mode = ZM_LEQ
    case "BRANCH_LT": mode = ZM_LT
    case "BRANCH_GTE": mode = ZM_GTE
    case "BRANCH_GT": mode = ZM_GT
    case "BRANCH_EQ": mode = ZM_EQ
    case "BRANCH_NEQ": mode = ZM_NEQ
    default: throw OperatorError("the mode \(name) of a node is unknown")
    }
    return UInt8(mode.rawValue)
  }

  /// Sorts the votes by node, those of one node in the order given. What inner nodes say never counts.
  private mutating func addVotes(at nodes: [Int], targets given: [Int], weights numbers: [Double]) throws {
    leafStarts = [Int](repeating: 0, count: count + 1)
    for node in nodes { leafStarts[node + 1] += 1 }
    for node in 0..<count { leafStarts[node + 1] += leafStarts[node] }
    var next = leafStarts
    targets = given
    weights = numbers
    for (index, node) in nodes.enumerated() {
      (targets[next[node]], weights[next[node]]) = (given[index], numbers[index])
      next[node] += 1
    }
  }
}

/// Where the node of a number in the tree of a number is in the lists.
private struct NodePlaces {
  private struct Name: Hashable { var tree, node: Int }
  /// By tree, where each tree's nodes follow each other and are numbered from 0.
  private var ranges: [Int: Range<Int>] = [:]
  private var places: [Name: Int] = [:]

  init(trees: [Int], nodes: [Int]) throws {
    var start = 0
    while start < trees.count {
      var end = start
      while end < trees.count, trees[end] == trees[start], nodes[end] == end - start { end += 1 }
      guard end > start, end == trees.count || trees[end] != trees[start], ranges[trees[start]] == nil else {
        try addNames(trees, nodes)
        return
      }
      ranges[trees[start]] = start..<end
      start = end
    }
  }

  private mutating func addNames(_ trees: [Int], _ nodes: [Int]) throws {
    ranges = [:]
    places.reserveCapacity(trees.count)
    for index in trees.indices {
      guard places.updateValue(index, forKey: Name(tree: trees[index], node: nodes[index])) == nil else {
        throw OperatorError("tree \(trees[index]) has two nodes \(nodes[index])")
      }
    }
  }

  func place(tree: Int, node: Int) throws -> Int {
    if let range = ranges[tree], (0..<range.count).contains(node) { return range.lowerBound + node }
    guard let place = places[Name(tree: tree, node: node)] else {
      throw OperatorError("tree \(tree) has no node \(node)")
    }
    return place
  }
}
