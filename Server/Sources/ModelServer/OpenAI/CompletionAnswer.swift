import FoundationEssentials
import ModelZoo
import NIOCore

/// The answers to a request, in the form of OpenAI's API.
struct CompletionAnswer: Sendable {
  let request: CompletionRequest
  let id: String
  let created = Int(Date.now.timeIntervalSince1970)

  init(_ request: CompletionRequest) {
    self.request = request
    let number = UUID().uuidString.filter { $0 != "-" }.lowercased()
    id = (request.kind == .chat ? "chatcmpl-" : "cmpl-") + number
  }

  private func head(_ json: inout JSONWriter, isChunk: Bool) {
    json.member("id", id)
    switch request.kind {
    case .chat: json.member("object", isChunk ? "chat.completion.chunk" : "chat.completion")
    case .text: json.member("object", "text_completion")
    }
    json.member("created", created)
    json.member("model", request.model)
  }

  private static func write(usage text: GeneratedText, to json: inout JSONWriter) {
    json.object("usage") { json in
      json.member("prompt_tokens", text.promptTokenCount)
      json.member("completion_tokens", text.tokenCount)
      json.member("total_tokens", text.promptTokenCount + text.tokenCount)
      json.object("prompt_tokens_details") { $0.member("cached_tokens", text.reusedTokenCount) }
    }
  }

  private static func finish(_ reason: GeneratedText.FinishReason?, _ json: inout JSONWriter) {
    if let reason {
      json.member("finish_reason", reason.rawValue)
    } else {
      json.null("finish_reason")
    }
  }

  /// The whole answer.
  func whole(_ text: GeneratedText) -> ByteBuffer {
    JSONWriter.object { json in
      head(&json, isChunk: false)
      json.array("choices") { json in
        json.object { json in
          json.member("index", 0)
          switch request.kind {
          case .chat:
            json.object("message") { json in
              json.member("role", "assistant")
              json.member("content", text.text)
              json.null("refusal")
            }
          case .text: json.member("text", request.echo + text.text)
          }
          if request.options.logProbabilities == nil {
            json.null("logprobs")
          } else {
            json.object("logprobs") { json in
              switch request.kind {
              case .chat: Self.writeChat(text.tokens, &json)
              case .text: Self.writeText(text.tokens, &json)
              }
            }
          }
          Self.finish(text.finishReason, &json)
        }
      }
      Self.write(usage: text, to: &json)
    }
  }

  /// What is told of tokens in an answer of a chat.
  private static func writeChat(_ tokens: [GeneratedText.Token], _ json: inout JSONWriter) {
    func write(_ token: GeneratedText.Token, _ json: inout JSONWriter) {
      json.member("token", token.text)
      json.member("logprob", token.writtenLogProbability)
      json.array("bytes") { json in for byte in token.bytes { json.element(literal: byte) } }
    }
    json.array("content") { json in
      for token in tokens {
        json.object { json in
          write(token, &json)
          json.array("top_logprobs") { json in
            for other in token.best { json.object { write(other, &$0) } }
          }
        }
      }
    }
    json.null("refusal")
  }

  /// The same in one of a text.
  private static func writeText(_ tokens: [GeneratedText.Token], _ json: inout JSONWriter) {
    json.array("tokens") { json in for token in tokens { json.element(token.text) } }
    json.array("token_logprobs") { json in
      for token in tokens { json.element(literal: token.writtenLogProbability) }
    }
    json.array("top_logprobs") { json in
      for token in tokens {
        json.object { json in
          // Two tokens may have one text: the better one is told.
          var texts: Set<String> = []
          for other in token.best where texts.insert(other.text).inserted {
            json.member(other.text, other.writtenLogProbability)
          }
        }
      }
    }
    json.array("text_offset") { json in
      var offset = 0
      for token in tokens {
        json.element(literal: offset)
        offset += token.text.unicodeScalars.count
      }
    }
  }

  /// An event of a stream: what is new, or, at the end, why it ended.
  func chunk(_ piece: String, begins: Bool = false, reason: GeneratedText.FinishReason? = nil)
    -> ByteBuffer
  {
    Self.event(
      JSONWriter.object { json in
        head(&json, isChunk: true)
        json.array("choices") { json in
          json.object { json in
            json.member("index", 0)
            switch request.kind {
            case .chat:
              json.object("delta") { json in
                if begins { json.member("role", "assistant") }
                if reason == nil { json.member("content", piece) }
              }
            case .text: json.member("text", piece)
            }
            json.null("logprobs")
            Self.finish(reason, &json)
          }
        }
        if request.streamsUsage { json.null("usage") }
      })
  }

  /// The event with the counts of tokens.
  func usageChunk(_ text: GeneratedText) -> ByteBuffer {
    Self.event(
      JSONWriter.object { json in
        head(&json, isChunk: true)
        json.array("choices") { _ in }
        Self.write(usage: text, to: &json)
      })
  }

  static let done = event(ByteBuffer(string: "[DONE]"))

  static func event(_ data: ByteBuffer) -> ByteBuffer {
    var event = ByteBuffer(string: "data: ")
    event.writeImmutableBuffer(data)
    event.writeStaticString("\n\n")
    return event
  }
}

extension GeneratedText.Token {
  fileprivate var text: String { String(decoding: bytes, as: UTF8.self) }

  /// JSON has no infinity: OpenAI writes this number for what is impossible.
  fileprivate var writtenLogProbability: Double {
    logProbability.isFinite ? Double(logProbability) : -9999
  }
}
