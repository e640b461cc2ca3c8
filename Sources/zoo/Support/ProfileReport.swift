import ModelZoo

/// Where the time of a model goes: means over several runs.
struct ProfileReport: Encodable {
  /// One row: an operator, or one node.
  struct Entry: Encodable {
    var node: String?
    var operatorType: String
    /// How the node is computed, in its plugin's words.
    var kernel: String?
    var shapes: [[Int]?]?
    /// Seconds of one run.
    var seconds: Double
    var share: Double
    /// In one run.
    var calls: Int
    /// Threads at work, on average.
    var threads: Double

    enum CodingKeys: String, CodingKey {
      case node, kernel, shapes, seconds, share, calls, threads
      case operatorType = "operator"
    }
  }

  /// Nodes that the text shows; JSON has all.
  private static let shownNodes = 30

  var runs: Int
  /// Seconds of one run with the times taken.
  var seconds: Double
  /// Slowest first.
  var operators: [Entry]
  /// Slowest first.
  var nodes: [Entry]
  var trace: String?

  init(_ profiles: [Profile], trace: String?) {
    let runCount = max(profiles.count, 1)
    runs = profiles.count
    let perRun = 1e-9 / Double(runCount)
    let total = profiles.reduce(0) { $0 + Double($1.end - $1.start) } * perRun
    seconds = total
    self.trace = trace.flatMap { $0.isEmpty ? nil : $0 }
    // Runs may take steps in another order, or others: what is on the way depends on data.
    var places: [CompiledModel.Step: Int] = [:]
    var steps: [CompiledModel.Step] = []
    var (time, busy, spans) = ([Double](), [Double](), [Int]())
    for profile in profiles {
      for span in profile.nodes {
        let step = profile.steps[span.step]
        let place = places[step] ?? steps.count
        if places.updateValue(place, forKey: step) == nil {
          steps.append(step)
          (time, busy, spans) = (time + [0], busy + [0], spans + [0])
        }
        time[place] += Double(span.end - span.start - span.innerNanoseconds) * perRun
        busy[place] += Double(span.workerNanoseconds) * perRun
        spans[place] += 1
      }
    }
    func entry(_ indices: [Int], node: CompiledModel.Step?, _ name: String) -> Entry {
      let seconds = indices.reduce(0) { $0 + time[$1] }
      return Entry(
        node: node?.node, operatorType: name, kernel: node?.summary, shapes: node?.outputShapes, seconds: seconds,
        share: total > 0 ? seconds / total : 0, calls: indices.reduce(0) { $0 + spans[$1] } / runCount,
        threads: seconds > 0 ? indices.reduce(0) { $0 + busy[$1] } / seconds : 0)
    }
    operators = Dictionary(grouping: steps.indices) { steps[$0].operatorType }
      .map { entry($0.value, node: nil, $0.key) }
      .sorted { ($1.seconds, $0.operatorType) < ($0.seconds, $1.operatorType) }
    nodes = steps.indices.map { entry([$0], node: steps[$0], steps[$0].title) }.sorted { $0.seconds > $1.seconds }
  }

  var text: String {
    let right: Set = [1, 2, 3, 4]
    func cells(_ entry: Entry) -> [String] {
      [secondsText(entry.seconds), "\(fixed(entry.share * 100, 1)) %"]
    }
    let outside = seconds - operators.reduce(0) { $0 + $1.seconds }
    var rows = [["operator", "time", "share", "calls", "threads"]]
    rows += operators.map { [$0.operatorType] + cells($0) + ["\($0.calls)", fixed($0.threads, 2)] }
    rows.append(["(between)", secondsText(outside), "\(fixed(seconds > 0 ? outside / seconds * 100 : 0, 1)) %"])
    var nodeRows = [["node", "time", "share", "threads", "computes", "gives", "by"]]
    nodeRows += nodes.prefix(Self.shownNodes).map { entry in
      let shapes = (entry.shapes ?? []).map { $0.map(shapeText) ?? "?" }.joined(separator: " ")
      return [entry.node ?? ""] + cells(entry)
        + [fixed(entry.threads, 2), entry.operatorType, shapes, entry.kernel ?? ""]
    }
    var text = "profile of \(runs) runs, \(secondsText(seconds)) each\n"
    text += table(rows, right: right) + "\n\n" + table(nodeRows, right: [1, 2, 3])
    if nodes.count > Self.shownNodes { text += "\n… and \(nodes.count - Self.shownNodes) faster ones (--json has all)" }
    if let trace { text += "\n\n\(trace): a trace for https://ui.perfetto.dev" }
    return text
  }
}

extension CompiledModel.Step {
  /// The operator, and those that are folded onto it.
  var title: String { ([operatorType] + epilogue).joined(separator: " + ") }
}
