import PluginSupport
import ZooPlugin

extension AxisView {
  /// Elements of a part, about, where there are as many.
  private static let partCount = 16384

  /// Calls `body` with columns along the axis until that was all, shared out among workers: where the first of them begins,
  /// in elements, the place of its result in a tensor without the axis, and how many there are.
  func forEachPart(on executor: Executor, _ body: (_ start: Int, _ place: Int, _ columns: Int) -> Void) {
    guard outer > 0, inner > 0 else { return }
    let columns = max(1, Self.partCount / 64 / max(1, length)) * 64
    let parts = (inner + columns - 1) / columns
    let grain = max(1, Self.partCount / max(1, length.saturatingTimes(min(columns, inner))))
    executor.parallelRanges(outer * parts, grain: grain) { range in
      for part in range {
        let (index, first) = (part / parts, part % parts * columns)
        body(index * length * inner + first, index * inner + first, min(columns, inner - first))
      }
    }
  }
}
