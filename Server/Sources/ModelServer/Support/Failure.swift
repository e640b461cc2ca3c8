import HTTPTypes
import ModelZoo

/// Why a request has no answer, as its sender is told.
struct Failure: Error, CustomStringConvertible {
  var status: HTTPResponse.Status
  var message: String
  /// Seconds after which it may be tried again.
  var retryAfter: Int?

  var description: String { message }

  init(_ status: HTTPResponse.Status, _ message: String, retryAfter: Int? = nil) {
    (self.status, self.message, self.retryAfter) = (status, message, retryAfter)
  }

  /// Whose fault it was. What only concerns the server's files is not told.
  init(_ error: ZooError) {
    let text = [error.message, error.advice.map { "(\($0))" }].compactMap { $0 }.joined(separator: " ")
    switch error.kind {
    case .badData, .badInput, .badShape, .usage: self.init(.badRequest, text)
    case .unsupported: self.init(.unprocessableContent, text)
    case .deadlineExceeded: self.init(.gatewayTimeout, "the time for the request is over")
    case .outOfMemory: self.init(.serviceUnavailable, error.message, retryAfter: 5)
    case .cancelled: self.init(.serviceUnavailable, "the request was cancelled", retryAfter: 1)
    default: self.init(.internalServerError, "the model can't answer: the server's log says why")
    }
  }

  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as ZooError: self.init(error)
    case is CancellationError: self.init(.serviceUnavailable, "the request was cancelled", retryAfter: 1)
    default: self.init(.internalServerError, "the request failed: the server's log says why")
    }
  }
}
