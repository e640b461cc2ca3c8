import Logging
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// swift-log's messages as lines of standard error: warnings and worse, or what `ZOO_LOG` names (`debug`, …).
enum Diagnostics {
  private static let isStarted = Mutex(false)

  /// swift-log can be set up once only; later calls do nothing.
  static func start(verbose: Bool) {
    let named = ProcessInfo.processInfo.environment["ZOO_LOG"].flatMap { Logger.Level(rawValue: $0.lowercased()) }
    let level = named ?? (verbose ? .debug : .warning)
    isStarted.withLock { isStarted in
      if !isStarted { LoggingSystem.bootstrap { _ in LineHandler(logLevel: level) } }
      isStarted = true
    }
  }
}

private struct LineHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    let details = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    Console.writeError("zoo: \(event.level): \(event.message)\(details)".visibleLine)
  }
}
