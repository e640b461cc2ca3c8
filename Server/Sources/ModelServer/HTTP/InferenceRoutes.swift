import HTTPTypes
import Hummingbird
import ModelZoo
import NIOCore

/// The Open Inference Protocol, version 2, over HTTP, with the extensions of binary tensors, model repositories and
/// classification.
struct InferenceRoutes: Sendable {
  let server: ModelServer

  static let extensions = [
    "binary_tensor_data", "classification", "model_configuration", "model_repository", "statistics",
  ]

  func add(to router: Router<ModelContext>) {
    let v2 = router.group("v2")
    v2.get { _, _ in metadata }
    v2.get("health/live") { _, _ in Response(status: .ok) }
    v2.get("health/ready") { _, _ in Response(status: server.isReady ? .ok : .serviceUnavailable) }
    v2.get("models/stats") { _, _ in Response(json: try await server.repository.statistics(of: nil).json) }
    for path in ["models/:model", "models/:model/versions/:version"] as [RouterPath] {
      let model = v2.group(path)
      model.get { _, context in try await modelMetadata(context) }
      model.get("ready") { _, context in try await ready(context) }
      model.get("config") { _, context in try await configuration(context) }
      model.get("stats") { _, context in try await statistics(context) }
      model.post("infer") { request, context in try await infer(request, context) }
    }
    let repository = v2.group("repository")
    repository.post("index") { request, context in try await index(request, context) }
    repository.post("models/:model/load") { request, context in try await load(request, context) }
    repository.post("models/:model/unload") { request, context in
      let name = try context.parameter("model")
      try await server.repository.unload(name)
      return Response(json: JSONWriter.object { _ in })
    }
  }

  private var metadata: Response {
    Response(
      json: JSONWriter.object { json in
        json.member("name", "modelzoo")
        json.member("version", zooVersion)
        json.array("extensions") { json in for name in Self.extensions { json.element(name) } }
      })
  }

  private func ready(_ context: ModelContext) async throws -> Response {
    let entry = try await server.repository.entry(
      context.parameter("model"), version: context.parameters.get("version"))
    guard entry.isReady else { throw Failure(.badRequest, "the model \(entry.name) is not ready: \(entry.reason)") }
    return Response(status: .ok)
  }

  private func withModel<Result: Sendable>(
    _ context: ModelContext, _ body: @Sendable (ServedModel) async throws -> Result
  ) async throws -> Result {
    try await server.repository.with(context.parameter("model"), version: context.parameters.get("version"), body)
  }

  private func modelMetadata(_ context: ModelContext) async throws -> Response {
    try await withModel(context) { served in
      Response(
        json: JSONWriter.object { json in
          json.member("name", served.name)
          json.array("versions") { $0.element(ModelRepository.version) }
          json.member("platform", "modelzoo")
          for (name, values) in [("inputs", served.model.inputs), ("outputs", served.model.outputs)] {
            json.array(name) { json in
              for value in values { json.object { value.writeMetadata(to: &$0) } }
            }
          }
        })
    }
  }

  /// The part of Triton's configuration that means something here.
  private func configuration(_ context: ModelContext) async throws -> Response {
    try await withModel(context) { served in
      Response(
        json: JSONWriter.object { json in
          json.member("name", served.name)
          json.member("platform", "modelzoo")
          json.member("backend", "modelzoo")
          // Shapes have the batch in them, as everywhere in this protocol.
          json.member("max_batch_size", 0)
          for (name, values) in [("input", served.model.inputs), ("output", served.model.outputs)] {
            json.array(name) { json in
              for value in values {
                json.object { json in
                  json.member("name", value.name)
                  json.member("data_type", "TYPE_" + (value.datatype == "BYTES" ? "STRING" : value.datatype))
                  json.array("dims") { json in for extent in value.protocolShape { json.element(literal: extent) } }
                }
              }
            }
          }
        })
    }
  }

  private func statistics(_ context: ModelContext) async throws -> Response {
    let (name, version) = (try context.parameter("model"), context.parameters.get("version"))
    return Response(json: try await server.repository.statistics(of: name, version: version).json)
  }

  private func infer(_ request: Request, _ context: ModelContext) async throws -> Response {
    var jsonLength: Int?
    if let header = request.headers[.jsonLength] {
      guard let length = Int(header) else { throw Failure(.badRequest, "Inference-Header-Content-Length is no number") }
      jsonLength = length
    }
    let (length, limits) = (jsonLength, server.limits)
    let deadline = context.arrival + limits.time
    return try await request.withBody(
      upTo: limits.body, until: deadline, budget: server.bodies, channel: context.channel
    ) { body, share in
      let inference = try InferenceRequest(body: body, jsonLength: length, reserve: share.take)
      return try await withModel(context) { served in
        let answer = try await served.infer(inference, arrival: context.arrival, limits)
        let (buffer, jsonLength) = try answer.body(model: served.name)
        var response = Response(json: buffer)
        if let jsonLength {
          response.headers[.contentType] = "application/octet-stream"
          response.headers[.jsonLength] = "\(jsonLength)"
        }
        return response
      }
    }
  }

