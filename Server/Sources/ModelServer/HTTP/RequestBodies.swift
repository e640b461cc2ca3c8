import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes

extension Request {
  /// What `answer` makes of the body. It is cancelled when the client goes away.
  ///
  /// - Throws: `Failure`: (413) for a larger body than the limit, (408) for one that takes too long, (429) where all
  ///   bodies are too much together; what `answer` throws.
  func withBody<Answer: Sendable>(
    upTo limit: Int, until deadline: ContinuousClock.Instant, budget: BodyBudget, channel: any Channel,
    _ answer: @escaping @Sendable (_ body: [UInt8], _ share: BodyShare) async throws -> Answer
  ) async throws -> Answer {
    let tooLarge = Failure(.contentTooLarge, "the body has more than \(limit) bytes")
    let length = headers[.contentLength].flatMap { Int($0) } ?? 0
    guard length <= limit else { throw tooLarge }
    let share = BodyShare(budget)
    let stream = body
    let reading = Task {
      var bytes: [UInt8] = []
      // What grows is copied. A length is only a claim, so not much is given for it.
      bytes.reserveCapacity(min(max(length, 0), 1 << 20))
      for try await buffer in stream {
        guard buffer.readableBytes <= limit - bytes.count else { throw tooLarge }
        // Twice, since what grows is copied.
        try share.take(2 * buffer.readableBytes)
        bytes += buffer.readableBytesView
      }
      return bytes
    }
    let timer = Task {
      try await Task.sleep(until: deadline)
      reading.cancel()
    }
    defer { timer.cancel() }
    let bytes: [UInt8]
    do {
      bytes = try await withTaskCancellationHandler {
        try await reading.value
      } onCancel: {
        reading.cancel()
      }
    } catch  where reading.isCancelled && !Task.isCancelled {
      throw Failure(.requestTimeout, "the body takes too long to arrive")
    } catch  where !(error is Failure || error is CancellationError) {
      throw Failure(.badRequest, "the body ends too early, or is no body of HTTP")
    }
    timer.cancel()
    return try await ConnectionWatch.cancelled(with: channel) { try await answer(bytes, share) }
  }
}

/// Tells when a client has closed its connection, and closes it where a request takes too long to arrive, whether somebody
/// reads it or not.
final class ConnectionWatch: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private let tasks = ClientTasks()
  private let requestTime: TimeAmount
  private var closing: Scheduled<Void>?

  /// - Parameter requestTime: From the end of a request's head to the end of its body.
  init(requestTime: TimeAmount) { self.requestTime = requestTime }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      let channel = context.channel
      closing = context.eventLoop.scheduleTask(in: requestTime) { channel.close(promise: nil) }
    case .body: break
    case .end: closing?.cancel()
    }
    context.fireChannelRead(data)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { tasks.cancel() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    closing?.cancel()
    tasks.cancel()
    context.fireChannelInactive()
  }

  /// What `body` gives, whose task is cancelled when the client at the other end of `channel` goes away.
  static func cancelled<Answer: Sendable>(
    with channel: any Channel, _ body: @escaping @Sendable () async throws -> Answer
  ) async throws -> Answer {
    let tasks = try await channel.eventLoop.submit {
      try channel.pipeline.syncOperations.handler(type: ConnectionWatch.self).tasks
    }.get()
    return try await tasks.run(body)
  }
}
