import Foundation
import ModelZoo
import Synchronization
import TestSupport
import Testing
import ZooSystem

/// Calls that don't block, and that end before they are done.
@Suite struct CallTests {
  private static let root =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .path

  /// A loop that adds 1 to x in each of `limit` turns, or gives it as it is, with nothing to do in a turn.
  private static func loop(isEmpty: Bool = false) throws -> Model {
    var body = Graph()
    body.inputs = [
      ValueInfo(name: "turn", elementType: .int64, shape: []),
      ValueInfo(name: "condition", elementType: .bool, shape: []),
      ValueInfo(name: "before", elementType: .float32, shape: [1]),
    ]
    body.outputs = [ValueInfo(name: isEmpty ? "condition" : "goes on"), ValueInfo(name: isEmpty ? "before" : "after")]
    if !isEmpty {
      body.nodes = [
        Node("Identity", inputs: ["condition"], outputs: ["goes on"]),
        Node("Add", inputs: ["before", "one"], outputs: ["after"]),
      ]
    }
    var definition = ModelDefinition()
    definition.operatorSets = [OperatorSet(version: 17)]
    definition.graph.inputs = [
      ValueInfo(name: "limit", elementType: .int64, shape: []), ValueInfo(name: "x", elementType: .float32, shape: [1]),
    ]
    definition.graph.outputs = [ValueInfo(name: "last")]
    definition.graph.initializers = [
      NamedTensor(name: "one", tensor: StoredTensor(try Tensor([1 as Float], shape: [1])))
    ]
    definition.graph.nodes = [
      Node("Loop", inputs: ["limit", "", "x"], outputs: ["last"], attributes: [Attribute("body", .graph(body))])
    ]
    return try Model.linked(definition)
  }

  private static func inputs(turns: Int64) throws -> [String: Tensor] {
    ["limit": try Tensor([turns], shape: []), "x": try Tensor([1 as Float], shape: [1])]
  }

  /// As many as nobody waits for.
  private static let endless: Int64 = 1 << 60

  @Test func computesTheSameOffTheCallersThread() async throws {
    let model = try Self.loop()
    let inputs = try Self.inputs(turns: 100)
    let blocking = { try model.run(inputs) }
    #expect(try await model.run(inputs) == blocking())
    #expect(try await model.run(inputs)["last"]?.elements() == [101 as Float])
    #expect(try await model.predict(.tensors(inputs)) == .tensors(blocking()))
  }

  @Test(.timeLimit(.minutes(3))) func aTickerGoesOnWhileModelsPredict() async throws {
    let model = try await Model.load(
      contentsOf: Self.root + "/Zoo/RCNN/rcnn-bccd.zoo", options: .init(plugins: .linked))
    let photo = Input.image(contentsOf: Self.root + "/Examples/Images/smear.jpg")
    try await model.warmUp()
    // Eight calls on the threads of tasks would stop it for as long as they take together, or nearly. Other tests, which run at
    // the same time on these threads, may do so once, too, but not each time.
    var delays: [(longest: Duration, all: Duration)] = []
    repeat {
      delays.append(try await Self.longestDelay { try await Self.findCells(model, photo) })
    } while delays.count < 8 && delays[delays.count - 1].longest >= delays[delays.count - 1].all / 4
    #expect(delays.contains { $0.longest < $0.all / 4 }, "\(delays)")
  }

  private static func findCells(_ model: Model, _ photo: Input) async throws {
    guard case .detections(let cells) = try await model.predict(photo) else { throw CancellationError() }
    #expect(!cells.isEmpty)
  }

