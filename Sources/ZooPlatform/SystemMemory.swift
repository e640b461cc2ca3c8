/// Memory for weights and values. What is large comes from the system in large pages and goes back to it when it is
/// released; `malloc` would keep it for later, in a heap for each thread.
package enum SystemMemory {
  /// Allocations begin at a multiple of this, as the plugin ABI asks.
  package static let alignment = 64

  /// What `malloc` serves. It gives the end of its heap back to the system whenever that is free, so that outputs which come
  /// and go would get new pages at each run.
  package static let heapLimit = 1 << 14

  // AddressSanitizer watches the ends of what `malloc` gives, not those of mappings. Set by `make sanitize`.
  #if ADDRESS_SANITIZER
    private static let isMapping = false
  #else
    private static let isMapping = true
  #endif

  /// At least `byteCount` bytes with undefined contents, and so many behind them that vector loads of the last elements
  /// stay inside; `nil` when there is no memory. Up to `heapLimit` bytes come from `malloc`.
  package static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    guard byteCount >= 0, byteCount <= Int.max - (1 << 20) else { return nil }
    let count = (byteCount + 3 * alignment - 1) / alignment * alignment
    let header: Header
    if isMapping, count > heapLimit {
      guard let block = LargePages.allocate(count) else { return nil }
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
    LargePages.release(header.block, header.mapped)
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
