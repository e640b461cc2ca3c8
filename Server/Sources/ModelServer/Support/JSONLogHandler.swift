import FoundationEssentials
import Glibc
import Logging
import NIOCore

/// Writes each message as one line of JSON to standard error.
public struct JSONLogHandler: LogHandler {
  public var logLevel = Logger.Level.info
  public var metadata: Logger.Metadata = [:]
  private let label: String

  public init(label: String) { self.label = label }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    var line = JSONWriter.object { json in
      json.member("time", Date.ISO8601FormatStyle(includingFractionalSeconds: true).format(.now))
      json.member("level", event.level.rawValue)
      json.member("logger", label)
      json.member("message", event.message.description)
      for (name, value) in all.sorted(by: { $0.key < $1.key }) { json.member(name, value.description) }
    }
    line.writeStaticString("\n")
    // One call, so that lines of several threads don't mix.
    line.withUnsafeReadableBytes { bytes in _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
  }
}
