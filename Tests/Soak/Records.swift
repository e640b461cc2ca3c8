import Foundation
import Synchronization

/// What came of the calls, by the way that they went.
final class Counts: Sendable {
  enum Outcome {
    case answered, ended, wrong
    case failed(String)
  }

  private struct Line {
    var answered = 0
    var ended = 0
    var wrong = 0
    var failed: [String] = []
  }

  private let lines = Mutex<[Way: Line]>([:])

  func note(_ way: Way, _ outcome: Outcome) {
    lines.withLock { lines in
      switch outcome {
      case .answered: lines[way, default: Line()].answered += 1
      case .ended: lines[way, default: Line()].ended += 1
      case .wrong: lines[way, default: Line()].wrong += 1
      case .failed(let why): lines[way, default: Line()].failed.append(why)
      }
    }
  }

  var failures: Int { lines.withLock { $0.values.reduce(0) { $0 + $1.wrong + $1.failed.count } } }

  var report: String {
    lines.withLock { lines in
      Way.allCases.map { way in
        let line = lines[way] ?? Line()
        let failed = Set(line.failed).sorted().prefix(3).map { "; failed: \($0)" }.joined()
        return "\(way.rawValue): \(line.answered) answered, \(line.ended) ended early, \(line.wrong) wrong\(failed)"
      }.joined(separator: "\n")
    }
  }
}

/// The memory that the process holds, once a second.
struct MemoryLog: Sendable {
  private var megabytes: [Double] = []

  static func kept(until end: ContinuousClock.Instant) async -> MemoryLog {
    var log = MemoryLog()
    while ContinuousClock.now < end {
      if let now = residentMegabytes() { log.megabytes.append(now) }
      try? await Task.sleep(for: .seconds(1))
    }
    return log
  }

  /// The mean of each quarter of the time.
  private var quarters: [Double] {
    let count = megabytes.count / 4
    guard count > 0 else { return [] }
    return (0..<4).map { megabytes[$0 * count..<($0 + 1) * count].reduce(0, +) / Double(count) }
  }

  /// Whether the last quarter holds no more than the second, but for an eighth: in the first one caches fill.
  var isFlat: Bool { quarters.isEmpty || quarters[3] <= quarters[1] * 1.125 }

  var report: String {
    let means = quarters.map { String(Int($0)) }.joined(separator: ", ")
    return "memory: \(means) MiB in the quarters of the time, \(Int(megabytes.max() ?? 0)) at most"
  }

  private static func residentMegabytes() -> Double? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    return text.split(separator: " ").dropFirst().first.flatMap { Double($0) }.map { $0 * 4096 / 1_048_576 }
  }
}

/// Numbers that are the same each time (Steele et al. 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
