import CMLKernels
import PluginSupport
import ZooPlugin

/// What trees compute with.
protocol TreeNumber: BitwiseCopyable, BinaryFloatingPoint, Sendable {
  associatedtype TreeNode: BitwiseCopyable
  static func node(value: Self, feature: UInt32, falseChild: Int32, trueChild: Int32) -> TreeNode
  static func walk(
    _ forest: UnsafePointer<zm_forest>, _ rows: UnsafePointer<Self>, _ count: Int, stride: Int, trees: Range<Int>,
    scores: UnsafeMutablePointer<Self>, has: UnsafeMutablePointer<UInt8>)
}

extension Float: TreeNumber {
  static func node(value: Float, feature: UInt32, falseChild: Int32, trueChild: Int32) -> zm_node_float {
    zm_node_float(value: value, feature: feature, child: (falseChild, trueChild))
  }
  static func walk(
    _ forest: UnsafePointer<zm_forest>, _ rows: UnsafePointer<Float>, _ count: Int, stride: Int, trees: Range<Int>,
    scores: UnsafeMutablePointer<Float>, has: UnsafeMutablePointer<UInt8>
  ) { zm_forest_float(forest, rows, count, stride, trees.lowerBound, trees.upperBound, scores, has) }
}

extension Double: TreeNumber {
  static func node(value: Double, feature: UInt32, falseChild: Int32, trueChild: Int32) -> zm_node_double {
    zm_node_double(value: value, feature: feature, child: (falseChild, trueChild))
  }
  static func walk(
    _ forest: UnsafePointer<zm_forest>, _ rows: UnsafePointer<Double>, _ count: Int, stride: Int, trees: Range<Int>,
    scores: UnsafeMutablePointer<Double>, has: UnsafeMutablePointer<UInt8>
  ) { zm_forest_double(forest, rows, count, stride, trees.lowerBound, trees.upperBound, scores, has) }
}

/// How the votes of leaves for one target become one number.
enum TreeAggregate: String, Sendable {
  case average = "AVERAGE"
  case sum = "SUM"
  case least = "MIN"
  case greatest = "MAX"
}

/// Trees packed for the kernels.
final class Forest<Number: TreeNumber>: Sendable {
  let treeCount: Int
  let targetCount: Int
  private let features: Int
  private let mode: Int32
  private let aggregate: Int32
  private let nodes: Scratch<Number.TreeNode>
  private let modes: Scratch<UInt8>
  private let sets: Scratch<UInt32>
  private let setStarts: Scratch<Int>
  private let members: Scratch<Number>
  private let roots: Scratch<Int32>
  private let leafStarts: Scratch<UInt32>
  private let targets: Scratch<Int32>
  private let weights: Scratch<Number>

  /// - Parameter features: How long rows are.
  init(_ trees: TreeNodes, features: Int, targets targetCount: Int, aggregate: TreeAggregate, host: ZooHost) throws {
    try trees.check(features: features, targets: targetCount)
    (self.features, self.targetCount, treeCount) = (features, targetCount, trees.roots.count)
    let used = Set(trees.values.indices.lazy.filter { !trees.isLeaf($0) }.map { trees.modes[$0] })
    mode = used.count > 1 ? -1 : Int32(used.first ?? UInt8(ZM_LEQ.rawValue))
    let aggregates: [TreeAggregate: zm_aggregate] = [.least: ZM_MIN, .greatest: ZM_MAX]
    self.aggregate = Int32((aggregates[aggregate] ?? ZM_SUM).rawValue)
    nodes = try host.scratch(trees.count)
    for node in trees.values.indices {
      let missing = !trees.missingIsTrue.isEmpty && trees.missingIsTrue[node] ? ZM_MISSING_IS_TRUE : 0
      let feature = trees.isLeaf(node) ? 0 : UInt32(trees.features[node])
      nodes[node] = Number.node(
        value: Number(trees.values[node]), feature: feature | missing,
        falseChild: Int32(trees.falseChildren[node]), trueChild: Int32(trees.trueChildren[node]))
    }
    modes = try host.copy(trees.modes) { $0 }
    sets = try host.copy(trees.sets) { UInt32($0) }
    setStarts = try host.copy(trees.setStarts) { $0 }
    members = try host.copy(trees.members) { Number($0) }
    roots = try host.copy(trees.roots) { Int32($0) }
    leafStarts = try host.copy(trees.leafStarts) { UInt32($0) }
    targets = try host.copy(trees.targets) { Int32($0) }
    weights = try host.copy(trees.weights) { Number($0) }
  }

