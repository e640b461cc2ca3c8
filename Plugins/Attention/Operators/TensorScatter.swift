import PluginSupport
import ZooPlugin

/// ONNX TensorScatter: writes new keys or values of each sample into its cache, from a place of its own on.
///
/// Where the cache's memory is also the output's, only the new rows are written.
struct TensorScatter: Operator {
  let signature = Signature("TensorScatter", since: 24)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    TensorScatterKernel(try ScatterGeometry(node))
  }
}

/// The shapes and attributes of a TensorScatter node, checked.
private struct ScatterGeometry: Sendable {
  /// Places before the batch's axis are one, so `outer` counts the stretches of one sample.
  var batch, outer, capacity, rows: Int
  /// Bytes of one row, and of the whole cache.
  var rowByteCount, byteCount: Int
  var isCircular: Bool
  var hasIndices: Bool

  init(_ node: Node) throws {
    let (cache, update) = (try node.input(0), try node.input(1))
    guard cache.rank > 1, update.rank == cache.rank, update.type == cache.type else {
      throw OperatorError(
        "a \(update.type.name) update of shape \(update.shape) doesn't fit a \(cache.type.name) cache of shape "
          + "\(cache.shape)")
    }
    let axis = try normalized(axis: node.attributes.int("axis") ?? -2, rank: cache.rank)
    guard axis > 0 else { throw OperatorError("axis 0 counts samples, which have a cache each") }
    for index in 0..<cache.rank where index != axis && cache.shape[index] != update.shape[index] {
      throw OperatorError("an update of shape \(update.shape) doesn't fit a cache of shape \(cache.shape)")
    }
    switch try node.attributes.string("mode") ?? "linear" {
    case "linear": isCircular = false
    case "circular": isCircular = true
    case let mode: throw OperatorError("mode has to be linear or circular, not \(mode)")
    }
    hasIndices = false
    if let indices = node.optionalInput(2) {
      guard indices.type == .int64, indices.shape == [cache.shape[0]] else {
        throw OperatorError("write_indices has to be int64 of shape [\(cache.shape[0])]")
      }
      hasIndices = true
    }
    batch = cache.shape[0]
    outer = cache.shape[1..<axis].reduce(1, *)
    capacity = cache.shape[axis]
    rows = update.shape[axis]
    guard cache.type != .string else { throw unsupported(cache.type) }
    let size = try cache.type.elementByteCount
    rowByteCount = cache.shape[(axis + 1)...].reduce(size, *)
    byteCount = cache.count * size
    guard rows <= capacity else { throw OperatorError("\(rows) new rows are too many for a cache of \(capacity)") }
  }
}

private final class TensorScatterKernel: Kernel {
  private let geometry: ScatterGeometry

  init(_ geometry: ScatterGeometry) { self.geometry = geometry }

  var inPlaceInputs: [Int] { [0] }

  func run(_ call: Call) throws {
    let g = geometry
    guard g.byteCount > 0, let target = call.output(0).data, let cache = call.input(0).data else { return }
    if target != cache {
      call.executor.parallelRanges(g.byteCount, grain: 1 << 18) { range in
        (target + range.lowerBound).copyMemory(from: cache + range.lowerBound, byteCount: range.count)
      }
    }
    guard g.rows > 0, let update = call.input(1).data else { return }
    let indices = g.hasIndices ? call.input(2).pointer(as: Int64.self) : nil
    for sample in 0..<g.batch {
      let first = Int(indices?[sample] ?? 0)
      guard first >= 0, g.isCircular || first <= g.capacity - g.rows else {
        throw OperatorError(
          "write_indices[\(sample)] is \(first): \(g.rows) rows from there on are not in a cache of \(g.capacity)")
      }
      for place in sample * g.outer..<(sample + 1) * g.outer {
        let (to, from) = (target + place * g.capacity * g.rowByteCount, update + place * g.rows * g.rowByteCount)
        var row = 0
        while row < g.rows {
          let begin = g.isCircular ? (first % g.capacity + row) % g.capacity : first + row
          let count = min(g.rows - row, g.capacity - begin)
          (to + begin * g.rowByteCount).copyMemory(
            from: from + row * g.rowByteCount, byteCount: count * g.rowByteCount)
          row += count
        }
      }
    }
  }
}
