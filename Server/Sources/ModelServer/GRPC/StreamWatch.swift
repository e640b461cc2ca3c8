import HTTPTypes
import NIOCore
import NIOHPACK
import NIOHTTP2

/// Watches one call's messages while they arrive, before anything is made of them: their bytes are taken from the budget
/// of bodies until the answer is sent, and a message that is too long, or too slow, ends the call.
///
/// In gRPC a message follows five bytes: whether it is compressed, and its length.
final class StreamWatch: ChannelDuplexHandler {
  typealias InboundIn = HTTP2Frame.FramePayload
  typealias InboundOut = HTTP2Frame.FramePayload
  typealias OutboundIn = HTTP2Frame.FramePayload
  typealias OutboundOut = HTTP2Frame.FramePayload

  private let bodies: BodyBudget
  private let time: TimeAmount
  private let most: Int
  private var requests = MessageBounds()
  private var answers = MessageBounds()
  /// Bytes that messages have which were not answered, in their order.
  private var unanswered: [Int] = []
  /// Of the message that arrives now.
  private var arrived = 0
  private var timer: Scheduled<Void>?
  private var hasAnswered = false
  private var isRefused = false

  /// - Parameters:
  ///   - most: Bytes of a message.
  ///   - time: From the beginning of a message, or of a call that has one, to the message's end.
  init(bodies: BodyBudget, most: Int, time: Duration) {
    (self.bodies, self.most, self.time) = (bodies, most, .nanoseconds(Int64(time.nanoseconds)))
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isRefused else { return }
    switch unwrapInboundIn(data) {
    case .headers(let headers):
      // A stream may say nothing for long.
      if headers.headers.first(name: ":path") != InferenceService.streamPath { startTimer(context) }
    case .data(let frame):
      guard case .byteBuffer(let buffer) = frame.data else { break }
      do { try receive(buffer, context) } catch { return refuse(Failure(error), context) }
    default: break
    }
    context.fireChannelRead(data)
  }

  private func receive(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) throws {
    try bodies.take(buffer.readableBytes)
    arrived += buffer.readableBytes
    let ends = requests.pass(buffer)
    guard requests.length ?? 0 <= most else {
      throw Failure(.contentTooLarge, "the message has more than \(most) bytes")
    }
    if ends > 0 {
      // What is of the next one already counts with the last: it is less than a frame.
      unanswered += Array(repeating: 0, count: ends - 1) + [arrived]
      arrived = 0
      timer?.cancel()
      timer = nil
    }
    if requests.isInside, timer == nil { startTimer(context) }
  }

  private func startTimer(_ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: time) {
      let (watch, context) = bound.value
      watch.refuse(Failure(.requestTimeout, "the message takes too long to arrive"), context)
    }
  }

  /// Ends the call with a status of gRPC, and lets nothing of it through any more.
  private func refuse(_ failure: Failure, _ context: ChannelHandlerContext) {
    guard !isRefused, context.channel.isActive else { return }
    isRefused = true
    var headers = HPACKHeaders(hasAnswered ? [] : [(":status", "200"), ("content-type", "application/grpc")])
    headers.add(name: "grpc-status", value: "\(failure.code.rawValue)")
    headers.add(name: "grpc-message", value: failure.message)
    context.write(wrapOutboundOut(.headers(.init(headers: headers, endStream: true))), promise: nil)
    // Nothing more is read. Any other code would stand for the status at some clients.
    context.writeAndFlush(wrapOutboundOut(.rstStream(.noError)), promise: nil)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard !isRefused else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    hasAnswered = true
    if case .data(let frame) = unwrapOutboundIn(data), case .byteBuffer(let buffer) = frame.data {
      let done = unanswered.prefix(answers.pass(buffer))
      bodies.give(done.reduce(0, +))
      unanswered.removeFirst(done.count)
    }
    context.write(data, promise: promise)
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    bodies.give(unanswered.reduce(arrived, +))
    (unanswered, arrived) = ([], 0)
    context.fireChannelInactive()
  }
}

/// Where messages of gRPC end in what passes by.
private struct MessageBounds {
  /// Bytes that follow of the message at the place.
  private var rest = 0
  private var head: [UInt8] = []
  /// Of the message at the place, from when its head has passed.
  private(set) var length: Int?

  /// Whether a message has begun and not ended.
  var isInside: Bool { rest > 0 || !head.isEmpty }

  /// The number of messages that end in `buffer`.
  mutating func pass(_ buffer: ByteBuffer) -> Int {
    var bytes = buffer.readableBytesView
    var ends = 0
    while !bytes.isEmpty {
      if head.count < 5 {
        let count = min(5 - head.count, bytes.count)
        head += bytes.prefix(count)
        bytes = bytes.dropFirst(count)
        guard head.count == 5 else { break }
        rest = head[1...].reduce(0) { $0 << 8 | Int($1) }
        length = rest
      }
      let count = min(rest, bytes.count)
      bytes = bytes.dropFirst(count)
      rest -= count
      if rest == 0 {
        ends += 1
        head = []
      }
    }
    return ends
  }
}
