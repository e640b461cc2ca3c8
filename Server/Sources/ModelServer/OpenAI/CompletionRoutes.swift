import FoundationEssentials
import HTTPTypes
import Hummingbird
import Metrics
import ModelZoo
import NIOCore

/// The part of OpenAI's API that is about texts and conversations.
struct CompletionRoutes: Sendable {
  let server: ModelServer

  func add(to router: Router<ModelContext>) {
    router.post("v1/chat/completions") { request, context in
      try await complete(.chat, request, context)
    }
    router.post("v1/completions") { request, context in try await complete(.text, request, context)
    }
  }

  private func complete(
    _ kind: CompletionRequest.Kind, _ request: Request, _ context: ModelContext
  ) async throws -> Response {
    let limits = server.limits
    return try await request.withBody(
      upTo: min(limits.body, 8 << 20), until: context.arrival + limits.time, budget: server.bodies,
      channel: context.channel
    ) { body, _ in
      let completion = try CompletionRequest(kind, body, limits: limits)
      let lease = try await server.repository.lease(completion.model)
      let deadline = context.arrival + limits.textTime
      let place = try await lease.model.streams.enter(until: deadline)
      let began = ContinuousClock.now
      let events = EventReader(
        lease.model.model.events(
          completion.input, generation: completion.options, deadline: deadline))
      // What is wrong with a request shows before its first event.
      let first = try await events.next()
      let answer = CompletionAnswer(completion)
      @Sendable func ended(_ text: GeneratedText) {
        let dimensions = [("model", lease.model.name)]
        Counter(label: "zoo_tokens_total", dimensions: dimensions).increment(by: text.tokenCount)
        Timer(label: "zoo_text_duration_seconds", dimensions: dimensions).record(
          duration: .now - began)
      }
      guard completion.isStreamed else {
        var event = first
        while case .piece? = event { event = try await events.next() }
        guard case .end(let text)? = event else { throw CancellationError() }
        ended(text)
        return withExtendedLifetime((lease, place)) { Response(json: answer.whole(text)) }
      }
      Timer(label: "zoo_text_first_seconds", dimensions: [("model", lease.model.name)]).record(
        duration: .now - began)
      return stream(answer, first, events, holding: (lease, place), ended: ended)
    }
  }

  /// A response of server-sent events. Whoever goes away makes writing fail, which ends the text, too.
  private func stream(
    _ answer: CompletionAnswer, _ first: GenerationEvent?, _ events: EventReader,
    holding: (ModelLease, Gate.Place),
    ended: @escaping @Sendable (GeneratedText) -> Void
  ) -> Response {
    let body = ResponseBody { writer in
      do {
        try await writer.write(answer.chunk(answer.request.echo, begins: true))
        var event = first
        while let now = event {
          switch now {
          case .piece(let piece): try await writer.write(answer.chunk(piece))
          case .end(let text):
            try await writer.write(answer.chunk("", reason: text.finishReason))
            if answer.request.streamsUsage { try await writer.write(answer.usageChunk(text)) }
            ended(text)
          }
          event = try await events.next()
        }
        try await writer.write(CompletionAnswer.done)
      } catch let error as ZooError {
        // The status has been sent long since.
        let failure = JSONWriter.object { Failure(error).writeOpenAI(to: &$0) }
        try await writer.write(CompletionAnswer.event(failure))
      }
      try await writer.finish(nil)
      withExtendedLifetime(holding) {}
    }
    return Response(
      status: .ok,
      headers: [
        .contentType: "text/event-stream", .cacheControl: "no-store", .acceptedBuffering: "no",
      ], body: body)
  }
}

/// Reads events one after the other, from whatever task.
private actor EventReader {
  private var iterator: AsyncThrowingStream<GenerationEvent, any Error>.Iterator

  init(_ events: AsyncThrowingStream<GenerationEvent, any Error>) {
    iterator = events.makeAsyncIterator()
  }

  func next() async throws -> GenerationEvent? {
    var iterator = iterator
    defer { self.iterator = iterator }
    return try await iterator.next(isolation: self)
  }
}
