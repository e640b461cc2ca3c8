import Logging
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// swift-log's messages as lines of standard error: warnings and worse, with --verbose what is done, or what `ZOO_LOG` names
/// (`debug`, …).
enum Diagnostics {
  private static let isStarted = Mutex(false)

  /// swift-log can be set up once only; later calls do nothing.
  static func start(verbose: Bool) {
    let isFirst = isStarted.withLock { isStarted in
      defer { isStarted = true }
      return !isStarted
    }
    guard isFirst else { return }
    let name = ProcessInfo.processInfo.environment["ZOO_LOG"] ?? ""
    let named = Logger.Level(rawValue: name.lowercased())
    LoggingSystem.bootstrap { _ in LineHandler(logLevel: named ?? (verbose ? .debug : .warning)) }
    guard named == nil, !name.isEmpty else { return }
    let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
    Logger(label: "zoo").warning("ZOO_LOG=\(name) is none of \(levels)")
  }

  /// What `body` gives; the log says what was done and how long it took.
  static func timed<Result>(_ what: @autoclosure () -> String, _ body: () throws -> Result) rethrows -> Result {
    let start = ContinuousClock.now
    let result = try body()
    let seconds = (ContinuousClock.now - start).inSeconds
    Logger(label: "zoo").debug("\(what()) in \(secondsText(seconds))")
    return result
  }

  static func debug(_ what: @autoclosure () -> String) { Logger(label: "zoo").debug("\(what())") }
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
