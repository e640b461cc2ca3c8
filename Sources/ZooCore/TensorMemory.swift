import ZooPlatform

/// The bytes behind a tensor: its own allocation, or a part of something that `owner` keeps alive (a mapped file).
///
/// Written only by whoever makes it, before anybody else sees it.
public final class TensorMemory: @unchecked Sendable {
  /// Allocations begin at a multiple of this, as the plugin ABI asks.
  package static let alignment = SystemMemory.alignment

  package let mutableBytes: UnsafeMutableRawBufferPointer
  private let owner: AnyObject?

  public var count: Int { mutableBytes.count }

  /// A new allocation with undefined contents.
  ///
  /// - Throws: `ZooError` (`outOfMemory`) when the system has no such memory.
  public init(byteCount: Int) throws(ZooError) {
    guard let memory = SystemMemory.allocate(byteCount) else {
      throw ZooError(.outOfMemory, "no memory for \(byteCount) bytes")
    }
    mutableBytes = UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
    owner = nil
  }

  /// Bytes inside something that `owner` keeps alive and that nobody changes.
  public init(borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject) {
    mutableBytes = UnsafeMutableRawBufferPointer(mutating: bytes)
    self.owner = owner
  }

  /// Calls `body` with the bytes, which stay where they are until it ends, whether anybody else holds the object or not.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(UnsafeRawBufferPointer(mutableBytes)) }
  }

  /// Says that `bytes`, a part of this memory, are not wanted soon. Pages of a file that is mapped leave memory, and
  /// come back when they are read.
  package func discard(_ bytes: UnsafeRawBufferPointer) {
    switch owner {
    case let file as any DiscardableOwner: file.discard(bytes)
    case let memory as TensorMemory: memory.discard(bytes)
    default: break
    }
  }

  /// What the bytes are a part of, if that is a file that others may change.
  package var file: (any DiscardableOwner)? {
    switch owner {
    case let memory as TensorMemory: memory.file
    case let file as any DiscardableOwner: file
    default: nil
    }
  }

  /// - Throws: `ZooError` (`badData`) where the bytes lie in a file that has changed meanwhile.
  package func checkUnchanged() throws { try file?.checkUnchanged() }

  deinit {
    if owner == nil { SystemMemory.release(mutableBytes.baseAddress) }
  }
}

/// An owner of bytes that can be had again, such as a mapped file.
package protocol DiscardableOwner: AnyObject, Sendable {
  /// Gives back the memory of `bytes`, which stay readable.
  func discard(_ bytes: UnsafeRawBufferPointer)
  /// - Throws: `ZooError` (`badData`) where the bytes are no longer those that were there first.
  func checkUnchanged() throws
}
