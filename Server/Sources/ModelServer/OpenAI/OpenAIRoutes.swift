import HTTPTypes
import Hummingbird
import ModelZoo
import NIOCore

/// The part of OpenAI's API that is about models and the vectors of texts.
struct OpenAIRoutes: Sendable {
  let server: ModelServer

  func add(to router: Router<ModelContext>) {
    let v1 = router.group("v1")
    v1.get("models") { _, _ in await models() }
    v1.get("models/:model") { _, context in
      let entry = try await server.repository.entry(context.parameter("model"))
      return Response(json: JSONWriter.object { write(entry.name, to: &$0) })
    }
    v1.post("embeddings") { request, context in try await embed(request, context) }
  }

  private func models() async -> Response {
    let names = await server.repository.names
    return Response(
      json: JSONWriter.object { json in
        json.member("object", "list")
        json.array("data") { json in for name in names { json.object { write(name, to: &$0) } } }
      })
  }

  private func write(_ model: String, to json: inout JSONWriter) {
    json.member("id", model)
    json.member("object", "model")
    json.member("created", server.startSeconds)
    json.member("owned_by", "modelzoo")
  }

  private func embed(_ request: Request, _ context: ModelContext) async throws -> Response {
    let deadline = context.arrival + server.limits.time
    return try await request.withBody(
      upTo: min(server.limits.body, 8 << 20), until: deadline, budget: server.bodies, channel: context.channel
    ) { body, _ in
      let embedding = try EmbeddingRequest(body)
      return try await server.repository.with(embedding.model) { served in
        guard served.model.metadata.task == .textEmbedding else {
          throw Failure(.badRequest, "the model \(served.name) does not embed texts")
        }
        let vectors = try await served.predict(embedding.texts, deadline: deadline)
        return Response(json: try embedding.answer(vectors))
      }
    }
  }
}
