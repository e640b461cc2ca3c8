import ModelZoo
import Synchronization

/// A model that is open, and what waits for it.
final class ServedModel: Sendable {
  let name: String
  let model: Model
  /// Of the weights, which is what it takes of memory while nobody asks.
  let byteCount: Int
  /// Whether rows of different requests may go through the network together.
  let takesBatches: Bool
  let uses = Mutex(Uses())
  let statistics: ModelStatistics

  struct Uses {
    var count = 0
    var last = ContinuousClock.now
  }

  private let tensors: Batcher<[String: Tensor], [String: Tensor]>
  private let inputs: Batcher<Input, Prediction>

  /// Texts that are generated at once.
  let streams: Gate

  init(name: String, model: Model, limits: ServerLimits, statistics: ModelStatistics) {
    (self.name, self.model, self.statistics) = (name, model, statistics)
    byteCount = model.definition.graph.initializers.reduce(0) { $0 + $1.tensor.byteCount }
    takesBatches = model.takesBatches && limits.batch > 1
    let batch = takesBatches ? limits.batch : 1
    tensors = Batcher(
      .init(rows: batch, delay: limits.batchDelay, queue: limits.queue), label: name, statistics: statistics
    ) {
      await model.answers(to: $0, until: $1, statistics)
    }
    let shares = model.metadata.task == .textGeneration
    streams = Gate(places: shares ? limits.streams : min(limits.streams, 2), queue: limits.queue)
    // A generator's texts would wait for the longest.
    let isGenerator = model.metadata.task == .textGeneration || model.metadata.task == .translation
    inputs = Batcher(
      .init(rows: isGenerator ? 1 : limits.batch, delay: limits.batchDelay, queue: limits.queue), label: name,
      statistics: statistics
    ) {
      await model.answers(to: $0, until: $1, statistics)
    }
  }

  /// Tensors in, tensors out.
  func run(_ inputs: [String: Tensor], deadline: ContinuousClock.Instant) async throws -> [String: Tensor] {
    let names = inputs.keys.sorted()
    guard takesBatches, let rows = inputs.values.first?.shape.first, rows > 0,
      inputs.values.allSatisfy({ $0.shape.first == rows })
    else {
      let rows = inputs.values.first?.shape.first ?? 1
      return try await tensors.answer(inputs, key: nil, rows: rows, deadline: deadline)
    }
    let key = names.map { name in "\(name) \(inputs[name]!.type.name) \(inputs[name]!.shape.dropFirst())" }
    return try await tensors.answer(inputs, key: key.joined(separator: "\n"), rows: rows, deadline: deadline)
  }

  /// The answer about a picture or a text.
  func predict(_ input: Input, deadline: ContinuousClock.Instant) async throws -> Prediction {
    try await statistics.request { try await inputs.answer(input, key: "", rows: 1, deadline: deadline) }
  }
}

extension Model {
  /// Whether the first dimension of all inputs and outputs is the same symbol, which stands nowhere else: then rows are
  /// independent as far as shapes tell.
  var takesBatches: Bool {
    let values = inputs + outputs
    let shapes = values.compactMap { value -> [ShapeDimension]? in
      guard case .tensor(_, let shape?)? = value.type?.form else { return nil }
      return shape
    }
    guard !inputs.isEmpty, !outputs.isEmpty, shapes.count == values.count, optionalInputs.isEmpty,
      case .symbol? = shapes[0].first?.extent
    else { return false }
    let symbol = shapes[0][0].extent
    return shapes.allSatisfy { shape in
      shape.first?.extent == symbol && !shape.dropFirst().contains { $0.extent == symbol }
    }
  }

  /// The answers to requests whose tensors have the same shapes but for their rows.
  func answers(
    to requests: [[String: Tensor]], until deadline: ContinuousClock.Instant, _ statistics: ModelStatistics
  ) async -> [Result<[String: Tensor], any Error>] {
    await together(requests) { requests in
      let began = ContinuousClock.now
      let rows = requests.map { $0.values.first?.shape.first ?? 1 }
      let isAlone = requests.count == 1
      let joined = isAlone ? requests[0] : try requests.joined()
      let joinedAt = ContinuousClock.now
      let outputs = try await self.run(joined, deadline: deadline)
      let ranAt = ContinuousClock.now
      let answers = isAlone ? [outputs] : try outputs.split(rows)
      statistics.computed(
        requests: requests.count, rows: rows.reduce(0, +),
        .init(input: joinedAt - began, infer: ranAt - joinedAt, output: .now - ranAt))
      return answers
    }
  }

  /// The answers about pictures or texts.
  func answers(
    to inputs: [Input], until deadline: ContinuousClock.Instant, _ statistics: ModelStatistics
  ) async -> [Result<Prediction, any Error>] {
    await together(inputs) { inputs in
      let began = ContinuousClock.now
      let answers = try await self.predict(inputs, deadline: deadline)
      statistics.computed(
        requests: inputs.count, rows: inputs.count, .init(input: .zero, infer: .now - began, output: .zero))
      return answers
    }
  }

  /// What `ask` gives for all questions at once, or for each by itself where that fails: one's fault is not the others'.
  private func together<Question, Answer>(
    _ questions: [Question], _ ask: ([Question]) async throws -> [Answer]
  ) async -> [Result<Answer, any Error>] {
    do { return try await ask(questions).map { .success($0) } } catch {
      guard questions.count > 1, !Task.isCancelled, Failure(error).status != .gatewayTimeout else {
        return questions.map { _ in .failure(error) }
      }
    }
    var answers: [Result<Answer, any Error>] = []
    for question in questions {
      do { answers.append(.success(try await ask([question])[0])) } catch { answers.append(.failure(error)) }
    }
    return answers
  }
}
