import CMLKernels
import CVectorKernels
import PluginSupport
import ZooPlugin

/// The nodes of all trees, by number: what the attributes of each form of tree ensembles come down to.
struct TreeNodes {
  /// Of `zm_mode`; a leaf's does not matter.
  var modes: [UInt8] = []
  var values: [Double] = []
  var features: [Int] = []
  /// Whether a missing number goes where the comparison is true; empty for nowhere.
  var missingIsTrue: [Bool] = []
  /// Where a node goes on; a leaf's children are itself.
  var falseChildren: [Int] = []
  var trueChildren: [Int] = []
  var roots: [Int] = []
  /// By node, and one more: its entries of `targets` and `weights`.
  var leafStarts: [Int] = []
  var targets: [Int] = []
  var weights: [Double] = []
  /// By node of mode `ZM_MEMBER`, the number of its set.
  var sets: [Int] = []
  var setStarts: [Int] = [0]
  /// Ascending in each set.
  var members: [Double] = []
  /// Whether float32 would round the numbers above.
  var isDouble = false

  var count: Int { values.count }

  func isLeaf(_ node: Int) -> Bool { falseChildren[node] == node && trueChildren[node] == node }

  /// - Throws: `OperatorError` where a walk would leave the tables, a row or the targets, or would not end.
  func check(features featureCount: Int, targets targetCount: Int) throws {
    guard count < 1 << 30, weights.count < 1 << 30 else { throw OperatorError("there are \(count) nodes") }
    for root in roots where !values.indices.contains(root) { throw OperatorError("there is no node \(root)") }
    for node in values.indices {
      guard values.indices.contains(falseChildren[node]), values.indices.contains(trueChildren[node]) else {
        throw OperatorError("node \(node) goes on to \(trueChildren[node]) or \(falseChildren[node]) of \(count)")
      }
      guard isLeaf(node) || (0..<min(featureCount, 1 << 31)).contains(features[node]) else {
        throw OperatorError("node \(node) asks for feature \(features[node]), but rows have \(featureCount)")
      }
    }
    for target in targets where !(0..<targetCount).contains(target) {
      throw OperatorError("a leaf speaks of target \(target), but there are \(targetCount)")
    }
    try checkEnds()
  }

  /// Nodes may share what follows, but none may follow itself.
  private func checkEnds() throws {
    enum State { case new, open, done }
    var states = [State](repeating: .new, count: count)
    var stack: [Int] = []
    for root in roots where states[root] == .new {
      stack.append(root)
      while let node = stack.last {
        if states[node] != .new || isLeaf(node) {
          states[node] = .done
          stack.removeLast()
          continue
        }
        states[node] = .open
        for child in [falseChildren[node], trueChildren[node]] {
          if states[child] == .open { throw OperatorError("node \(child) comes after itself") }
          if states[child] == .new { stack.append(child) }
        }
      }
    }
  }
}

extension Attributes {
  /// The numbers of a tensor of floats of any width, and whether float32 would round them; `nil` where there is none.
  func preciseNumbers(tensor name: String) throws -> (values: [Double], isDouble: Bool)? {
    guard let tensor = try tensor(name) else { return nil }
    let count = tensor.count
    switch tensor.type {
    case .float64: return (Array(UnsafeBufferPointer(start: tensor.pointer(as: Double.self), count: count)), true)
    case .float32:
      return (UnsafeBufferPointer(start: tensor.pointer(as: Float.self), count: count).map(Double.init), false)
    case .float16:
      let floats = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        buffer.initialize(repeating: 0)
        if count > 0, let first = buffer.baseAddress { zs_halves_to_floats(tensor.pointer(), first, count) }
        initialized = count
      }
      return (floats.map(Double.init), false)
    default: throw OperatorError("attribute \(name) holds \(tensor.type.name)", kind: .unsupported)
    }
  }

  /// The numbers of the attribute `name`, or of `name`_as_tensor, where they may be of double precision.
  func preciseNumbers(_ name: String) throws -> (values: [Double], isDouble: Bool) {
    if let list = try floats(name), !list.isEmpty { return (list.map(Double.init), false) }
    return try preciseNumbers(tensor: "\(name)_as_tensor") ?? ([], false)
  }
}