  /// How long a task that wants to go on each 10 ms had to wait at most, and all of the time, while eight other tasks do `work`.
  private static func longestDelay(
    _ work: @escaping @Sendable () async throws -> Void
  ) async throws -> (longest: Duration, all: Duration) {
    let clock = ContinuousClock()
    let start = clock.now
    let done = Flag()
    let longest = try await withThrowingTaskGroup(of: Duration?.self) { group in
      group.addTask {
        var (last, longest) = (clock.now, Duration.zero)
        while !done.isSet.load(ordering: .relaxed) {
          try await Task.sleep(for: .milliseconds(10))
          let now = clock.now
          (longest, last) = (max(longest, now - last), now)
        }
        return longest
      }
      group.addTask {
        try await withThrowingTaskGroup(of: Void.self) { predictions in
          for _ in 0..<8 { predictions.addTask { try await work() } }
          try await predictions.waitForAll()
        }
        done.isSet.store(true, ordering: .relaxed)
        return nil
      }
      return try await group.reduce(.zero) { max($0, $1 ?? .zero) }
    }
    return (longest, clock.now - start)
  }

  @Test(.timeLimit(.minutes(1)), arguments: [false, true]) func cancellingATaskEndsALoop(isEmpty: Bool) async throws {
    let model = try Self.loop(isEmpty: isEmpty)
    let inputs = try Self.inputs(turns: Self.endless)
    let task = Task { try await model.run(inputs) }
    try await Task.sleep(for: .milliseconds(50))
    task.cancel()
    let result = await task.result
    #expect(throws: ZooError.self) { try result.get() }
    do { _ = try result.get() } catch { #expect((error as? ZooError)?.kind == .cancelled) }
    // The model is as good as before.
    let last = try await model.run(Self.inputs(turns: 3))["last"]
    #expect(try last?.elements() == [isEmpty ? 1 : 4 as Float])
  }

  @Test(.timeLimit(.minutes(1))) func cancellingEndsBatchesAndWhatWaits() async throws {
    let model = try Self.loop()
    let inputs = try (0..<3).map { _ in Input.tensors(try Self.inputs(turns: Self.endless)) }
    // More than there are threads, so that some have not begun.
    let tasks = (0..<2 * CallThreads.shared.limit).map { _ in Task { try await model.predict(inputs) } }
    try await Task.sleep(for: .milliseconds(50))
    for task in tasks.reversed() { task.cancel() }
    for task in tasks {
      do {
        _ = try await task.value
        Issue.record("an endless loop has ended")
      } catch { #expect((error as? ZooError)?.kind == .cancelled) }
    }
  }

  @Test(.timeLimit(.minutes(1))) func deadlinesEndCalls() async throws {
    let model = try Self.loop()
    let inputs = try Self.inputs(turns: Self.endless)
    let late = { try model.run(inputs, deadline: .now + .milliseconds(20)) }
    #expect(kind { try late() } == .deadlineExceeded)
    let past = { try model.predict(.tensors(try Self.inputs(turns: 1)), deadline: .now) }
    #expect(kind { try past() } == .deadlineExceeded)
    do {
      _ = try await model.run(inputs, deadline: .now + .milliseconds(20))
      Issue.record("an endless loop has ended")
    } catch {
      // Typed: no cast.
      switch error.kind {
      case .deadlineExceeded: break
      default: Issue.record(error)
      }
    }
    let enough = try await model.run(Self.inputs(turns: 2), deadline: .now + .seconds(60))
    #expect(try enough["last"]?.elements() == [3 as Float])
  }

  @Test(.timeLimit(.minutes(1))) func deadlinesHoldWhileACallWaitsForAThread() async throws {
    let path = Self.root + "/Zoo/Transformer/transformer-en-de.zoo"
    let reports = Reports()
    let model = try Model(contentsOf: path, options: .init(plugins: .linked, observer: reports.add))
    let gate = DispatchSemaphore(value: 0)
    for _ in 0..<CallThreads.shared.limit { CallThreads.shared.run { gate.wait() } }
    // The gate opens behind these, so that they end without a thread or never.
    do {
      _ = try await model.predict(.text("a"), deadline: .now + .milliseconds(50))
      Issue.record("it had no thread")
    } catch { #expect(error.kind == .deadlineExceeded) }
    do {
      for try await _ in model.stream(.text("a"), deadline: .now + .milliseconds(50)) {}
      Issue.record("it had no thread")
    } catch { #expect((error as? ZooError)?.kind == .deadlineExceeded) }
    for _ in 0..<CallThreads.shared.limit { gate.signal() }
    // The stream's call gets a thread now.
    while reports.all.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
    let kinds = Set(reports.all.map(\.error?.kind))
    #expect(kinds == [.deadlineExceeded])
    #expect(reports.all.allSatisfy { $0.wait >= .milliseconds(50) && $0.wait <= $0.duration })
  }

  @Test func observersAreToldOfCalls() async throws {
    let reports = Reports()
    let model = try Model(colourModel(), options: .init(plugins: .linked, observer: reports.add))
    let photo = Input.image(try Image(width: 8, height: 8, pixels: [UInt8](repeating: 9, count: 192)))
    let blocking = {
      _ = try model.predict(photo)
      _ = try model.predict([photo, photo])
    }
    try blocking()
    _ = try await model.predict([photo, photo, photo])
    #expect(reports.all.map(\.operation) == [.predict, .predict, .predict])
    #expect(reports.all.map(\.inputCount) == [1, 2, 3])
    #expect(reports.all.allSatisfy { $0.error == nil && $0.duration > .zero && $0.wait < $0.duration })
    #expect(reports.all[0].wait == .zero)
    await #expect(throws: ZooError.self) { try await model.run([:]) }
    #expect(reports.all.last?.operation == .run && reports.all.last?.error?.kind == .badInput)
  }

  @Test(.timeLimit(.minutes(1))) func generatedTextEnds() async throws {
    let path = Self.root + "/Zoo/Transformer/transformer-en-de.zoo"
    let model = try await Model.load(contentsOf: path, options: .init(plugins: .linked))
    try await model.warmUp()
    let texts = [Input](repeating: .text("A little girl in a red coat plays with a dog on the beach."), count: 200)
    do {
      _ = try await model.predict(texts, generation: .init(), deadline: .now + .milliseconds(30))
      Issue.record("200 texts in 30 ms")
    } catch { #expect(error.kind == .deadlineExceeded) }
    await #expect(throws: ZooError.self) {
      for try await _ in model.stream(texts[0], deadline: .now) {}
    }
    var pieces = ""
    for try await piece in model.stream(texts[0]) { pieces += piece }
    #expect(try await model.predict(texts[0]) == .text(pieces))
  }

  @Test func warmingUpNeedsShapes() async throws {
    try await Model.linked(colourModel()).warmUp()
    var plain = colourModel()
    plain.metadata.task = .none
    plain.graph.inputs = [ValueInfo(name: "photo", elementType: .float32, shape: ["N", 3, "H", "W"])]
    let model = try Model.linked(plain)
    let cold = { try model.warmUp() }
    #expect(kind { try cold() } == .usage)
    try await model.warmUp(shapes: ["photo": [1, 3, 8, 8]])
  }

  @Test func callsRunInOrderOnFewThreads() {
    let threads = CallThreads(limit: 1)
    let done = DispatchSemaphore(value: 0)
    let order = Mutex<[Int]>([])
    for number in 0..<100 {
      threads.run {
        order.withLock { $0.append(number) }
        done.signal()
      }
    }
    for _ in 0..<100 { done.wait() }
    #expect(order.withLock { $0 } == Array(0..<100))
  }
}

private final class Flag: Sendable {
  let isSet = Atomic<Bool>(false)
}

private final class Reports: Sendable {
  private let reports = Mutex<[CallReport]>([])

  var all: [CallReport] { reports.withLock { $0 } }

  var add: @Sendable (CallReport) -> Void { { report in self.reports.withLock { $0.append(report) } } }
}
