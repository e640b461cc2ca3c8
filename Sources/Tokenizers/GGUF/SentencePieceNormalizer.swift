import ZooCore

/// What SentencePiece does to a text before it looks for tokens: replacements from a table, and visible spaces.
struct SentencePieceNormalizer: Normalizer {
  private static let space: Unicode.Scalar = "▁"

  let map: CharacterMap?
  /// Whether every text begins with a space.
  let addsSpace: Bool
  /// Whether several spaces are one, and those at the ends none.
  let mergesSpaces: Bool

  func normalize(_ text: [Unicode.Scalar], _ budget: Budget) throws -> [Unicode.Scalar] {
    guard !text.isEmpty else { return text }
    let text = try map?.replace(in: text, budget) ?? text
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count + 1)
    guard mergesSpaces else {
      if addsSpace { result.append(Self.space) }
      for scalar in text { result.append(scalar == " " ? Self.space : scalar) }
      return result
    }
    var isWordOpen = false
    for scalar in text {
      guard scalar != " " else {
        isWordOpen = false
        continue
      }
      if !isWordOpen, addsSpace || !result.isEmpty { result.append(Self.space) }
      isWordOpen = true
      result.append(scalar)
    }
    return result
  }
}

/// SentencePiece's table of replacements ("precompiled_charsmap"): a double array of the texts that are replaced (Kanda
/// 2018; github.com/s-yata/darts-clone), and the replacements, each with a zero byte behind it.
struct CharacterMap: Sendable {
  private let units: [UInt32]
  private let replacements: [UInt8]

  /// `nil` for an empty table.
  ///
  /// - Throws: `ZooError` (`badData`) for bytes that are no such table.
  init?(_ bytes: [UInt8]) throws {
    if bytes.isEmpty { return nil }
    func unit(_ place: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) } }
    let size = bytes.count < 4 ? Int.max : Int(unit(0))
    guard bytes.count >= 4, size % 4 == 0, size > 0, size <= bytes.count - 4 else {
      throw ZooError(.badData, "the table of characters breaks off", at: "precompiled_charsmap")
    }
    units = stride(from: 4, to: 4 + size, by: 4).map(unit)
    replacements = Array(bytes[(4 + size)...])
  }

  /// `text` with the longest text that is in the table replaced, at each place.
  func replace(in text: [Unicode.Scalar], _ budget: Budget) throws -> [Unicode.Scalar] {
    let bytes = text.utf8
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var place = 0
    while place < bytes.count {
      if let (count, start) = try longest(in: bytes, at: place, budget) {
        guard start < replacements.count, let end = replacements[start...].firstIndex(of: 0) else {
          throw ZooError(.badData, "the table of characters has no such replacement", at: "precompiled_charsmap")
        }
        try budget.spend(end - start)
        result += replacements[start..<end]
        place += count
      } else {
        repeat {
          result.append(bytes[place])
          place += 1
        } while place < bytes.count && bytes[place] & 0xC0 == 0x80
      }
    }
    return Array(utf8: result)
  }

  private func longest(in bytes: [UInt8], at start: Int, _ budget: Budget) throws -> (count: Int, start: Int)? {
    var found: (Int, Int)?
    var node = offset(of: units[0])
    var place = start
    while place < bytes.count, bytes[place] != 0 {
      node ^= Int(bytes[place])
      guard node < units.count, units[node] & 0x8000_00FF == UInt32(bytes[place]) else { break }
      let unit = units[node]
      node ^= offset(of: unit)
      place += 1
      if unit >> 8 & 1 == 1, node < units.count { found = (place - start, Int(units[node] & 0x7FFF_FFFF)) }
    }
    try budget.spend(place - start + 1)
    return found
  }

  private func offset(of unit: UInt32) -> Int { Int((unit >> 10) << ((unit & 1 << 9) >> 6)) }
}
