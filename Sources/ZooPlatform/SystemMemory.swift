import Synchronization

/// Memory for weights and values. What is large comes from the system page by page and goes back to it when it is
/// released; `malloc` would keep it for later, in a heap for each thread.
package enum SystemMemory {
  /// Allocations begin at a multiple of this, as the plugin ABI asks.
  package static let alignment = 64

  /// What `malloc` serves of memory that comes and goes: new pages cost more time than it is worth.
  package static let shortLivedHeapLimit = 1 << 20
  /// What `malloc` serves of memory that a model keeps until it is closed.
  package static let heapLimit = 1 << 17

  // AddressSanitizer watches the ends of what `malloc` gives, not those of mappings. Set by `make sanitize`.
  #if ADDRESS_SANITIZER
    private static let isMapping = false
  #else
    private static let isMapping = true
  #endif

  /// At least `byteCount` bytes with undefined contents, and so many behind them that vector loads of the last elements
  /// stay inside; `nil` when there is no memory. Up to `heapLimit` bytes come from `malloc`.
  package static func allocate(_ byteCount: Int, heapLimit: Int = heapLimit) -> UnsafeMutableRawPointer? {
    guard byteCount >= 0, byteCount <= Int.max - (1 << 20) else { return nil }
    let count = (byteCount + 3 * alignment - 1) / alignment * alignment
    let header: Header
    if isMapping, count > heapLimit {
      guard let block = map(count) else { return nil }
      header = Header(block: block, mapped: count)
    } else {
      // Aligned here: what aligned_alloc gives takes it several times as long as malloc.
      guard let block = malloc(count) else { return nil }
      header = Header(block: block, mapped: 0)
    }
    let memory = (header.block + MemoryLayout<Header>.size).alignedUp(toMultipleOf: alignment)
    (memory - MemoryLayout<Header>.size).storeBytes(of: header, as: Header.self)
    return memory
  }

  /// What lies in front of the memory.
  private struct Header {
    var block: UnsafeMutableRawPointer
    /// The size of the mapping; 0 for what is `malloc`'s.
    var mapped: Int
  }

  /// Gives back what `allocate` gave.
  package static func release(_ memory: UnsafeMutableRawPointer?) {
    guard let memory else { return }
    let header = (memory - MemoryLayout<Header>.size).load(as: Header.self)
    if header.mapped == 0 { return free(header.block) }
    mappings.withLock { $0[UInt(bitPattern: header.block)] = nil }
    munmap(header.block, header.mapped)
  }

  /// The sizes of the blocks that are mapped now, by address.
  private static let mappings = Mutex<[UInt: Int]>([:])

  /// Moves what is in mapped blocks now into large pages, where the system can (Linux 6.1): weights that are read from
  /// memory over and over come up to a quarter faster. That takes a second for some gigabytes, so it is for models that
  /// have much to do.
  package static func moveToLargePages() {
    #if os(Linux)
      let size: UInt = 2 << 20
      // Small blocks lie one behind the other; together they fill large pages.
      var regions: [Range<UInt>] = []
      for (start, count) in mappings.withLock({ $0.sorted { $0.key < $1.key } }) {
        let end = (start + UInt(count)).roundedUp(to: 4096)
        if let last = regions.last, last.upperBound == start {
          regions[regions.count - 1] = last.lowerBound..<end
        } else {
          regions.append(start..<end)
        }
      }
      for region in regions {
        var page = region.lowerBound.roundedUp(to: size)
        while page + size <= region.upperBound {
          // MADV_COLLAPSE. A block that was released meanwhile makes an error, which does no harm.
          madvise(UnsafeMutableRawPointer(bitPattern: page), Int(size), 25)
          page += size
        }
      }
    #endif
  }

  private static func map(_ count: Int) -> UnsafeMutableRawPointer? {
    #if canImport(Darwin)
      let flags = MAP_PRIVATE | MAP_ANON
    #else
      let flags = MAP_PRIVATE | MAP_ANONYMOUS
    #endif
    guard let block = mmap(nil, count, PROT_READ | PROT_WRITE, flags, -1, 0), block != MAP_FAILED else { return nil }
    mappings.withLock { $0[UInt(bitPattern: block)] = count }
    // No large pages yet: in virtual machines they come from memory that the host has to find first, which takes longer
    // than many small ones.
    return block
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
