import ArgumentParser
import FoundationEssentials
import Glibc
import Logging
import Metrics
import ModelServer
import ModelZoo

@main
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zoo serve",
    abstract: "Serve models over HTTP and gRPC.",
    discussion: """
      A MODEL is a name of the zoo (zoo list shows them) or a file; NAME=FILE gives a file another name. They are opened \
      before the first request. Without any, all models of the zoo are there, and are opened when they are asked for.

      The Open Inference Protocol is at /v2, and with --grpc-port by gRPC, OpenAI's API at /v1, pictures and texts go to /predict/NAME, and metrics are \
      at /metrics. SIGTERM ends it when what was accepted is answered.
      """,
    version: "zoo-serve \(zooVersion)")

  @Argument(help: "Names or files of models.")
  var models: [String] = []

  @Option(help: "The address to listen at.")
  var host = "127.0.0.1"

  @Option(help: "The port for HTTP; 0 for any.")
  var port = 8080

  @Option(help: "The port for gRPC; 0 for any. Without it there is none.")
  var grpcPort: Int?

  @Option(name: .customLong("tls-cert"), help: "A file with a chain of certificates (PEM).", completion: .file())
  var certificate: String?

  @Option(name: .customLong("tls-key"), help: "A file with the key of the certificate (PEM).", completion: .file())
  var key: String?

  @Option(
    name: .customLong("api-key-file"), help: "A file with a key a line, one of which each request must bring.",
    completion: .file())
  var keys: String?

  @Option(help: "Use at most this many threads for a call; all processors if not given.")
  var threads: Int?

  @Option(name: .customLong("memory-limit"), help: "Bytes of the weights of all open models, such as 500M or 2G.")
  var memory: ByteCount?

  @Option(help: "The most rows, pictures or texts that go through a network together; 1 for no batches.")
  var maxBatch = 8

  @Option(help: "Milliseconds that a request waits for others to go with.")
  var maxDelay = 0.0

  @Option(help: "The most requests that wait for a model.")
  var queue = 64

  @Option(help: "The most texts that a model generates at once, all in the same steps; translators do two.")
  var streams = 8

  @Option(help: "The most tokens of a text.")
  var maxTokens = 1024

  @Option(help: "Seconds from a request's arrival to the end of its generated text.")
  var textTimeout = 600.0

  @Option(help: "Seconds from a request's arrival to its answer.")
  var timeout = 60.0

  @Option(help: "The most bytes of a request's body, such as 64M.")
  var maxBody = ByteCount(64 << 20)

  @Option(help: "The most bytes of all requests' bodies that are held at once.")
  var maxBodies = ByteCount(512 << 20)

  @Option(help: "The most connections at once; others wait until one is closed.")
  var maxConnections = 1024

  @Option(help: "Seconds after which a connection that says nothing is closed.")
  var idleTimeout = 60.0

  @Option(help: "How the log on standard error is written: text or json.")
  var logFormat = LogFormat.text

  @Option(help: "What is logged: debug, info, warning or error.")
  var logLevel = LogLevel.info

  enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case debug, info, warning, error

    var level: Logger.Level {
      switch self {
      case .debug: .debug
      case .info: .info
      case .warning: .warning
      case .error: .error
      }
    }
  }

  func validate() throws {
    guard (0...65_535).contains(port) else { throw ValidationError("--port takes a number from 0 to 65535.") }
    guard (0...65_535).contains(grpcPort ?? 0) else {
      throw ValidationError("--grpc-port takes a number from 0 to 65535.")
    }
    guard (certificate == nil) == (key == nil) else { throw ValidationError("--tls-cert and --tls-key go together.") }
    for (name, value) in [
      ("max-batch", maxBatch), ("queue", queue), ("streams", streams), ("max-tokens", maxTokens),
      ("max-connections", maxConnections), ("threads", threads ?? 1),
    ] where !(1...1_000_000).contains(value) {
      throw ValidationError("--\(name) takes a number from 1 to 1000000.")
    }
    for (name, value) in [
      ("max-delay", maxDelay / 1000), ("timeout", timeout), ("text-timeout", textTimeout),
      ("idle-timeout", idleTimeout),
    ] where !(0...1e6).contains(value) {
      throw ValidationError("--\(name) takes a number of 0 or more.")
    }
  }

  private var limits: ServerLimits {
    var limits = ServerLimits()
    (limits.batch, limits.batchDelay) = (maxBatch, .seconds(maxDelay / 1000))
    (limits.queue, limits.streams, limits.tokens) = (queue, streams, maxTokens)
    (limits.time, limits.textTime, limits.idleTime) = (.seconds(timeout), .seconds(textTimeout), .seconds(idleTimeout))
    (limits.body, limits.bodies) = (maxBody.count, maxBodies.count)
    (limits.connections, limits.memory) = (maxConnections, memory?.count)
    return limits
  }

  /// The models' names and files.
  private func named() throws -> [(name: String, path: String)] {
    try models.map { word in
      if let sign = word.firstIndex(of: "="), !word[..<sign].contains("/"), sign > word.startIndex {
        return (String(word[..<sign]), try ModelCatalog.standard.path(of: String(word[word.index(after: sign)...])))
      }
      let path = try ModelCatalog.standard.path(of: word)
      let file = path.split(separator: "/").last ?? ""
      let dot = file.dropFirst().lastIndex(of: ".") ?? file.endIndex
      return (String(file[..<dot]), path)
    }
  }

  func run() async throws {
    let (format, level) = (logFormat, logLevel.level)
    LoggingSystem.bootstrap { label in
      var handler: any LogHandler =
        format == .json ? JSONLogHandler(label: label) : StreamLogHandler.standardError(label: label)
      handler.logLevel = level
      return handler
    }
    let metrics = PrometheusMetrics()
    MetricsSystem.bootstrap(metrics)
    let logger = Logger(label: "zoo-serve")
    do {
      try await serve(metrics, logger)
    } catch {
      logger.error("\(error)")
      throw ExitCode((error as? ZooError)?.kind == .notFound ? 66 : 65)
    }
  }

  private func serve(_ metrics: PrometheusMetrics, _ logger: Logger) async throws {
    var configuration = ModelServer.Configuration()
    (configuration.host, configuration.port, configuration.limits) = (host, port, limits)
    configuration.grpcPort = grpcPort
    if let certificate, let key { configuration.certificates = (certificate, key) }
    if let keys {
      let read = APIKeys(try String(contentsOf: URL(filePath: keys), encoding: .utf8))
      // An empty file is a mistake that must not let everybody in.
      guard !read.isEmpty else { throw ZooError(.usage, "there is no key in it", at: keys) }
      configuration.keys = read
    }
    let named = try named()
    let repository = try ModelRepository(
      models: named, catalog: named.isEmpty ? .standard : nil, options: Model.Options(threads: threads), limits: limits,
      logger: logger)
    try await repository.open(named.map(\.name))
    try await ModelServer(configuration, repository: repository, metrics: metrics, logger: logger).run()
  }
}

/// A number of bytes, with K, M, G or T.
struct ByteCount: ExpressibleByArgument {
  let count: Int

  init(_ count: Int) { self.count = count }

  init?(argument: String) {
    let units: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40]
    let shift = argument.uppercased().last.flatMap { units[$0] }
    guard let number = Int(shift == nil ? argument : String(argument.dropLast())), number > 0,
      number <= Int.max >> (shift ?? 0)
    else { return nil }
    count = number << (shift ?? 0)
  }

  var defaultValueDescription: String { count % (1 << 20) == 0 ? "\(count >> 20)M" : "\(count)" }
}
