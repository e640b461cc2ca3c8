import GRPCCore
import GRPCProtobuf
import HTTPTypes
import Logging
import ModelZoo
import SwiftProtobuf

/// The Open Inference Protocol, version 2, over gRPC.
struct InferenceService: Sendable {
  typealias Router = RPCRouter<GRPCListener.Transport>

  let server: ModelServer
  let logger: Logger

  private static let name = "inference.GRPCInferenceService"
  private static let streamMethod = "ModelStreamInfer"
  static let streamPath = "/\(name)/\(streamMethod)"

  func register(in router: inout Router) {
    add("ServerLive", to: &router, isOpen: true) { (_: Received<WireServerLiveRequest>, _) in
      WireServerLiveResponse.with { $0.live = true }
    }
    add("ServerReady", to: &router, isOpen: true) { (_: Received<WireServerReadyRequest>, _) in
      WireServerReadyResponse.with { $0.ready = server.isReady }
    }
    add("ServerMetadata", to: &router) { (_: Received<WireServerMetadataRequest>, _) in
      WireServerMetadataResponse.with { answer in
        answer.name = "modelzoo"
        answer.version = zooVersion
        answer.extensions = InferenceRoutes.extensions
      }
    }
    addModels(to: &router)
    addRepository(to: &router)
    add("ModelInfer", to: &router) { (request: Received<WireModelInferRequest>, call) in
      try await infer(request, call)
    }
    addStream(to: &router)
  }

  private func addModels(to router: inout Router) {
    let repository = server.repository
    add("ModelReady", to: &router) { (request: Received<WireModelReadyRequest>, _) in
      let entry = try? await repository.entry(request.message.name, version: request.message.version.orNil)
      return WireModelReadyResponse.with { $0.ready = entry?.isReady ?? false }
    }
    add("ModelMetadata", to: &router) { (request: Received<WireModelMetadataRequest>, _) in
      try await repository.with(request.message.name, version: request.message.version.orNil) { served in
        WireModelMetadataResponse(served)
      }
    }
    add("ModelConfig", to: &router) { (request: Received<WireModelConfigRequest>, _) in
      try await repository.with(request.message.name, version: request.message.version.orNil) { served in
        WireModelConfigResponse.with { $0.config = WireModelConfig(served) }
      }
    }
    add("ModelStatistics", to: &router) { (request: Received<WireModelStatisticsRequest>, _) in
      let (name, version) = (request.message.name.orNil, request.message.version.orNil)
      let statistics = try await repository.statistics(of: name, version: version)
      return WireModelStatisticsResponse.with { answer in
        answer.modelStats = statistics.map { WireModelStatistics($0.name, $0.counts) }
      }
    }
  }

  private func addRepository(to router: inout Router) {
    let repository = server.repository
    add("RepositoryIndex", to: &router) { (request: Received<WireRepositoryIndexRequest>, _) in
      let entries = await repository.entries.filter { !request.message.ready || $0.isReady }
      return WireRepositoryIndexResponse.with { answer in
        answer.models = entries.map { entry in
          .with { model in
            model.name = entry.name
            model.version = ModelRepository.version
            model.state = entry.state
            model.reason = entry.reason
          }
        }
      }
    }
    add("RepositoryModelLoad", to: &router) { (request: Received<WireRepositoryModelLoadRequest>, _) in
      try await repository.load(request.message.modelName, parameters: request.message.parameters.keys.sorted())
      return WireRepositoryModelLoadResponse()
    }
    add("RepositoryModelUnload", to: &router) { (request: Received<WireRepositoryModelUnloadRequest>, _) in
      try await repository.unload(request.message.modelName)
      return WireRepositoryModelUnloadResponse()
    }
  }

  private func infer(
    _ request: Received<WireModelInferRequest>, _ call: Call
  ) async throws -> WireModelInferResponse {
    let inference = try InferenceRequest(request.message)
    let (name, version) = (request.message.modelName, request.message.modelVersion.orNil)
    return try await server.repository.with(name, version: version) { served in
      let answer = try await served.infer(
        inference, arrival: request.arrival, call.limits(from: request.arrival))
      return try answer.message(model: served.name)
    }
  }

