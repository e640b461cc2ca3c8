import GGUFFormat
import Tokenizers
import ZooCore

extension TokenizerMetadata {
  /// The tokenizer that a GGUF file's metadata describe; `nil` where they describe none.
  ///
  /// - Throws: `ZooError` (`badData`) for values of other types than they have to be.
  package init?(_ metadata: GGUFMetadata) throws {
    let prefix = "tokenizer.ggml."
    guard metadata.has(prefix + "model") else { return nil }
    func required<Value>(_ name: String, _ value: (String) -> Value?) throws -> Value {
      guard let value = value(prefix + name) else {
        throw ZooError(.badData, "the value is of another type than it has to be", at: prefix + name)
      }
      return value
    }
    func optional<Value>(_ name: String, _ value: (String) -> Value?) throws -> Value? {
      metadata.has(prefix + name) ? try required(name, value) : nil
    }
    self.init(
      model: try required("model", metadata.text), tokens: try optional("tokens", metadata.texts) ?? [])
    architecture = metadata.text("general.architecture")
    name = metadata.text("general.name")
    preTokenizer = try optional("pre", metadata.text)
    merges = try optional("merges", metadata.texts) ?? []
    scores = try optional("scores", metadata.numbers) ?? []
    kinds = try optional("token_type", metadata.integers) ?? []
    // Bytes, with a sign or without.
    let map = try optional("precompiled_charsmap", metadata.integers) ?? []
    characterMap = map.map { UInt8(truncatingIfNeeded: $0) }
    for full in metadata.names where full.hasPrefix(prefix) {
      let key = String(full.dropFirst(prefix.count))
      if key.hasSuffix("_token_id") {
        // Some files have numbers that stand for none.
        guard let id = metadata.integer(full), id >= 0, id < Int(Int32.max) else { continue }
        ids[String(key.dropLast("_token_id".count))] = id
      } else if let flag = metadata.bool(full) {
        flags[key] = flag
      }
    }
  }
}
