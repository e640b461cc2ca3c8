import HTTPTypes
import Hummingbird
import ModelZoo
import NIOCore

/// A page to try the models on, and what it shows of them.
struct PageRoutes: Sendable {
  let server: ModelServer

  /// What people get without a key: nothing is in it that they could not read elsewhere.
  static let paths: Set<String> = ["/", "/page.js"]

  func add(to router: Router<ModelContext>) {
    router.get("/") { _, _ in file(PackageResources.index_html, "text/html; charset=utf-8") }
    router.get("page.js") { _, _ in file(PackageResources.page_js, "text/javascript; charset=utf-8") }
    router.get("cards/:model") { _, context in try await card(context) }
  }

  private func file(_ bytes: [UInt8], _ type: String) -> Response {
    Response(
      status: .ok,
      headers: [
        .contentType: type, .cacheControl: "no-cache",
        .contentSecurityPolicy:
          "default-src 'self'; style-src 'unsafe-inline'; img-src 'self' blob:; frame-ancestors 'none'",
      ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  private func card(_ context: ModelContext) async throws -> Response {
    try await server.repository.with(context.parameter("model")) { served in
      Response(json: JSONWriter.object { served.writeCard(to: &$0) })
    }
  }
}

extension ServedModel {
  fileprivate func writeCard(to json: inout JSONWriter) {
    let metadata = model.metadata
    json.member("name", name)
    json.member("task", metadata.task == .none ? "" : metadata.task.rawValue)
    json.member("summary", metadata.summary)
    json.member("architecture", metadata.architecture)
    json.member("license", metadata.license)
    json.member("source", metadata.source)
    json.member("bytes", byteCount)
    json.array("accuracy") { json in
      for accuracy in metadata.accuracy {
        json.object { json in
          json.member("dataset", accuracy.dataset)
          json.member("metric", accuracy.metric)
          json.member("value", accuracy.value)
        }
      }
    }
    json.array("takes") { json in
      for kind in takes.sorted() { json.element(kind) }
    }
    json.member("generates", metadata.task == .textGeneration || metadata.task == .translation)
    json.member("chats", metadata.chat != nil)
    json.member("ranks", metadata.task == .textRanking)
    for (name, values) in [("inputs", model.inputs), ("outputs", model.outputs)] {
      json.array(name) { json in
        for value in values { json.object { value.writeMetadata(to: &$0) } }
      }
    }
  }
}
