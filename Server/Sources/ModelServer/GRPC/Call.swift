import FoundationEssentials
import GRPCCore
import GRPCProtobuf
import HTTPTypes
import Logging
import Metrics
import ModelZoo
import SwiftProtobuf
import Synchronization

/// A message that arrived, with what it takes of the budget until it is gone.
struct Received<Message: Sendable>: Sendable {
  var message: Message
  let share: BodyShare
  let arrival = ContinuousClock.now
}

/// Reads messages as far as there is memory for them.
struct BudgetedDeserializer<Message: SwiftProtobuf.Message>: MessageDeserializer {
  let bodies: BodyBudget

  /// What messages may have that are no tensors.
  private static var mostBytes: Int { 1 << 20 }

  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> Received<Message> {
    let share = BodyShare(bodies)
    if Message.self == WireModelInferRequest.self {
      // Twice, as tensors are made of the message.
      try share.take(2 * bytes.withUnsafeBytes { try WireCost.ofRequest($0) })
    } else if bytes.count > Self.mostBytes {
      throw Failure(.contentTooLarge, "the message has more than \(Self.mostBytes) bytes")
    }
    return Received(message: try ProtobufDeserializer<Message>().deserialize(bytes), share: share)
  }
}

/// What a call by gRPC has in common with all others: the key, the time that its client gives it, its end when the client
/// goes away, a line in the log, metrics, and the form of errors.
struct Call: Sendable {
  let server: ModelServer
  let method: String
  let arrival = ContinuousClock.now
  /// When the client stops waiting; `nil` where it does not say.
  let end: ContinuousClock.Instant?
  private let metadata: Metadata
  private let logger: Logger

  init(_ server: ModelServer, _ method: String, _ metadata: Metadata, _ logger: Logger) {
    (self.server, self.method, self.metadata) = (server, method, metadata)
    end = metadata[stringValues: "grpc-timeout"].first { _ in true }.flatMap(Duration.init(grpc:)).map { [arrival] in
      arrival + $0
    }
    var logger = logger
    let id = metadata[stringValues: "x-request-id"].first { _ in true }.flatMap(RequestFrame.checkedID)
    logger[metadataKey: "request"] = "\(id ?? UUID().uuidString)"
    self.logger = logger
  }

  /// The time that a request which arrived then has at most.
  func limits(from arrival: ContinuousClock.Instant) -> ServerLimits {
    var limits = server.limits
    if let end { limits.time = min(limits.time, end - arrival) }
    return limits
  }

  /// What `body` gives, or its failure as gRPC has it.
  ///
  /// - Parameter isOpen: Whether no key is asked for.
  /// - Throws: `RPCError`.
  func framed<Answer>(isOpen: Bool, _ body: () async throws -> Answer) async throws -> Answer {
    var code = Status.Code.ok
    defer { finish(code) }
    do {
      if let keys = server.keys, !isOpen { try keys.check(metadata[stringValues: "authorization"].first { _ in true }) }
      return try await body()
    } catch {
      let isGone = error is CancellationError || (error as? ZooError)?.kind == .cancelled
      var rpcError = error as? RPCError ?? Failure(error).rpcError
      if isGone { rpcError = RPCError(code: .cancelled, message: "the call was cancelled") }
      if let end, isGone, end <= .now { rpcError = Failure(.gatewayTimeout, "the time for the call is over").rpcError }
      if rpcError.code == .internalError {
        logger.error("call failed", metadata: ["error": "\(error)", "method": "\(method)"])
      }
      code = Status.Code(rpcError.code)
      throw rpcError
    }
  }

  /// What `body` reads of a call. What the transport throws is that the call has ended, whoever ended it.
  static func arriving<Message>(_ body: () async throws -> Message) async throws -> Message {
    do { return try await body() } catch  where !(error is Failure || error is RPCError) { throw CancellationError() }
  }

  private func finish(_ code: Status.Code) {
    let duration = ContinuousClock.now - arrival
    let dimensions = [("method", method), ("status", "\(code)")]
    Timer(label: "zoo_grpc_duration_seconds", dimensions: dimensions).record(duration: duration)
    logger.info(
      "call", metadata: ["method": "\(method)", "status": "\(code)", "seconds": "\(duration.seconds)"])
  }

  /// What `body` gives, which ends when the client goes away.
  ///
  /// - Parameter reading: What ends when the server ends, too.
  func whileWanted<Answer: Sendable>(
    reading: ClientTasks? = nil, _ tasks: ClientTasks = ClientTasks(),
    _ body: @escaping @Sendable () async throws -> Answer
  ) async throws -> Answer {
    try await withRPCCancellationHandler {
      try await tasks.run(body)
    } onCancelRPC: { [server] in
      reading?.cancel()
      // A server that ends cancels all calls; those that it has accepted are answered.
      if server.isReady { tasks.cancel() }
    }
  }
}

extension Duration {
  /// Of a `grpc-timeout`: up to eight digits and a unit.
  fileprivate init?(grpc text: String) {
    guard let unit = text.last, let count = UInt32(text.dropLast()), count <= 99_999_999 else { return nil }
    switch unit {
    case "H": self = .seconds(Int(count) * 3600)
    case "M": self = .seconds(Int(count) * 60)
    case "S": self = .seconds(count)
    case "m": self = .milliseconds(count)
    case "u": self = .microseconds(count)
    case "n": self = .nanoseconds(Int64(count))
    default: return nil
    }
  }
}

extension Failure {
  /// The status of gRPC that says the same.
  var code: Status.Code {
    switch status.code {
    case 401: .unauthenticated
    case 404: .notFound
    case 408, 504: .deadlineExceeded
    case 413, 429: .resourceExhausted
    case 422: .failedPrecondition
    case 503: .unavailable
    case 400..<500: .invalidArgument
    default: .internalError
    }
  }

  fileprivate var rpcError: RPCError {
    var metadata = Metadata()
    // gRPC's form of Retry-After.
    if let retryAfter { metadata.addString("\(retryAfter * 1000)", forKey: "grpc-retry-pushback-ms") }
    return RPCError(code: RPCError.Code(code) ?? .internalError, message: message, metadata: metadata)
  }
}
