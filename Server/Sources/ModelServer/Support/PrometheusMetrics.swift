import Metrics
import Synchronization

/// The metrics of swift-metrics, as the text that Prometheus reads.
///
/// Timers are histograms of seconds, recorders histograms or, where they don't aggregate, gauges like meters.
public final class PrometheusMetrics: MetricsFactory {
  /// One line, or the lines of one histogram.
  private struct Series: Hashable {
    var label: String
    var dimensions: [String]

    init(_ label: String, _ dimensions: [(String, String)]) {
      self.label = String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
      self.dimensions = dimensions.map { name, value in
        let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        return "\(name)=\"\(escaped)\""
      }
    }
  }

  private let handlers = Mutex<[Series: any PrometheusHandler]>([:])
  /// More come of a program's mistake: they are counted together.
  private static let mostSeries = 10_000

  public init() {}

  private func handler<Handler: PrometheusHandler>(
    _ label: String, _ dimensions: [(String, String)], _ make: @Sendable () -> Handler
  ) -> Handler {
    handlers.withLock { handlers in
      var series = Series(label, dimensions)
      if handlers.count >= Self.mostSeries, handlers[series] == nil { series.dimensions = [] }
      if let known = handlers[series] as? Handler { return known }
      let made = make()
      handlers[series] = made
      return made
    }
  }

  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    handler(label, dimensions) { PrometheusCounter() }
  }

  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    handler(label, dimensions) { PrometheusGauge() }
  }

  public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    guard aggregate else { return handler(label, dimensions) { PrometheusGauge() } }
    return handler(label, dimensions) { PrometheusHistogram(PrometheusHistogram.powers) }
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    handler(label, dimensions) { PrometheusHistogram(PrometheusHistogram.seconds) }
  }

  // Series live as long as the program.
  public func destroyCounter(_ handler: any CounterHandler) {}
  public func destroyMeter(_ handler: any MeterHandler) {}
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  public func destroyTimer(_ handler: any TimerHandler) {}

  /// All metrics in the text format of version 0.0.4.
  public var text: String {
    let all = handlers.withLock { $0 }.sorted {
      ($0.key.label, $0.key.dimensions.joined()) < ($1.key.label, $1.key.dimensions.joined())
    }
    var (text, label) = ("", "")
    for (series, handler) in all {
      if series.label != label { text += "# TYPE \(series.label) \(handler.kind)\n" }
      label = series.label
      for line in handler.lines {
        let dimensions = (series.dimensions + line.dimensions).joined(separator: ",")
        text += "\(label)\(line.suffix)\(dimensions.isEmpty ? "" : "{\(dimensions)}") \(line.value)\n"
      }
    }
    return text
  }
}

private struct PrometheusLine {
  var suffix = ""
  var dimensions: [String] = []
  var value: String
}

private protocol PrometheusHandler: AnyObject, Sendable {
  var kind: String { get }
  var lines: [PrometheusLine] { get }
}

private final class PrometheusCounter: PrometheusHandler, CounterHandler {
  private let value = Atomic<Int64>(0)
  let kind = "counter"

  func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
  func reset() { value.store(0, ordering: .relaxed) }
  var lines: [PrometheusLine] { [PrometheusLine(value: value.load(ordering: .relaxed).description)] }
}

private final class PrometheusGauge: PrometheusHandler, MeterHandler, RecorderHandler {
  private let value = Mutex(0.0)
  let kind = "gauge"

  func set(_ new: Int64) { set(Double(new)) }
  func set(_ new: Double) { value.withLock { $0 = new } }
  func increment(by amount: Double) { value.withLock { $0 += amount } }
  func decrement(by amount: Double) { value.withLock { $0 -= amount } }
  func record(_ new: Int64) { set(Double(new)) }
  func record(_ new: Double) { set(new) }
  var lines: [PrometheusLine] { [PrometheusLine(value: value.withLock { $0 }.description)] }
}

private final class PrometheusHistogram: PrometheusHandler, RecorderHandler, TimerHandler {
  static let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
  static let powers = (0...12).map { Double(1 << $0) }

  private struct State {
    var counts: [Int]
    var sum = 0.0
    var count = 0
  }

  let kind = "histogram"
  private let bounds: [Double]
  private let state: Mutex<State>

  init(_ bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: Array(repeating: 0, count: bounds.count)))
  }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    state.withLock { state in
      state.sum += value
      state.count += 1
      if let place = bounds.firstIndex(where: { value <= $0 }) { state.counts[place] += 1 }
    }
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) * 1e-9) }

  var lines: [PrometheusLine] {
    let state = state.withLock { $0 }
    var sum = 0
    var lines = zip(bounds, state.counts).map { bound, count in
      sum += count
      return PrometheusLine(suffix: "_bucket", dimensions: ["le=\"\(bound)\""], value: "\(sum)")
    }
    lines.append(PrometheusLine(suffix: "_bucket", dimensions: ["le=\"+Inf\""], value: "\(state.count)"))
    lines.append(PrometheusLine(suffix: "_sum", value: "\(state.sum)"))
    lines.append(PrometheusLine(suffix: "_count", value: "\(state.count)"))
    return lines
  }
}
