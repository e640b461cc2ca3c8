/// A stretch of memory that some value needs from one step to another.
package struct Lifetime: Sendable {
  package var byteCount: Int
  package var first: Int
  package var last: Int

  package init(byteCount: Int, first: Int, last: Int) {
    (self.byteCount, self.first, self.last) = (byteCount, first, last)
  }
}

/// Places lifetimes in one arena so that those that overlap in time don't overlap in memory: largest first, each at
/// the lowest place that is free ("greedy by size", Pisarchyk and Lee 2020).
///
/// - Returns: the offset of each, a multiple of `alignment`, and the arena's size.
package func placeInArena(_ lifetimes: [Lifetime], alignment: Int = 64) -> (offsets: [Int], byteCount: Int) {
  guard lifetimes.count <= 10_000 else { return placeInOrder(lifetimes, alignment: alignment) }
  var offsets = [Int](repeating: 0, count: lifetimes.count)
  var placed: [(start: Int, end: Int, lifetime: Lifetime)] = []
  var total = 0
  for index in lifetimes.indices.sorted(by: { lifetimes[$0].byteCount > lifetimes[$1].byteCount }) {
    let lifetime = lifetimes[index]
    let size = room(for: lifetime, alignment)
    var start = 0
    for other in placed where other.lifetime.first <= lifetime.last && lifetime.first <= other.lifetime.last {
      if start + size <= other.start { break }
      start = max(start, other.end)
    }
    offsets[index] = start
    let place = placed.firstIndex { $0.start > start } ?? placed.endIndex
    placed.insert((start, start + size, lifetime), at: place)
    total = max(total, start + size)
  }
  return (offsets, total)
}

/// The same for graphs so large that comparing all lifetimes with each other would take minutes: first to last, each in
/// the place of one of its size that has ended, or behind all others.
private func placeInOrder(_ lifetimes: [Lifetime], alignment: Int) -> (offsets: [Int], byteCount: Int) {
  var offsets = [Int](repeating: 0, count: lifetimes.count)
  var total = 0
  var free: [Int: [Int]] = [:]
  let ends = lifetimes.indices.sorted { lifetimes[$0].last < lifetimes[$1].last }
  var ended = 0
  for index in lifetimes.indices.sorted(by: { lifetimes[$0].first < lifetimes[$1].first }) {
    while lifetimes[ends[ended]].last < lifetimes[index].first {
      free[room(for: lifetimes[ends[ended]], alignment), default: []].append(offsets[ends[ended]])
      ended += 1
    }
    let size = room(for: lifetimes[index], alignment)
    if let place = free[size]?.popLast() {
      offsets[index] = place
    } else {
      offsets[index] = total
      total += size
    }
  }
  return (offsets, total)
}

/// Vector loads may run past the end by less than a line.
private func room(for lifetime: Lifetime, _ alignment: Int) -> Int {
  (lifetime.byteCount + 2 * alignment - 1) / alignment * alignment
}