  // The model repository.

  private func small<Answer: Sendable>(
    _ request: Request, _ context: ModelContext,
    _ answer: @escaping @Sendable ([String: JSONValue]) async throws -> Answer
  ) async throws -> Answer {
    try await request.withBody(
      upTo: 1 << 20, until: context.arrival + server.limits.time, budget: server.bodies, channel: context.channel
    ) { body, _ in
      guard !body.isEmpty else { return try await answer([:]) }
      guard let members = try JSONValue(parsing: body).object() else {
        throw Failure(.badRequest, "the request is no JSON object")
      }
      return try await answer(members)
    }
  }

  private func index(_ request: Request, _ context: ModelContext) async throws -> Response {
    try await small(request, context) { members in
      let onlyReady = members["ready"]?.bool ?? false
      let entries = await server.repository.entries.filter { !onlyReady || $0.isReady }
      return Response(
        json: JSONWriter.array { json in
          for entry in entries {
            json.object { json in
              json.member("name", entry.name)
              json.member("version", ModelRepository.version)
              json.member("state", entry.state)
              json.member("reason", entry.reason)
            }
          }
        })
    }
  }

  private func load(_ request: Request, _ context: ModelContext) async throws -> Response {
    try await small(request, context) { members in
      let parameters = try members["parameters"]?.object() ?? [:]
      try await server.repository.load(context.parameter("model"), parameters: parameters.keys.sorted())
      return Response(json: JSONWriter.object { _ in })
    }
  }
}

extension ServedModel {
  /// - Throws: `Failure`; `ZooError` as `Model.run` does.
  func infer(
    _ request: InferenceRequest, arrival: ContinuousClock.Instant, _ limits: ServerLimits
  ) async throws -> InferenceAnswer {
    let names = Set(model.outputs.map(\.name))
    if let strange = request.outputs?.first(where: { !names.contains($0.name) }) {
      throw Failure(.badRequest, "the model has no output \(strange.name)")
    }
    let deadline = arrival + min(request.timeout ?? limits.time, limits.time)
    return try await statistics.request {
      let tensors = try await run(request.inputs, deadline: deadline)
      return try InferenceAnswer(
        request, tensors: tensors, order: model.outputs.map(\.name), labels: model.metadata.labels)
    }
  }
}

extension [(name: String, counts: ModelStatistics.Counts)] {
  fileprivate var json: ByteBuffer {
    JSONWriter.object { json in
      json.array("model_stats") { json in
        for (name, counts) in self {
          json.object { json in
            json.member("name", name)
            json.member("version", ModelRepository.version)
            counts.write(to: &json)
          }
        }
      }
    }
  }
}

extension ModelStatistics.Counts {
  fileprivate func write(to json: inout JSONWriter) {
    json.member("last_inference", last)
    json.member("inference_count", rows)
    json.member("execution_count", executions)
    json.object("inference_stats") { json in
      json.member("success", success)
      json.member("fail", failure)
      json.member("queue", queue)
      json.members(requests)
    }
    json.array("batch_stats") { json in
      for (rows, parts) in batches.sorted(by: { $0.key < $1.key }) {
        json.object { json in
          json.member("batch_size", rows)
          json.members(parts)
        }
      }
    }
  }
}

extension JSONWriter {
  fileprivate mutating func member(_ name: String, _ tally: ModelStatistics.Tally) {
    object(name) { json in
      json.member("count", tally.count)
      json.member("ns", tally.duration.nanoseconds)
    }
  }

  fileprivate mutating func members(_ parts: ModelStatistics.Parts<ModelStatistics.Tally>) {
    member("compute_input", parts.input)
    member("compute_infer", parts.infer)
    member("compute_output", parts.output)
  }
}

extension ValueInfo {
  func writeMetadata(to json: inout JSONWriter) {
    json.member("name", name)
    json.member("datatype", datatype)
    json.array("shape") { json in for extent in protocolShape { json.element(literal: extent) } }
  }

  /// What the protocol calls the elements' type; the name that ModelZoo has for one that it does not know.
  var datatype: String {
    guard case .tensor(let number, _)? = type?.form, let type = ElementType(rawValue: number) else { return "UNKNOWN" }
    return type.datatype ?? type.name.uppercased()
  }

  /// The shape, with -1 for what is open.
  var protocolShape: [Int] {
    guard case .tensor(_, let shape?)? = type?.form else { return [-1] }
    return shape.map { if case .fixed(let extent) = $0.extent { Int(extent) } else { -1 } }
  }
}