  /// What the trees say of each row and target, and of which there is a say.
  func scores(_ rows: TensorView, count: Int, _ call: Call) throws -> (scores: Scratch<Number>, has: Scratch<UInt8>) {
    let size = count.saturatingTimes(targetCount)
    let scores = try call.host.scratch(repeating: Number.zero, count: size)
    let has = try call.host.scratch(repeating: UInt8(0), count: size)
    try withNumbers(of: rows, call) { rows, stride in
      // Few rows and many trees: each worker takes some of the trees.
      let pieces = count >= 32 * call.executor.workerCount ? 1 : min(call.executor.workerCount, treeCount / 64 + 1)
      if pieces > 1, count.saturatingTimes(treeCount) >= 1024 {
        return try sumPieces(pieces, rows, count, stride, scores, has, call)
      }
      withForest { forest in
        scores.withPointer { scores in
          has.withPointer { has in
            // Whole blocks of 64 rows, as the kernel has them.
            call.executor.parallelRanges((count + 63) / 64, grain: max(1, 256 / max(1, treeCount))) { range in
              let first = range.lowerBound * 64
              let end = min(range.upperBound * 64, count)
              Number.walk(
                forest, rows + first * stride, end - first, stride: stride, trees: 0..<treeCount,
                scores: scores + first * targetCount, has: has + first * targetCount)
            }
          }
        }
      }
    }
    return (scores, has)
  }

  private func sumPieces(
    _ pieces: Int, _ rows: UnsafePointer<Number>, _ count: Int, _ stride: Int, _ scores: Scratch<Number>,
    _ has: Scratch<UInt8>, _ call: Call
  ) throws {
    let size = scores.count
    let parts = try call.host.scratch(repeating: Number.zero, count: size.saturatingTimes(pieces))
    let said = try call.host.scratch(repeating: UInt8(0), count: size.saturatingTimes(pieces))
    withForest { forest in
      parts.withPointer { parts in
        said.withPointer { said in
          call.executor.parallelFor(pieces) { piece, _ in
            Number.walk(
              forest, rows, count, stride: stride,
              trees: treeCount * piece / pieces..<treeCount * (piece + 1) / pieces, scores: parts + piece * size,
              has: said + piece * size)
          }
        }
      }
    }
    for piece in 0..<pieces {
      for index in 0..<size where said[piece * size + index] != 0 {
        let part = parts[piece * size + index]
        if has[index] == 0 {
          scores[index] = part
        } else if aggregate == Int32(ZM_SUM.rawValue) {
          scores[index] += part
        } else if aggregate == Int32(ZM_MIN.rawValue) ? part < scores[index] : part > scores[index] {
          scores[index] = part
        }
        has[index] = 1
      }
    }
  }

  private func withForest(_ body: (UnsafePointer<zm_forest>) -> Void) {
    withExtendedLifetime(self) {
      var forest = zm_forest(
        nodes: nodes.withPointer { UnsafeRawPointer($0) }, mode: mode, modes: modes.withPointer { $0 },
        sets: sets.withPointer { $0 }, set_starts: setStarts.withPointer { $0 },
        members: members.withPointer { UnsafeRawPointer($0) }, roots: roots.withPointer { $0 },
        leaf_starts: leafStarts.withPointer { $0 }, targets: targets.withPointer { $0 },
        weights: weights.withPointer { UnsafeRawPointer($0) }, aggregate: aggregate, target_count: targetCount)
      body(&forest)
    }
  }

  /// Calls `body` with the elements as `Number`s, and how far apart rows are.
  private func withNumbers(
    of rows: TensorView, _ call: Call, _ body: (UnsafePointer<Number>, Int) throws -> Void
  ) throws {
    // Leaves look at a feature too, whatever it is.
    if features == 0 { return try call.host.scratch(repeating: Number.zero, count: 1).withPointer { try body($0, 0) } }
    func convert<Element: BitwiseCopyable>(_: Element.Type, _ number: (Element) -> Number) throws {
      let (elements, numbers) = (rows.pointer(as: Element.self), try call.host.scratch(rows.count, of: Number.self))
      for index in numbers.indices { numbers[index] = number(elements[index]) }
      try numbers.withPointer { try body($0, features) }
    }
    switch rows.type {
    case .float32 where Number.self == Float.self, .float64 where Number.self == Double.self:
      try body(rows.pointer(as: Number.self), features)
    case .float32: try convert(Float.self) { Number($0) }
    case .float64: try convert(Double.self) { Number($0) }
    case .int64: try convert(Int64.self) { Number($0) }
    case .int32: try convert(Int32.self) { Number($0) }
    default: throw unsupported(rows.type)
    }
  }
}

extension ZooHost {
  /// `elements` in memory of the host.
  func copy<From, To: BitwiseCopyable>(_ elements: [From], _ convert: (From) -> To) throws -> Scratch<To> {
    let copy = try scratch(elements.count, of: To.self)
    for (index, element) in elements.enumerated() { copy[index] = convert(element) }
    return copy
  }
}
