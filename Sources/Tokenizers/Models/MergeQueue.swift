/// Merges that wait to be made: a binary heap, the earliest merge first and among equals the leftmost.
struct MergeQueue {
  struct Entry {
    let rank: Int32
    let place: Int32
    let result: Int32

    /// What they are ordered by.
    fileprivate var key: Int64 { Int64(rank) << 32 | Int64(place) }
  }

  private var entries: [Entry] = []

  mutating func insert(_ entry: Entry) {
    entries.append(entry)
    var place = entries.count - 1
    while place > 0 {
      let parent = (place - 1) / 2
      if entries[parent].key <= entry.key { break }
      entries[place] = entries[parent]
      place = parent
    }
    entries[place] = entry
  }

  mutating func removeFirst() -> Entry? {
    guard let first = entries.first, let last = entries.popLast() else { return nil }
    guard !entries.isEmpty else { return first }
    var place = 0
    while true {
      var child = 2 * place + 1
      if child >= entries.count { break }
      if child + 1 < entries.count, entries[child + 1].key < entries[child].key { child += 1 }
      if last.key <= entries[child].key { break }
      entries[place] = entries[child]
      place = child
    }
    entries[place] = last
    return first
  }
}
