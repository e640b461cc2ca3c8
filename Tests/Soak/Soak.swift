// Asks four models from sixteen threads for as long as one likes, in every way that there is, and watches answers and memory:
//   Soak SECONDS [THREADS] [answers]
// With `answers` memory is not judged: a sanitizer keeps what is free.
import Foundation
import ModelZoo
import Synchronization

@main
struct Soak {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 1, let seconds = Double(arguments[1]), seconds > 0 else {
      print("Soak SECONDS [THREADS] [answers]")
      exit(64)
    }
    let threads = arguments.count > 2 ? max(1, Int(arguments[2]) ?? 16) : 16
    let subjects = try Subject.all()
    let counts = Counts()
    let end = ContinuousClock.now + .seconds(seconds)
    let memory = Task { await MemoryLog.kept(until: end) }
    let workers = (0..<threads).map { number in
      let done = DispatchSemaphore(value: 0)
      // Threads of their own, as those of tasks must not be blocked.
      Thread.detachNewThread {
        var worker = Worker(subjects: subjects, counts: counts, seed: UInt64(number))
        while ContinuousClock.now < end { worker.step() }
        done.signal()
      }
      return done
    }
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        for worker in workers { worker.wait() }
        continuation.resume()
      }
    }
    let log = await memory.value
    print(counts.report)
    print(log.report)
    if counts.failures > 0 || !(log.isFlat || arguments.last == "answers") { exit(1) }
  }
}

/// A model, what it is asked, and what it answers when nobody else asks.
struct Subject: Sendable {
  let path: String
  let contents: Data
  let model: Model
  let input: Input
  let answer: Prediction
  /// What it answers about two at once, whose sums may go in another order.
  let pair: [Prediction]
  /// How often it is asked beside the others: the slow ones less.
  let weight: Int

  init(_ path: String, _ input: Input, weight: Int) throws {
    (self.path, self.input, self.weight) = (path, input, weight)
    contents = try Data(contentsOf: URL(fileURLWithPath: path))
    model = try Model(contentsOf: path, options: .init(plugins: .linked))
    answer = try model.predict(input)
    pair = try model.predict([input, input])
  }

  static func all() throws -> [Subject] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    let (zoo, images) = ("\(root)/Zoo", "\(root)/Examples/Images")
    return [
      try Subject("\(zoo)/ResNet/resnet20-cifar10.zoo", .image(contentsOf: "\(images)/cat.jpg"), weight: 20),
      try Subject("\(zoo)/AlexNet/alexnet-cifar10.zoo", .image(contentsOf: "\(images)/cat.jpg"), weight: 20),
      try Subject("\(zoo)/Transformer/transformer-en-de.zoo", .text("A dog is running through the snow."), weight: 8),
      try Subject("\(zoo)/RCNN/rcnn-bccd.zoo", .image(contentsOf: "\(images)/smear.jpg"), weight: 1),
    ]
  }
}

/// One thread's work.
struct Worker {
  let subjects: [Subject]
  let counts: Counts
  private var random: SplitMix

  init(subjects: [Subject], counts: Counts, seed: UInt64) {
    (self.subjects, self.counts, random) = (subjects, counts, SplitMix(state: seed))
  }

  mutating func step() {
    let subject = chosen()
    let way = Way.allCases.randomElement(using: &random) ?? .shared
    let patience = Duration.milliseconds(Int.random(in: 0...200, using: &random))
    do {
      let answer = try way.ask(subject, patience)
      counts.note(way, answer == nil || answer == subject.answer ? .answered : .wrong)
    } catch let error as ZooError where way.mayEnd(with: error.kind) {
      counts.note(way, .ended)
    } catch {
      counts.note(way, .failed("\(error)"))
    }
  }

  private mutating func chosen() -> Subject {
    var place = Int.random(in: 0..<subjects.reduce(0) { $0 + $1.weight }, using: &random)
    return subjects.first {
      place -= $0.weight
      return place < 0
    } ?? subjects[0]
  }
}

/// How a model is asked.
enum Way: String, CaseIterable {
  case shared, batch, opened, data, deadline, task, cancelled, stream, abandoned

  func mayEnd(with kind: ZooError.Kind) -> Bool {
    switch self {
    case .deadline: kind == .deadlineExceeded
    case .cancelled: kind == .cancelled
    default: false
    }
  }

  /// - Returns: `nil` where only a part of the answer was waited for.
  func ask(_ subject: Subject, _ patience: Duration) throws -> Prediction? {
    let (model, input) = (subject.model, subject.input)
    switch self {
    case .shared: return try model.predict(input)
    case .batch:
      return try model.predict([input, input]) == subject.pair ? subject.answer : .tensors([:])
    case .opened: return try Model(contentsOf: subject.path, options: .init(plugins: .linked)).predict(input)
    case .data: return try Model(data: subject.contents, options: .init(plugins: .linked)).predict(input)
    case .deadline: return try model.predict(input, deadline: .now + patience)
    case .task: return try waited { try await model.predict(input) }
    case .cancelled:
      return try waited {
        let task = Task { try await model.predict(input) }
        try await Task.sleep(for: patience)
        task.cancel()
        return try await task.value
      }
    case .stream, .abandoned:
      guard case .text = subject.answer else { return try model.predict(input) }
      let isAbandoned = self == .abandoned
      return try waited {
        var text = ""
        for try await piece in model.stream(input) {
          text += piece
          if isAbandoned { return nil }
        }
        return .text(text)
      }
    }
  }

  /// What `body` gives, for a thread that may wait.
  private func waited(_ body: @escaping @Sendable () async throws -> Prediction?) throws -> Prediction? {
    let outcome = Outcome()
    Task {
      do { outcome.set(.success(try await body())) } catch { outcome.set(.failure(error)) }
    }
    return try outcome.wait()
  }
}

/// What a task leaves for a thread.
private final class Outcome: Sendable {
  private let isThere = DispatchSemaphore(value: 0)
  private let result = Mutex<Result<Prediction?, any Error>>(.success(nil))

  func set(_ new: Result<Prediction?, any Error>) {
    result.withLock { $0 = new }
    isThere.signal()
  }

  func wait() throws -> Prediction? {
    isThere.wait()
    return try result.withLock { try $0.get() }
  }
}
