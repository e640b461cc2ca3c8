import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import NIOCore
import NIOHTTP2
import ServiceLifecycle
import Synchronization

/// Listens for calls by gRPC, over HTTP/2.
struct GRPCListener: Service {
  typealias Transport = HTTP2ServerTransport.Posix

  /// Calls that a connection makes at once; what it makes more waits at the client.
  private static let mostStreams = 256

  let server: ModelServer
  private let address: NIOCore.SocketAddress
  private let transport: Transport
  private let logger: Logger

  /// - Parameter certificates: Files of a chain of certificates and its key, in PEM; `nil` for plain HTTP/2.
  /// - Throws: for a host that has no address.
  init(
    _ server: ModelServer, host: String, port: Int, certificates: (chain: String, key: String)?, logger: Logger
  ) throws {
    (self.server, self.logger) = (server, logger)
    address = try .makeAddressResolvingHost(host, port: port)
    let ip = address.ipAddress ?? host
    let security = certificates.map { files in
      Transport.TransportSecurity.tls(
        certificateChain: [.file(path: files.chain, format: .pem)],
        privateKey: .file(path: files.key, format: .pem))
    }
    transport = Transport(
      address: address.protocol == .inet6 ? .ipv6(host: ip, port: port) : .ipv4(host: ip, port: port),
      transportSecurity: security ?? .plaintext, config: Self.configuration(server))
  }

  private static func configuration(_ server: ModelServer) -> Transport.Config {
    let (limits, bodies) = (server.limits, server.bodies)
    let connections = ConnectionCount()
    return .defaults { config in
      config.rpc.maxRequestPayloadSize = limits.body
      config.http2.maxConcurrentStreams = mostStreams
      // A tensor is many frames of the least size, and as many waits for the window to open.
      config.http2.maxFrameSize = 1 << 18
      config.http2.targetWindowSize = 4 << 20
      config.connection.maxIdleTime = limits.idleTime
      // Who waits for an answer says nothing but that he is there, when he is asked.
      config.connection.keepalive.time = limits.idleTime
      config.connection.keepalive.timeout = limits.idleTime
      config.connection.keepalive.clientBehavior = .init(
        minPingIntervalWithoutCalls: .seconds(10), allowWithoutCalls: true)
      config.channelDebuggingCallbacks.onAcceptTCPConnection = { channel in
        channel.closeFuture.whenComplete { _ in connections.add(-1) }
        if connections.add(1) > limits.connections { channel.close(promise: nil) }
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(SilenceWatch(limits.idleTime * 2), position: .first)
        }
      }
      config.channelDebuggingCallbacks.onAcceptHTTP2Stream = { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            StreamWatch(bodies: bodies, most: limits.body, time: limits.time), position: .first)
        }
      }
    }
  }

  func run() async throws {
    var router = RPCRouter<Transport>()
    InferenceService(server: server, logger: logger).register(in: &router)
    let calls = GRPCServer(transport: transport, router: router)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await withGracefulShutdownHandler {
          try await calls.serve()
        } onGracefulShutdown: {
          calls.beginGracefulShutdown()
        }
      }
      group.addTask {
        // Without an address there is an error of `serve`, which says more.
        guard let address = try? await transport.listeningAddress else { return }
        let port = address.ipv4?.port ?? address.ipv6?.port ?? 0
        logger.info("gRPC listens on port \(port)")
      }
      try await group.waitForAll()
    }
  }
}

/// Closes a connection whose client says nothing for long, not even that it is there: the transport waits for that even
/// when it ends the connection.
private final class SilenceWatch: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// How long a client has to answer that the server ends.
  private static let ending = TimeAmount.seconds(5)

  private let time: TimeAmount
  private var lastRead = NIODeadline.now()
  private var check: Scheduled<Void>?

  init(_ time: Duration) { self.time = .nanoseconds(Int64(time.nanoseconds)) }

  func handlerAdded(context: ChannelHandlerContext) { start(context) }

  private func start(_ context: ChannelHandlerContext) {
    after(lastRead + time, context) { watch, context in
      if watch.lastRead + watch.time <= .now() { context.close(promise: nil) } else { watch.start(context) }
    }
  }

  private func after(
    _ moment: NIODeadline, _ context: ChannelHandlerContext,
    _ body: @escaping @Sendable (SilenceWatch, ChannelHandlerContext) -> Void
  ) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    check = context.eventLoop.scheduleTask(deadline: moment) { body(bound.value.0, bound.value.1) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lastRead = .now()
    context.fireChannelRead(data)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent {
      check?.cancel()
      let asked = NIODeadline.now()
      // Who has answered may wait for what the server still computes.
      after(asked + Self.ending, context) { watch, context in
        if watch.lastRead < asked { context.close(promise: nil) }
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    check?.cancel()
    context.fireChannelInactive()
  }
}

private final class ConnectionCount: Sendable {
  private let count = Atomic(0)

  @discardableResult
  func add(_ change: Int) -> Int { count.wrappingAdd(change, ordering: .relaxed).newValue }
}
