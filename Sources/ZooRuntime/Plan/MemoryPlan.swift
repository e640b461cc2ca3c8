/// A stretch of memory that some value needs from one step to another.
struct Lifetime {
  var byteCount: Int
  var first: Int
  var last: Int
}

/// Places lifetimes in one arena so that those that overlap in time don't overlap in memory: largest first, each at
/// the lowest place that is free ("greedy by size", Pisarchyk and Lee 2020).
///
/// - Returns: the offset of each, a multiple of `alignment`, and the arena's size.
func placeInArena(_ lifetimes: [Lifetime], alignment: Int = 64) -> (offsets: [Int], byteCount: Int) {
  var offsets = [Int](repeating: 0, count: lifetimes.count)
  var placed: [(start: Int, end: Int, lifetime: Lifetime)] = []
  var total = 0
  for index in lifetimes.indices.sorted(by: { lifetimes[$0].byteCount > lifetimes[$1].byteCount }) {
    let lifetime = lifetimes[index]
    // Vector loads may run past the end by less than a line.
    let size = (lifetime.byteCount + 2 * alignment - 1) / alignment * alignment
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
