import CMLKernels
import PluginSupport
import ZooPlugin

extension TreeNodes {
  /// Of TreeEnsemble: inner nodes and leaves in lists of their own, named by their places there. Leaves come after the
  /// nodes here.
  init(positions attributes: Attributes) throws {
    func ints(_ name: String) throws -> [Int] { try attributes.ints(name) ?? [] }
    guard let splits = try attributes.preciseNumbers(tensor: "nodes_splits"),
      let leafWeights = try attributes.preciseNumbers(tensor: "leaf_weights"),
      let kinds = try attributes.tensor("nodes_modes")
    else { throw OperatorError("nodes_splits, nodes_modes or leaf_weights is missing") }
    guard kinds.type == .uint8 else { throw OperatorError("nodes_modes holds \(kinds.type.name), not uint8") }
    modes = Array(UnsafeBufferPointer(start: kinds.pointer(as: UInt8.self), count: kinds.count))
    values = splits.values
    features = try ints("nodes_featureids")
    (roots, targets) = (try ints("tree_roots"), try ints("leaf_targetids"))
    weights = leafWeights.values
    isDouble = splits.isDouble || leafWeights.isDouble
    let (inner, leaves) = (values.count, weights.count)
    for mode in modes where mode > UInt8(ZM_MEMBER.rawValue) { throw OperatorError("the mode \(mode) is unknown") }
    for root in roots where !(0..<inner).contains(root) { throw OperatorError("there is no node \(root) for a root") }
    guard targets.count == leaves, !roots.isEmpty else {
      throw OperatorError("there are \(roots.count) roots, and \(targets.count) targets for \(leaves) leaves")
    }
    trueChildren = try Self.children(ints("nodes_truenodeids"), areLeaves: ints("nodes_trueleafs"), inner, leaves)
    falseChildren = try Self.children(ints("nodes_falsenodeids"), areLeaves: ints("nodes_falseleafs"), inner, leaves)
    let missing = try ints("nodes_missing_value_tracks_true")
    guard modes.count == inner, features.count == inner, missing.isEmpty || missing.count == inner else {
      throw OperatorError("the lists of nodes have different lengths")
    }
    if missing.contains(where: { $0 != 0 }) {
      missingIsTrue = missing.map { $0 != 0 } + [Bool](repeating: false, count: leaves)
    }
    try addSets(attributes.preciseNumbers(tensor: "membership_values")?.values ?? [], leaves: leaves)

    modes += [UInt8](repeating: UInt8(ZM_LEQ.rawValue), count: leaves)
    values += [Double](repeating: 0, count: leaves)
    features += [Int](repeating: 0, count: leaves)
    falseChildren += inner..<inner + leaves
    trueChildren += inner..<inner + leaves
    leafStarts = [Int](repeating: 0, count: inner) + (0...leaves)
  }

  private static func children(_ places: [Int], areLeaves: [Int], _ inner: Int, _ leaves: Int) throws -> [Int] {
    guard places.count == inner, areLeaves.count == inner else {
      throw OperatorError("the lists of nodes have different lengths")
    }
    return try zip(places, areLeaves).map { place, isLeaf in
      guard place >= 0, place < (isLeaf != 0 ? leaves : inner) else {
        throw OperatorError("there is no \(isLeaf != 0 ? "leaf" : "node") \(place)")
      }
      return isLeaf != 0 ? inner + place : place
    }
  }

  /// The sets of the nodes that ask for membership, in their order, each ended by NaN.
  private mutating func addSets(_ numbers: [Double], leaves: Int) throws {
    guard modes.contains(UInt8(ZM_MEMBER.rawValue)) else { return }
    var lists = numbers.split(omittingEmptySubsequences: false) { $0.isNaN }[...]
    for mode in modes {
      sets.append(setStarts.count - 1)
      guard mode == UInt8(ZM_MEMBER.rawValue) else { continue }
      guard let list = lists.popFirst() else { throw OperatorError("membership_values has too few sets") }
      members += list.sorted()
      setStarts.append(members.count)
    }
    sets += [Int](repeating: 0, count: leaves)
  }
}
