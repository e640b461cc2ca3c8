import FoundationEssentials
import ModelZoo
import NIOCore

/// A request for the vectors of texts, in the form of OpenAI's API.
struct EmbeddingRequest: Sendable {
  var model: String
  var texts: [String]
  /// Whether vectors are bytes of float32 in Base64, which the `openai` package asks for.
  var isBase64 = false

  static let mostTexts = 2048

  /// - Throws: `Failure` (400).
  init(_ body: [UInt8]) throws {
    let members = try RequestMembers(body)
    model = try members.requiredString("model")
    if let text = members["input"]?.string {
      texts = [text]
    } else {
      let strings = try members["input"]?.array()?.map(\.string) ?? []
      guard !strings.isEmpty, strings.count <= Self.mostTexts, !strings.contains(nil) else {
        throw Failure(.badRequest, "input is a text, or an array of at most \(Self.mostTexts)")
      }
      texts = strings.compactMap { $0 }
    }
    switch members["encoding_format"]?.string ?? "float" {
    case "float": break
    case "base64": isBase64 = true
    default: throw Failure(.badRequest, "encoding_format is float or base64")
    }
    try members.refuse("dimensions", unless: { _ in false })
  }

  /// The body of the answer. Tokens are not counted.
  func answer(_ vectors: [[Float]]) throws -> ByteBuffer {
    JSONWriter.object { json in
      json.member("object", "list")
      json.member("model", model)
      json.array("data") { json in
        for (index, vector) in vectors.enumerated() {
          json.object { json in
            json.member("object", "embedding")
            json.member("index", index)
            if isBase64 {
              json.member("embedding", vector.withUnsafeBytes { Data($0) }.base64EncodedString())
            } else {
              json.array("embedding") { json in for number in vector { json.element(literal: number) } }
            }
          }
        }
      }
      json.object("usage") { json in
        json.member("prompt_tokens", 0)
        json.member("total_tokens", 0)
      }
    }
  }
}

extension ServedModel {
  /// The vectors of texts, which go through the network in batches.
  func predict(_ texts: [String], deadline: ContinuousClock.Instant) async throws -> [[Float]] {
    var vectors: [[Float]] = []
    // Not all at once, so that those of others get in between, and the queue is theirs, too.
    for start in stride(from: 0, to: texts.count, by: 16) {
      let part = Array(texts[start..<min(start + 16, texts.count)])
      vectors += try await withThrowingTaskGroup(of: (Int, Prediction).self) { group in
        for (place, text) in part.enumerated() {
          group.addTask { (place, try await self.predict(.text(text), deadline: deadline)) }
        }
        var found = [[Float]](repeating: [], count: part.count)
        for try await (place, prediction) in group {
          guard case .embedding(let vector) = prediction else { continue }
          found[place] = vector
        }
        return found
      }
    }
    return vectors
  }
}
