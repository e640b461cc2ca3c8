import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Memory in large pages, where the system has them: weights come from memory up to three times as fast as through pages of
/// 4 KiB, whose places a processor, a virtual one above all, looks up too often; and to touch it the first time takes half as
/// long.
///
/// Blocks that would not fill a large page lie in regions together. What is free in between is used again, and goes back to
/// the system where it is much.
///
/// A virtual machine whose host has to find memory for a large page first takes several times as long as for small ones that
/// were used before. So large blocks begin with small pages, and so does a region whose first page tells of such a host; what
/// is still there some time later, when whoever only wanted one answer is gone, moves to large ones in the background.
enum LargePages {
  private static let pageSize = 2 << 20
  /// Addresses are cheap: only what is touched takes memory.
  private static let regionSize = 64 << 20
  /// Larger ones have a region of their own.
  private static let largestShared = regionSize / 4
  /// Bytes that follow each other and nobody has, from which on they go back to the system.
  private static let mostIdle = 8 << 20

  /// Blocks that lie side by side.
  private struct Region {
    let start: UInt
    /// Offsets, in order, and never next to each other.
    var free: [Range<Int>]
    /// What is behind this was never touched, or given back.
    var touched: Int

    var isEmpty: Bool { free == [0..<regionSize] }

    mutating func take(_ count: Int) -> UInt? {
      guard let index = free.firstIndex(where: { $0.count >= count }) else { return nil }
      let range = free[index]
      touched = max(touched, range.lowerBound + count)
      if range.count == count {
        free.remove(at: index)
      } else {
        free[index] = range.lowerBound + count..<range.upperBound
      }
      return start + UInt(range.lowerBound)
    }

    mutating func give(_ range: Range<Int>) {
      var index = free.partitionPoint { $0.lowerBound > range.lowerBound }
      var range = range
      if index < free.count, free[index].lowerBound == range.upperBound {
        range = range.lowerBound..<free.remove(at: index).upperBound
      }
      if index > 0, free[index - 1].upperBound == range.lowerBound {
        index -= 1
        range = free.remove(at: index).lowerBound..<range.upperBound
      }
      free.insert(range, at: index)
      // What comes and goes finds its pages again.
      guard min(range.upperBound, touched) - range.lowerBound >= mostIdle else { return }
      let first = range.lowerBound.roundedUp(to: pageSize)
      let end = max(first, min(range.upperBound, touched.roundedUp(to: pageSize)) / pageSize * pageSize)
      madvise(pointer(start) + first, end - first, MADV_DONTNEED)
      if range.upperBound == regionSize { touched = first }
    }
  }

  private static let regions = Mutex<[Region]>([])
  /// The sizes of mappings whose pages are small ones for now.
  private static let slow = Mutex<[UInt: Int]>([:])

  private static func pointer(_ address: UInt) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: address)!
  }

  /// `count` bytes, a multiple of 64; `nil` when there is no memory.
  static func allocate(_ count: Int) -> UnsafeMutableRawPointer? {
    if count > largestShared { return map(count) }
    let address: UInt? = regions.withLock { regions in
      for index in regions.indices {
        if let block = regions[index].take(count) { return block }
      }
      guard let start = map(regionSize).map({ UInt(bitPattern: $0) }) else { return nil }
      regions.append(Region(start: start, free: [count..<regionSize], touched: count))
      return start
    }
    return address.map(pointer) ?? map(count)
  }

  /// Gives back what `allocate` gave for `count` bytes.
  static func release(_ block: UnsafeMutableRawPointer, _ count: Int) {
    let address = UInt(bitPattern: block)
    let isShared =
      count <= largestShared
      && regions.withLock { regions in
        guard let index = regions.firstIndex(where: { address >= $0.start && address - $0.start < regionSize }) else {
          return false
        }
        let offset = Int(address - regions[index].start)
        regions[index].give(offset..<offset + count)
        // One that is empty stays: the next run may take as much as this one.
        if regions[index].isEmpty, regions.count(where: \.isEmpty) > 1 {
          unmap(pointer(regions.remove(at: index).start), regionSize)
        }
        return true
      }
    if !isShared { unmap(block, count) }
  }

  /// From a large page's beginning on.
  private static func map(_ count: Int) -> UnsafeMutableRawPointer? {
    let all = count.roundedUp(to: 4096) + pageSize
    #if canImport(Darwin)
      let flags = MAP_PRIVATE | MAP_ANON
    #else
      let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    #endif
    guard let block = mmap(nil, all, PROT_READ | PROT_WRITE, flags, -1, 0), block != MAP_FAILED else { return nil }
    let start = block.alignedUp(toMultipleOf: pageSize)
    let end = start + count.roundedUp(to: 4096)
    if start > block { munmap(block, start - block) }
    if block + all > end { munmap(end, block + all - end) }
    askForLargePages(start, count)
    return start
  }

  private static func unmap(_ start: UnsafeMutableRawPointer, _ count: Int) {
    _ = slow.withLock { $0.removeValue(forKey: UInt(bitPattern: start)) }
    munmap(start, count)
  }

  /// For a first large page, and before small ones become large.
  private static let (patience, delay) = (Duration.microseconds(800), Duration.milliseconds(300))

  private static func askForLargePages(_ start: UnsafeMutableRawPointer, _ count: Int) {
    #if os(Linux)
      guard count > pageSize else { return }
      if count <= regionSize, madvise(start, pageSize, MADV_HUGEPAGE) == 0,
        ContinuousClock().measure({ start.storeBytes(of: 0, as: UInt8.self) }) < patience
      {
        madvise(start, count, MADV_HUGEPAGE)
        return
      }
      let address = UInt(bitPattern: start)
      let isFirst = slow.withLock { slow in
        slow[address] = count
        return slow.count == 1
      }
      guard isFirst else { return }
      Task.detached(priority: .background) {
        try await Task.sleep(for: delay)
        makeLarge()
      }
    #endif
  }

  /// Moves what small pages hold into large ones (Linux 6.1).
  private static func makeLarge() {
    #if os(Linux)
      let mappings = slow.withLock { slow in
        defer { slow = [:] }
        return slow
      }
      for (address, count) in mappings {
        let start = pointer(address)
        madvise(start, count, MADV_HUGEPAGE)
        let pages = regions.withLock { regions in
          let free = regions.first { $0.start == address }?.free ?? []
          return stride(from: 0, through: count - pageSize, by: pageSize).filter { offset in
            !free.contains { $0.overlaps(offset..<offset + pageSize) }
          }
        }
        // MADV_COLLAPSE. What was released meanwhile makes an error, which does no harm.
        for offset in pages { madvise(start + offset, pageSize, 25) }
      }
    #endif
  }
}

extension Array {
  /// The first index whose element is `beyond`, of elements of which those come last.
  fileprivate func partitionPoint(_ beyond: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if beyond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
