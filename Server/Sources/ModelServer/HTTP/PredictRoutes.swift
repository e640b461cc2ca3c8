import FoundationEssentials
import HTTPTypes
import Hummingbird
import ModelZoo
import NIOCore

/// Pictures and texts in, the JSON of `Prediction` out; health and metrics.
struct PredictRoutes: Sendable {
  let server: ModelServer

  func add(to router: Router<ModelContext>) {
    router.get("healthz") { _, _ in Response(json: JSONWriter.object { $0.member("status", "ok") }) }
    router.get("metrics") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: server.metrics.text)))
    }
    router.post("predict/:model") { request, context in try await predict(request, context) }
  }

  private func predict(_ request: Request, _ context: ModelContext) async throws -> Response {
    let name = try context.parameter("model")
    let type = request.headers[.contentType]?.lowercased() ?? ""
    let query = request.uri.queryParameters.get("query")
    let deadline = context.arrival + server.limits.time
    return try await request.withBody(
      upTo: server.limits.body, until: deadline, budget: server.bodies, channel: context.channel
    ) { body, _ in
      try await server.repository.with(name) { served in
        let input = try served.input(of: body, type: type, query: query)
        let prediction = try await served.predict(input, deadline: deadline)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Response(json: ByteBuffer(bytes: try encoder.encode(prediction)))
      }
    }
  }
}

extension ServedModel {
  /// What `predict` takes: `image`, `text`, both, or nothing.
  var takes: Set<String> {
    let metadata = model.metadata
    switch metadata.task {
    case .translation, .textGeneration, .textClassification, .tokenClassification, .textRanking: return ["text"]
    case .imageClassification, .objectDetection: return ["image"]
    case .textEmbedding:
      var takes: Set<String> = metadata.tokenizer == nil && metadata.image != nil ? [] : ["text"]
      if metadata.image != nil { takes.insert("image") }
      return takes
    case .none: return []
    }
  }

  /// What a body is about: a picture, or a text for models that take one.
  ///
  /// - Parameter query: What the text may answer, for models that rank or classify pairs.
  /// - Throws: `Failure` (400) for neither.
  fileprivate func input(of body: [UInt8], type: String, query: String?) throws -> Input {
    guard !body.isEmpty else { throw Failure(.badRequest, "the body is empty") }
    guard !takes.isEmpty else {
      throw Failure(.badRequest, "the model states no task: give it tensors, at /v2/models/\(name)/infer")
    }
    let task = model.metadata.task
    guard query == nil || task == .textRanking || task == .textClassification else {
      throw Failure(.badRequest, "only models that rank or classify texts take a query")
    }
    // Some, such as CLIP, take both.
    let isSaidText =
      type.hasPrefix("text/") || !type.hasPrefix("image/") && String(validating: body, as: UTF8.self) != nil
    let takesTexts = takes == ["text"] || takes.count == 2 && isSaidText
    guard takesTexts else { return .image(data: body, name: "the picture") }
    guard let text = String(validating: body, as: UTF8.self) else {
      throw Failure(.badRequest, "the body is no text in UTF-8")
    }
    if let query { return .text(query, pair: text) }
    guard task != .textRanking else {
      throw Failure(.badRequest, "the model ranks what answers a query: give it as ?query=")
    }
    return .text(text)
  }
}
