/// The bytes behind a tensor: its own allocation, or a part of something that `owner` keeps alive (a mapped file).
///
/// Written only by whoever makes it, before anybody else sees it.
public final class TensorMemory: @unchecked Sendable {
  /// Allocations begin at a multiple of this, as the plugin ABI asks.
  public static let alignment = 64

  public let mutableBytes: UnsafeMutableRawBufferPointer
  private let owner: AnyObject?

  public var count: Int { mutableBytes.count }

  /// A new allocation with undefined contents.
  ///
  /// - Throws: `ZooError` (`badData`) when the system has no such memory.
  public init(byteCount: Int) throws {
    // Rounded up so that vector loads of the last elements stay inside.
    let (rounded, overflow) = byteCount.addingReportingOverflow(2 * Self.alignment - 1)
    guard byteCount >= 0, !overflow,
      let memory = aligned_alloc(Self.alignment, rounded / Self.alignment * Self.alignment)
    else { throw ZooError(.badData, "no memory for \(byteCount) bytes") }
    mutableBytes = UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
    owner = nil
  }

  /// Bytes inside something that `owner` keeps alive and that nobody changes.
  public init(borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject) {
    mutableBytes = UnsafeMutableRawBufferPointer(mutating: bytes)
    self.owner = owner
  }

  deinit {
    if owner == nil { free(mutableBytes.baseAddress) }
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
