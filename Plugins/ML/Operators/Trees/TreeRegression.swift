import PluginSupport
import ZooPlugin

/// What TreeEnsemble and TreeEnsembleRegressor make of the votes for each target.
struct TreeRegression: Sendable {
  let aggregate: TreeAggregate
  let transform: PostTransform
  let targets: Int
  /// Added to each target's number, if there are as many.
  var base: [Double] = []

  func kernel(_ trees: TreeNodes, _ node: Node) throws -> any Kernel {
    try trees.isDouble || node.input(0).type == .float64
      ? kernel(trees, node, of: Double.self) : kernel(trees, node, of: Float.self)
  }

  private func kernel<Number: TreeNumber>(_ trees: TreeNodes, _ node: Node, of _: Number.Type) throws -> any Kernel {
    let rows = try Rows(node.input(0))
    let forest = try Forest<Number>(
      trees, features: rows.features, targets: targets, aggregate: aggregate, host: node.host)
    return ClosureKernel { call in
      let scores = try forest.scores(call.input(0), count: rows.count, call).scores
      finish(scores, trees: forest.treeCount)
      let output = call.output(0)
      guard output.data != nil else { return }
      switch output.type {
      case .float64:
        let results = output.pointer(as: Double.self)
        for index in scores.indices { results[index] = Double(scores[index]) }
        if transform != .none { try transformDoubles(results, rows.count, call.host) }
      default:
        let results = output.pointer(as: Float.self)
        for index in scores.indices { results[index] = Float(scores[index]) }
        transformRows(results, rows.count)
      }
    }
  }

  private func finish<Number: TreeNumber>(_ scores: Scratch<Number>, trees: Int) {
    if aggregate == .average { for index in scores.indices { scores[index] /= Number(trees) } }
    guard base.count == targets else { return }
    let base = base.map { Number($0) }
    for index in scores.indices { scores[index] += base[index % targets] }
  }

  private func transformRows(_ results: UnsafeMutablePointer<Float>, _ count: Int) {
    if transform == .none { return }
    for row in 0..<count {
      transform.apply(UnsafeMutableBufferPointer(start: results + row * targets, count: targets))
    }
  }

  private func transformDoubles(_ results: UnsafeMutablePointer<Double>, _ count: Int, _ host: ZooHost) throws {
    let floats = try host.scratch(count.saturatingTimes(targets), of: Float.self)
    for index in floats.indices { floats[index] = Float(results[index]) }
    floats.withPointer { transformRows($0, count) }
    for index in floats.indices { results[index] = Double(floats[index]) }
  }
}
