import JSON
import ZooCore

/// The metadata as a text, which models keep where others have a tokenizer.json: one object, `ggml`, whose members have the
/// names of the format.
extension TokenizerMetadata {
  private static let member = "ggml"

  package var json: String {
    func texts(_ texts: [String]) -> JSON { .list(texts.map { .text($0) }) }
    var members: [(String, JSON)] = [("model", .text(model)), ("tokens", texts(tokens))]
    if let preTokenizer { members.append(("pre", .text(preTokenizer))) }
    // A score that is no number is none.
    if !scores.isEmpty { members.append(("scores", .list(scores.map { $0.isFinite ? .number(Double($0)) : .null }))) }
    if !kinds.isEmpty { members.append(("token_type", .list(kinds.map { .integer($0) }))) }
    if !merges.isEmpty { members.append(("merges", texts(merges))) }
    if !characterMap.isEmpty {
      members.append(("precompiled_charsmap", .list(characterMap.map { .integer(Int($0)) })))
    }
    for (name, id) in ids.sorted(by: { $0.key < $1.key }) { members.append((name + "_token_id", .integer(id))) }
    for (name, flag) in flags.sorted(by: { $0.key < $1.key }) { members.append((name, .bool(flag))) }
    if let architecture { members.append(("architecture", .text(architecture))) }
    if let name { members.append(("name", .text(name))) }
    let object = JSON.object(members.map { JSON.Member(name: $0.0, value: $0.1) })
    return JSON.object([JSON.Member(name: Self.member, value: object)]).document
  }

  /// What `json` says; `nil` for another document.
  ///
  /// - Throws: `ZooError` (`badData`) for values of other types than they have to be.
  init?(_ document: JSON) throws {
    guard case .object(let members)? = document[Self.member] else { return nil }
    self.init(model: "", tokens: [])
    for member in members { try ZooError.locating("\(Self.member).\(member.name)") { try read(member) } }
  }

  private mutating func read(_ member: JSON.Member) throws {
    func required<Value>(_ value: Value?) throws -> Value {
      guard let value else { throw ZooError(.badData, "the value is of another type than it has to be") }
      return value
    }
    func list<Value>(_ item: (JSON) throws -> Value?) throws -> [Value] {
      try required(member.value.list).map { try required(item($0)) }
    }
    switch member.name {
    case "model": model = try required(member.value.text)
    case "tokens": tokens = try list(\.text)
    case "pre": preTokenizer = try required(member.value.text)
    case "scores": scores = try list { $0.isNull ? -.infinity : $0.float }
    case "token_type": kinds = try list(\.integer)
    case "merges": merges = try list(\.text)
    case "precompiled_charsmap": characterMap = try list { $0.integer.flatMap { UInt8(exactly: $0) } }
    case "architecture": architecture = try required(member.value.text)
    case "name": name = try required(member.value.text)
    case let name where name.hasSuffix("_token_id"):
      ids[String(name.dropLast("_token_id".count))] = try required(member.value.integer)
    case let name: flags[name] = try required(member.value.bool)
    }
  }
}

extension JSON {
  fileprivate var float: Float? {
    switch self {
    case .integer(let value): Float(value)
    case .number(let value): Float(value)
    default: nil
    }
  }
}
