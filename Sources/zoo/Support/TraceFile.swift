import Files
import ModelZoo

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Runs on a time axis, in the trace event format of Chrome's about:tracing, which Perfetto opens: one track with the
/// nodes, and one for each worker.
enum TraceFile {
  /// "Trace Event Format", Google 2016: complete events (X) and metadata (M); times in µs.
  private struct Event: Encodable {
    var name: String
    var ph: String
    var pid = 1
    var tid: Int
    var ts: Double?
    var dur: Double?
    var args: [String: String]?
  }

  private struct Document: Encodable {
    var traceEvents: [Event]
    var displayTimeUnit = "ns"
  }

  /// - Throws: `ZooError` (`notFound`) where no file can be made.
  static func write(_ profiles: some Collection<Profile>, to path: String) throws {
    let origin = profiles.map(\.start).min() ?? 0
    func event(_ name: String, _ track: Int, _ start: UInt64, _ end: UInt64, _ arguments: [String: String]) -> Event {
      Event(
        name: name, ph: "X", tid: track, ts: Double(start - origin) / 1e3, dur: Double(end - start) / 1e3,
        args: arguments)
    }
    let workerCount = (profiles.lazy.flatMap(\.workers).map(\.worker).max() ?? 0) + 1
    var events = (0...workerCount).map { track in
      Event(
        name: "thread_name", ph: "M", tid: track,
        args: ["name": track == 0 ? "nodes" : track == 1 ? "worker 0 (caller)" : "worker \(track - 1)"])
    }
    for profile in profiles {
      for span in profile.nodes {
        let step = profile.steps[span.step]
        var arguments = ["node": step.node]
        arguments["kernel"] = step.summary
        arguments["shapes"] = step.outputShapes.map { $0.map(shapeText) ?? "?" }.joined(separator: " ")
        events.append(event(step.title, 0, span.start, span.end, arguments))
      }
      for span in profile.workers {
        events.append(
          event(
            profile.steps[span.step].title, span.worker + 1, span.start, span.end, ["tasks": "\(span.tasks)"]))
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let bytes = Array(try encoder.encode(Document(traceEvents: events)))
    try bytes.withUnsafeBytes { try NewFile.write([$0], to: path) }
  }
}
