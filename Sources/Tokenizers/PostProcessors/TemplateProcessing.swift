import JSON
import ZooCore

/// Special tokens in the places that a template gives them: `[CLS] $A [SEP] $B:1 [SEP]:1`.
struct TemplateProcessing: PostProcessor {
  private enum Part: Sendable {
    /// The first or the second text.
    case sequence(isSecond: Bool, typeID: Int32)
    case tokens([Int32], typeID: Int32)
  }

  private let single: [Part]
  private let pair: [Part]

  init(_ settings: Settings) throws {
    var ids: [ExactText: [Int32]] = [:]
    for member in settings.value("special_tokens")?.members ?? [] {
      let token = Settings(member.value, "\(settings.path).special_tokens.\(member.name)")
      ids[ExactText(member.name)] = try token.list("ids").map { item in
        guard let id = item.integer.flatMap(Int32.init(exactly:)), id >= 0 else { throw token.missing("ids", "an id") }
        return id
      }
    }
    single = try Self.parts(settings, "single", ids)
    pair = try Self.parts(settings, "pair", ids)
  }

  private static func parts(_ settings: Settings, _ name: String, _ ids: [ExactText: [Int32]]) throws -> [Part] {
    try settings.components(name).map { item in
      if let sequence = item.component("Sequence") {
        let typeID = Int32(clamping: try sequence.integer("type_id", default: 0))
        switch try sequence.text("id") {
        case "A": return .sequence(isSecond: false, typeID: typeID)
        case "B": return .sequence(isSecond: true, typeID: typeID)
        case let id: throw sequence.unknown("sequence", id)
        }
      }
      guard let special = item.component("SpecialToken") else { throw item.missing("SpecialToken", "an object") }
      let token = try special.text("id")
      guard let ids = ids[ExactText(token)] else { throw special.unknown("special token", token) }
      return .tokens(ids, typeID: Int32(clamping: try special.integer("type_id", default: 0)))
    }
  }

  func process(_ parts: [Encoding], _ budget: Budget) throws -> [Encoding] {
    var result = Encoding()
    for part in parts.count > 1 ? pair : single {
      switch part {
      case .sequence(let isSecond, let typeID):
        guard let text = isSecond ? parts.dropFirst().first : parts.first else { continue }
        try budget.spend(text.ids.count)
        result.append(text.ids, typeID: typeID)
      case .tokens(let ids, let typeID):
        try budget.spend(ids.count)
        result.append(ids, typeID: typeID)
      }
    }
    return [result]
  }

  func addedCount(isPair: Bool) -> Int {
    (isPair ? pair : single).reduce(0) { count, part in
      if case .tokens(let ids, _) = part { count + ids.count } else { count }
    }
  }
}
