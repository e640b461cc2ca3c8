import FoundationEssentials
import Hummingbird
import ModelZoo

/// What can be asked. Models are shared by all requests.
struct Endpoints: Sendable {
  let pictures: Model
  let translator: Model

  /// Bytes of a request's body.
  static let pictureLimit = 8 << 20
  static let textLimit = 4 << 10
  /// From the request's arrival to its answer, the wait for a free thread included.
  static let patience: Duration = .seconds(20)

  func router() -> Router<BasicRequestContext> {
    let router = Router()
    router.get("health") { _, _ in ["status": "ok"] }
    router.post("predict") { request, _ in try await predict(request) }
    router.post("translate") { request, _ in try await translate(request) }
    return router
  }

  /// What the picture of the request's body shows, in the JSON of `Prediction`.
  func predict(_ request: Request) async throws -> Answer {
    var request = request
    let body = try await request.collectBody(upTo: Self.pictureLimit)
    do {
      let input = Input.image(data: Array(buffer: body), name: "picture")
      return Answer(prediction: try await pictures.predict(input, deadline: .now + Self.patience))
    } catch {
      throw HTTPError(error)
    }
  }

  /// The translation of the body's text, as server-sent events: a JSON string for each piece, then an event `end`, or
  /// `error` with its message.
  func translate(_ request: Request) async throws -> Response {
    var request = request
    let text = String(buffer: try await request.collectBody(upTo: Self.textLimit))
    guard text.contains(where: { !$0.isWhitespace }) else { throw HTTPError(.badRequest, message: "no text") }
    let pieces = translator.stream(
      .text(text), generation: GenerationOptions(beams: 1), deadline: .now + Self.patience)
    let events = ResponseBody { writer in
      do {
        for try await piece in pieces { try await writer.write(event(data: piece)) }
        try await writer.write(event("end", data: ""))
      } catch let error as ZooError {
        // The status has been sent long since.
        try await writer.write(event("error", data: error.message))
      }
      // Whoever has gone away makes `write` throw, which ends the loop and the translation with it.
      try await writer.finish(nil)
    }
    return Response(status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: events)
  }

  private func event(_ name: String? = nil, data: String) throws -> ByteBuffer {
    let json = String(decoding: try JSONEncoder().encode(data), as: UTF8.self)
    return ByteBuffer(string: (name.map { "event: \($0)\n" } ?? "") + "data: \(json)\n\n")
  }
}

/// A prediction as the body of a response.
struct Answer: ResponseEncodable {
  let prediction: Prediction

  func encode(to encoder: any Encoder) throws { try prediction.encode(to: encoder) }
}

extension HTTPError {
  /// Whose fault it was. What only concerns the server's files is not told.
  init(_ error: ZooError) {
    switch error.kind {
    case .badData, .badInput, .badShape, .unsupported, .usage:
      self.init(.unprocessableContent, message: error.message)
    case .deadlineExceeded, .outOfMemory, .cancelled:
      self.init(.serviceUnavailable, headers: [.retryAfter: "5"], message: error.message)
    default: self.init(.internalServerError)
    }
  }
}
