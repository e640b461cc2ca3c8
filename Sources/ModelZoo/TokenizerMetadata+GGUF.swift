import GGUFFormat
import Tokenizers
import ZooCore

extension TokenizerMetadata {
  /// The tokenizer that a GGUF file's metadata describe; `nil` where they describe none.
  ///
  /// - Throws: `ZooError` (`badData`) for values of other types than they have to be.
  package init?(_ properties: [Property]) throws {
    let prefix = "tokenizer.ggml."
    guard let model = properties.first(where: { $0.key == prefix + "model" }) else { return nil }
    self.init(model: GGUFFormat.text(model.value), tokens: [])
    for property in properties {
      switch property.key {
      case "general.architecture": architecture = GGUFFormat.text(property.value)
      case "general.name": name = GGUFFormat.text(property.value)
      case let key where key.hasPrefix(prefix):
        try read(String(key.dropFirst(prefix.count)), property)
      default: break
      }
    }
  }

  private mutating func read(_ key: String, _ property: Property) throws {
    func required<Value>(_ value: Value?) throws -> Value {
      guard let value else {
        throw ZooError(.badData, "the value is of another type than it has to be", at: property.key)
      }
      return value
    }
    switch key {
    case "pre": preTokenizer = GGUFFormat.text(property.value)
    case "tokens": tokens = try required(GGUFFormat.texts(property.value))
    case "merges": merges = try required(GGUFFormat.texts(property.value))
    case "scores": scores = try required(GGUFFormat.numbers(property.value))
    case "token_type": kinds = try required(GGUFFormat.integers(property.value))
    case "precompiled_charsmap":
      // Bytes, with a sign or without.
      characterMap = try required(GGUFFormat.integers(property.value)).map { UInt8(truncatingIfNeeded: $0) }
    case _ where key.hasSuffix("_token_id"):
      // Some files have numbers that stand for none.
      if let id = GGUFFormat.integer(property.value), id >= 0, id < Int(Int32.max) {
        ids[String(key.dropLast("_token_id".count))] = id
      }
    default:
      if let flag = GGUFFormat.bool(property.value) { flags[key] = flag }
    }
  }
}
