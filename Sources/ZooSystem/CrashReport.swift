import CZooSystem
import Glibc

/// Words for what a thread is doing for a plugin, which a crash is told by.
package final class CrashNote: Sendable {
  private nonisolated(unsafe) let words: UnsafeMutablePointer<CChar>?

  package init(_ words: String) { self.words = strdup(words) }

  deinit { free(words) }

  /// What `body` gives; a crash in it, on this thread or in tasks that it shares out, is told by the words.
  @inline(__always)
  package func noting<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Self.restoring {
      begin()
      return try body()
    }
  }

  /// From here on a crash on this thread is told by the words, until others take their place.
  @inline(__always)
  package func begin() { zoo_set_doing(words) }

  /// What `body` gives. Afterwards a crash on this thread is told as before.
  @inline(__always)
  package static func restoring<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = zoo_doing()
    defer { zoo_set_doing(before) }
    return try body()
  }

  /// Has crashes of this process told on standard error, before they end it as they do. For programs: a library leaves
  /// signals to whoever uses it.
  package static func reportCrashes() { zoo_report_crashes() }
}
