import ZooCore

/// Axes that count from the end came with operator set 11.
let negativeAxesAdapters: [Adapter] = [
  Adapter(
    "ArgMax", "ArgMin", "Compress", "Concat", "Flatten", "Gather", "Hardmax", "LogSoftmax", "Softmax", "Split", at: 11,
    down: { node, bench in [try countingFromFront(node, rank: bench.rank(node.input(0)), bench)] }),
  Adapter(
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
    "ReduceSum", "ReduceSumSquare", "Squeeze", at: 11,
    down: { node, bench in [try countingFromFront(node, rank: bench.rank(node.input(0)), bench)] }),
  Adapter(
    "Unsqueeze", at: 11,
    down: { node, bench in
      let rank = bench.rank(node.input(0)).map { $0 + (node.ints("axes")?.count ?? 0) }
      return [try countingFromFront(node, rank: rank, bench)]
    }),
]

/// The node with all axes from 0 on.
///
/// - Parameter rank: What a negative axis counts from.
func countingFromFront(_ node: Node, rank: Int?, _ bench: Workbench) throws -> Node {
  func counted(_ axis: Int) throws -> Int {
    guard axis < 0 else { return axis }
    guard let rank else { throw Refusal("the axis \(axis) counts from the end, and the rank is not known") }
    guard axis + rank >= 0 else { throw Refusal("the axis \(axis) is out of range") }
    return axis + rank
  }
  var node = node
  if let axis = node.int("axis"), axis < 0 { node.set(.number("axis", try counted(axis))) }
  if let axes = node.ints("axes"), axes.contains(where: { $0 < 0 }) {
    // In order, as readers of old versions expect them.
    node.set(.list("axes", try axes.map(counted).sorted()))
  }
  return node
}
