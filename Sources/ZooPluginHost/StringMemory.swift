import CZooPlugin
import ZooCore
import ZooPlatform

/// Bytes of strings, freed together.
package final class StringMemory {
  package init() {}

  private static let blockCount = 1 << 16
  private var blocks: [UnsafeMutableRawPointer] = []
  /// Of the last block.
  private var room: UnsafeMutableRawBufferPointer?

  /// `nil` where there is no memory.
  package func copy(_ bytes: UnsafeRawBufferPointer) -> zoo_string? {
    if room.map({ $0.count < bytes.count }) ?? true {
      let count = max(bytes.count, Self.blockCount)
      guard let block = SystemMemory.allocate(count) else { return nil }
      blocks.append(block)
      room = UnsafeMutableRawBufferPointer(start: block, count: count)
    }
    guard let room else { return nil }
    room.copyMemory(from: bytes)
    self.room = UnsafeMutableRawBufferPointer(rebasing: room[bytes.count...])
    return zoo_string(
      bytes: room.baseAddress.map { UnsafePointer($0.assumingMemoryBound(to: CChar.self)) }, count: bytes.count)
  }

  deinit { for block in blocks { SystemMemory.release(block) } }
}
