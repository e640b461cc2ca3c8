import Synchronization
import ZooCore
import ZooPlatform

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The files that are being written under names of their own, so that a signal that ends the program can remove them.
package enum PartialFiles {
  private static let slotCount = 1024
  /// Of those who put something in or take it out in the ordinary way.
  private static let lock = Mutex(())
  /// Addresses of texts that `strdup` made. A signal's handler can't take the lock; it only takes texts out.
  private nonisolated(unsafe) static let slots: UnsafeMutablePointer<Atomic<UInt>> = {
    let slots = UnsafeMutablePointer<Atomic<UInt>>.allocate(capacity: slotCount)
    for index in 0..<slotCount { (slots + index).initialize(to: Atomic(0)) }
    return slots
  }()

  /// Has SIGINT, SIGTERM and SIGHUP remove the files before they end the program as they do.
  package static func removeOnSignals() {
    _ = slots
    for number in [SIGINT, SIGTERM, SIGHUP] {
      // What whoever started the program wants ignored (nohup) stays so. C's functions can't be compared in Swift.
      guard unsafeBitCast(signal(number, SIG_IGN), to: UInt.self) != 1 else { continue }
      signal(number) { number in
        PartialFiles.unlinkAll()
        signal(number, SIG_DFL)
        raise(number)
      }
    }
  }

  /// Calls only what a signal's handler may.
  private static func unlinkAll() {
    for index in 0..<slotCount {
      let address = slots[index].exchange(0, ordering: .acquiring)
      if let path = UnsafePointer<CChar>(bitPattern: address) { unlink(path) }
    }
  }

  static func add(_ path: String) {
    guard let copy = strdup(path.fileName) else { return }
    let address = UInt(bitPattern: copy)
    let isKept = lock.withLock { _ in
      (0..<slotCount).contains {
        slots[$0].compareExchange(expected: 0, desired: address, ordering: .releasing).exchanged
      }
    }
    if !isKept { free(copy) }
  }

  static func remove(_ path: String) {
    lock.withLock { _ in
      for index in 0..<slotCount {
        let address = slots[index].load(ordering: .acquiring)
        guard let copy = UnsafeMutablePointer<CChar>(bitPattern: address), strcmp(copy, path.fileName) == 0 else {
          continue
        }
        // A handler that was quicker ends the program.
        if slots[index].compareExchange(expected: address, desired: 0, ordering: .acquiring).exchanged { free(copy) }
        return
      }
    }
  }
}
