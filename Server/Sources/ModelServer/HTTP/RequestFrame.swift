import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import Metrics
import ModelZoo
import NIOCore

/// What goes with a request: where it came from, and until when it is answered.
struct ModelContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel
  let arrival = ContinuousClock.now

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }

  /// A parameter of the path, decoded.
  func parameter(_ name: String) throws -> String {
    guard let value = parameters.get(name)?.percentDecoded else {
      throw Failure(.badRequest, "the path is no text")
    }
    return value
  }
}

extension String {
  /// With the bytes that % stands before; `nil` where that is no UTF-8.
  fileprivate var percentDecoded: String? {
    var bytes: [UInt8] = []
    var rest = Array(utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst()?.hexDigit, let low = rest.popFirst()?.hexDigit else { return nil }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

/// What all requests have in common: a number, the key, a line in the log, metrics, and the form of errors.
struct RequestFrame: RouterMiddleware {
  typealias Context = ModelContext

  let keys: APIKeys?

  func handle(
    _ request: Request, context: ModelContext, next: (Request, ModelContext) async throws -> Response
  ) async throws -> Response {
    let id = request.headers[.requestID].flatMap(Self.checkedID) ?? UUID().uuidString
    var context = context
    context.logger[metadataKey: "request"] = "\(id)"
    var response: Response
    do {
      if let keys, !Self.isOpen(request.uri.path) { try keys.check(request.headers[.authorization]) }
      response = try await next(request, context)
    } catch {
      let status = (error as? any HTTPResponseError)?.status
      let failure =
        status.map { Failure($0, $0 == .notFound ? "there is nothing at this path" : $0.reasonPhrase) }
        ?? Failure(error)
      let isGone = error is CancellationError || (error as? ZooError)?.kind == .cancelled
      if failure.status.code >= 500, !isGone {
        context.logger.error("request failed", metadata: ["error": "\(error)", "path": "\(request.uri.path)"])
      }
      response = failure.response(isOpenAI: request.uri.path.hasPrefix("/v1/"))
    }
    response.headers[.requestID] = id
    let duration = ContinuousClock.now - context.arrival
    let dimensions = [
      ("path", context.endpointPath ?? "other"), ("method", Self.known(request.method)),
      ("status", "\(response.status.code)"),
    ]
    Timer(label: "zoo_http_duration_seconds", dimensions: dimensions).record(duration: duration)
    context.logger.info(
      "request",
      metadata: [
        "method": "\(request.method)", "path": "\(request.uri.path.prefix(200))", "status": "\(response.status.code)",
        "seconds": "\(duration.seconds)",
      ])
    return response
  }

  /// What orchestrators ask without a key.
  private static func isOpen(_ path: String) -> Bool {
    path == "/healthz" || path == "/v2/health/live" || path == "/v2/health/ready" || PageRoutes.paths.contains(path)
  }

  /// A client's number goes into logs, so it is short and plain.
  static func checkedID(_ id: String) -> String? {
    (1...128).contains(id.utf8.count)
      && id.utf8.allSatisfy { $0.isDigit || $0.isLetter || "-_.:".utf8.contains($0) } ? id : nil
  }

  /// Methods are the client's words, which must not become so many series.
  private static func known(_ method: HTTPRequest.Method) -> String {
    [HTTPRequest.Method.get, .post, .head, .put, .delete, .options].contains(method) ? method.rawValue : "other"
  }
}

extension UInt8 {
  fileprivate var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }
}

extension HTTPField.Name {
  static let requestID = Self("X-Request-Id")!
  static let acceptedBuffering = Self("X-Accel-Buffering")!
  static let jsonLength = Self("Inference-Header-Content-Length")!
}

extension Failure {
  /// In the form of the protocol, or in that of OpenAI's API.
  func response(isOpenAI: Bool) -> Response {
    let body = JSONWriter.object { json in
      guard isOpenAI else { return json.member("error", message) }
      writeOpenAI(to: &json)
    }
    var response = Response(json: body, status: status)
    if let retryAfter { response.headers[.retryAfter] = "\(retryAfter)" }
    if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
    return response
  }

  func writeOpenAI(to json: inout JSONWriter) {
    json.object("error") { json in
      json.member("message", message)
      json.member("type", openAIType)
      json.null("param")
      json.null("code")
    }
  }

  private var openAIType: String {
    switch status.code {
    case 401: "authentication_error"
    case 404: "not_found_error"
    case 429: "rate_limit_error"
    case 400..<500: "invalid_request_error"
    default: "server_error"
    }
  }
}

extension Response {
  init(json body: ByteBuffer, status: HTTPResponse.Status = .ok) {
    self.init(status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body))
  }
}

/// The keys that requests may have.
public struct APIKeys: Sendable {
  private let keys: [[UInt8]]

  /// The lines of `text`; empty ones and those that begin with # are none.
  public init(_ text: String) {
    keys = text.split(whereSeparator: \.isNewline).map { $0.filter { !$0.isWhitespace } }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }.map { Array($0.utf8) }
  }

  public var isEmpty: Bool { keys.isEmpty }

  /// - Throws: `Failure` (401) unless the header's value is `Bearer` and a key.
  func check(_ authorization: String?) throws {
    let words = (authorization ?? "").split(separator: " ")
    let given = words.count == 2 && words[0].lowercased() == "bearer" ? Array(words[1].utf8) : []
    // All keys and bytes are looked at, so that the time tells nothing of them.
    let isKnown = keys.reduce(false) { isKnown, key in
      var difference = key.count == given.count ? UInt8(0) : 1
      for place in key.indices { difference |= key[place] ^ (place < given.count ? given[place] : 0) }
      return isKnown || difference == 0
    }
    guard isKnown else { throw Failure(.unauthorized, "the request needs an API key: Authorization: Bearer KEY") }
  }
}
