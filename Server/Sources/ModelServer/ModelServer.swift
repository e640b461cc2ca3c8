import FoundationEssentials
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import ModelZoo
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization

/// A server of models over HTTP and gRPC: the Open Inference Protocol, the part of OpenAI's API that is about texts, and pictures.
public final class ModelServer: Sendable {
  /// Where it listens, and whom it answers.
  public struct Configuration: Sendable {
    public var host = "127.0.0.1"
    /// 0 for one that the system chooses.
    public var port = 8080
    /// The same for gRPC, which is not there without.
    public var grpcPort: Int?
    public var limits = ServerLimits()
    /// `nil` where everybody may ask.
    public var keys: APIKeys?
    /// Files of a chain of certificates and its key, in PEM; `nil` for no encryption.
    public var certificates: (chain: String, key: String)?

    public init() {}
  }

  let repository: ModelRepository
  let limits: ServerLimits
  let bodies: BodyBudget
  let metrics: PrometheusMetrics
  /// Since the epoch, when it was made.
  let startSeconds = Int(Date.now.timeIntervalSince1970)
  var keys: APIKeys? { configuration.keys }
  private let configuration: Configuration
  private let logger: Logger
  private let running = Mutex(false)

  /// - Parameter metrics: What swift-metrics was bootstrapped with.
  public init(
    _ configuration: Configuration, repository: ModelRepository, metrics: PrometheusMetrics, logger: Logger
  ) {
    (self.configuration, self.repository, self.metrics, self.logger) = (configuration, repository, metrics, logger)
    limits = configuration.limits
    bodies = BodyBudget(limits.bodies)
  }

  /// Whether it takes requests: not yet before it listens, and no more once it was told to end.
  var isReady: Bool { running.withLock { $0 } }

  private var router: Router<ModelContext> {
    let router = Router(context: ModelContext.self)
    router.add(middleware: RequestFrame(keys: configuration.keys))
    PageRoutes(server: self).add(to: router)
    PredictRoutes(server: self).add(to: router)
    InferenceRoutes(server: self).add(to: router)
    OpenAIRoutes(server: self).add(to: router)
    CompletionRoutes(server: self).add(to: router)
    return router
  }

  private func serverBuilder() throws -> HTTPServerBuilder {
    let requestSeconds = limits.time.components.seconds
    let http = HTTPServerBuilder.http1(
      configuration: .init(
        // A little later than its own deadline, so that there is an answer first.
        additionalChannelHandlers: [ConnectionWatch(requestTime: .seconds(requestSeconds + 2))],
        idleTimeout: .seconds(limits.idleTime.components.seconds),
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100)))
    guard let certificates = configuration.certificates else { return http }
    let chain = try NIOSSLCertificate.fromPEMFile(certificates.chain)
    let key = try NIOSSLPrivateKey(file: certificates.key, format: .pem)
    return try .tls(
      http,
      tlsConfiguration: .makeServerConfiguration(
        certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key)))
  }

  /// Serves until a signal says to end: what was accepted is answered, for half a minute at most.
  ///
  /// - Throws: what goes wrong with the address or the certificates.
  public func run() async throws {
    let (configuration, logger) = (configuration, logger)
    let application = Application(
      router: router, server: try serverBuilder(),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port), serverName: "modelzoo",
        availableConnectionsDelegate: MaximumAvailableConnections(limits.connections)),
      onServerRunning: { [self] channel in
        running.withLock { $0 = true }
        // Where the port was 0, this says which one it is.
        logger.info("listening on port \(channel.localAddress?.port ?? configuration.port)")
      },
      logger: logger)
    var listeners: [any Service] = [application]
    if let port = configuration.grpcPort {
      listeners.append(
        try GRPCListener(
          self, host: configuration.host, port: port, certificates: configuration.certificates, logger: logger))
    }
    // The last is told first.
    let ending = Ending { [self] in running.withLock { $0 = false } }
    var group = ServiceGroupConfiguration(
      services: [Together(services: listeners), ending], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    group.maximumGracefulShutdownDuration = .seconds(30)
    try await ServiceGroup(configuration: group).run()
  }
}

/// Services that end at the same time; those of a group end one after the other.
private struct Together: Service {
  let services: [any Service]

  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for service in services { group.addTask { try await service.run() } }
      try await group.waitForAll()
    }
  }
}

/// Tells when the server is told to end.
private struct Ending: Service {
  let body: @Sendable () -> Void

  func run() async throws {
    try? await gracefulShutdown()
    body()
  }
}
