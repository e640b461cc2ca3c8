import ZooCore
import ZooPlatform

/// Lifetimes of values some of which are made inside others: what a Concat reads lies where the Concat would put it.
package struct JoinedLifetimes {
  private var lifetimes: [Lifetime]
  /// By lifetime, what it is inside of.
  private var outer: [(lifetime: Int, offset: Int)?]

  package init(_ lifetimes: [Lifetime]) {
    self.lifetimes = lifetimes
    outer = Array(repeating: nil, count: lifetimes.count)
  }

  /// Has `part` lie inside `whole`, which begins later and in which it ends, from `offset` on, if that can be.
  package mutating func join(_ part: Int, to whole: Int, at offset: Int) {
    guard part != whole, outer[part] == nil, offset >= 0, offset % SystemMemory.alignment == 0,
      lifetimes[part].byteCount > 0, lifetimes[part].byteCount <= lifetimes[whole].byteCount - offset,
      lifetimes[part].first < lifetimes[whole].first
    else { return }
    outer[part] = (whole, offset)
  }

  /// Has `part` take no place in the arena: its value lies elsewhere.
  package mutating func leave(_ part: Int) {
    (lifetimes[part].byteCount, outer[part]) = (0, nil)
    for index in outer.indices where outer[index]?.lifetime == part { outer[index] = nil }
  }

  /// The offset of each lifetime, and the arena's size. Nothing is joined where that would take much more memory.
  ///
  /// - Throws: `ZooError` (`badData`) for more memory than there can be.
  package func placed() throws(ZooError) -> (offsets: [Int], byteCount: Int) {
    // Each may be as large as addresses reach; all of them may not leave Int.
    guard lifetimes.reduce(0.0, { $0 + Double($1.byteCount) }) < 0x1p62 else {
      throw ZooError(.badData, "the values of the graph take more memory than there can be")
    }
    let apart = placeInArena(lifetimes)
    guard outer.contains(where: { $0 != nil }) else { return apart }
    var whole = lifetimes
    // A part is of an earlier beginning than what it is inside of, which may be inside of another one.
    let inOrder = lifetimes.indices.sorted { lifetimes[$0].first < lifetimes[$1].first }
    for part in inOrder {
      guard let (lifetime, _) = outer[part] else { continue }
      whole[lifetime].first = min(whole[lifetime].first, whole[part].first)
    }
    let roots = lifetimes.indices.filter { outer[$0] == nil }
    let arena = placeInArena(roots.map { whole[$0] })
    guard arena.byteCount / 9 <= apart.byteCount / 8 else { return apart }
    var offsets = [Int](repeating: 0, count: lifetimes.count)
    for (root, offset) in zip(roots, arena.offsets) { offsets[root] = offset }
    for part in inOrder.reversed() {
      guard let (lifetime, offset) = outer[part] else { continue }
      offsets[part] = offsets[lifetime] + offset
    }
    return (offsets, arena.byteCount)
  }
}