  /// A method of one request and one answer.
  private func add<Request: SwiftProtobuf.Message, Answer: SwiftProtobuf.Message>(
    _ method: String, to router: inout Router, isOpen: Bool = false,
    _ body: @escaping @Sendable (Received<Request>, Call) async throws -> Answer
  ) {
    router.registerHandler(
      forMethod: MethodDescriptor(fullyQualifiedService: Self.name, method: method, type: .unary),
      deserializer: BudgetedDeserializer<Request>(bodies: server.bodies), serializer: ProtobufSerializer<Answer>()
    ) { [server, logger] request, _ in
      let call = Call(server, method, request.metadata, logger)
      let answer = try await call.framed(isOpen: isOpen) {
        try await call.whileWanted {
          var messages = request.messages.makeAsyncIterator()
          guard let message = try await Call.arriving({ try await messages.next() }) else {
            throw Failure(.badRequest, "the call has no request")
          }
          return try await body(message, call)
        }
      }
      return StreamingServerResponse(single: ServerResponse(message: answer))
    }
  }

  // Streams of requests.

  private func addStream(to router: inout Router) {
    let method = Self.streamMethod
    router.registerHandler(
      forMethod: MethodDescriptor(fullyQualifiedService: Self.name, method: method, type: .bidirectionalStreaming),
      deserializer: BudgetedDeserializer<WireModelInferRequest>(bodies: server.bodies),
      serializer: ProtobufSerializer<WireModelStreamInferResponse>()
    ) { [server, logger] request, _ in
      let call = Call(server, method, request.metadata, logger)
      return StreamingServerResponse { writer in
        try await call.framed(isOpen: false) {
          let (tasks, reading) = (ClientTasks(), ClientTasks())
          try await call.whileWanted(reading: reading, tasks) {
            try await answer(request.messages, in: tasks, reading, writer, call)
          }
        }
        return [:]
      }
    }
  }

  private typealias Answers = AsyncStream<(Task<WireModelStreamInferResponse, Never>, Gate.Place)>

  /// Answers requests of a stream in their order, while as many as go through a network together are computed.
  private func answer(
    _ messages: RPCAsyncSequence<Received<WireModelInferRequest>, any Error>, in tasks: ClientTasks,
    _ reading: ClientTasks, _ writer: RPCWriter<WireModelStreamInferResponse>, _ call: Call
  ) async throws {
    let (answers, added) = Answers.makeStream()
    async let read: Void = reading.run {
      defer { added.finish() }
      let gate = Gate(places: server.limits.batch, queue: 1)
      var messages = messages.makeAsyncIterator()
      while let message = try await Call.arriving({ try await messages.next() }) {
        let place = try await gate.enter(until: .now + .seconds(86_400))
        added.yield((Task { await streamed(message, in: tasks, call) }, place))
      }
    }
    for await (answer, place) in answers {
      try await writer.write(answer.value)
      withExtendedLifetime(place) {}
    }
    do { try await read } catch  where !server.isReady {
      throw Failure(.serviceUnavailable, "the server ends")
    }
  }

  /// The answer to a request of a stream, which goes on after a failure.
  private func streamed(
    _ request: Received<WireModelInferRequest>, in tasks: ClientTasks, _ call: Call
  ) async -> WireModelStreamInferResponse {
    var response = WireModelStreamInferResponse()
    do {
      response.inferResponse = try await tasks.run { try await infer(request, call) }
    } catch {
      response.errorMessage = Failure(error).message
      response.inferResponse.id = String(request.message.id.prefix(1024))
    }
    // Each request has one answer, which clients of models with several ask about.
    response.inferResponse.parameters["triton_final_response"] = .with { $0.boolParam = true }
    return response
  }
}

extension String {
  /// What the protocol means by an empty name or version.
  fileprivate var orNil: String? { isEmpty ? nil : self }
}
