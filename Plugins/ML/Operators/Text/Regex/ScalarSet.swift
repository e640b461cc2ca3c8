import PluginSupport
import Synchronization
import ZooPlugin

/// A set of Unicode scalars, as ranges in order that don't touch.
struct ScalarSet: Hashable, Sendable {
  private(set) var ranges: [ClosedRange<UInt32>]

  static let last: UInt32 = 0x10FFFF

  init(_ ranges: [ClosedRange<UInt32>] = []) {
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let before = merged.last, range.lowerBound <= before.upperBound &+ 1 {
        merged[merged.count - 1] = before.lowerBound...max(before.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    self.ranges = merged
  }

  init(_ characters: String) { self.init(characters.unicodeScalars.map { $0.value...$0.value }) }

  static let all = ScalarSet([0...last])
  static let digits = ScalarSet([48...57])
  static let spaces = ScalarSet("\t\n\u{c}\r ")
  static let word = ScalarSet([48...57, 65...90, 95...95, 97...122])

  var inverted: ScalarSet {
    var result: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
      next = range.upperBound + 1
    }
    if next <= Self.last { result.append(next...Self.last) }
    return ScalarSet(result)
  }

  func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

  func contains(_ scalar: UInt32) -> Bool {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(scalar)
  }

  /// With the other cases of all that it holds.
  var ignoringCase: ScalarSet {
    ScalarSet(
      ranges
        + Self.cases.filter { $0.contains(where: contains) }.flatMap { group in group.map { $0...$0 } })
  }

  /// Scalars that differ in case only.
  private static let cases: [[UInt32]] = {
    var groups: [UInt32: Set<UInt32>] = [:]
    for value in UInt32(0)...0x1E943 {
      guard let scalar = Unicode.Scalar(value), scalar.properties.changesWhenCaseMapped else { continue }
      func single(_ mapping: String) -> UInt32 {
        mapping.unicodeScalars.count == 1 ? mapping.unicodeScalars.first?.value ?? value : value
      }
      let upper = single(scalar.properties.uppercaseMapping)
      let lower = single(scalar.properties.lowercaseMapping)
      let root = single(Unicode.Scalar(upper)?.properties.lowercaseMapping ?? "")
      groups[root, default: [root]].formUnion([value, upper, lower])
    }
    return groups.values.filter { $0.count > 1 }.map { $0.sorted() }
  }()

  /// A named class in brackets: `alpha`, `digit`, …; `nil` where there is none.
  init?(posix name: String) {
    switch name {
    case "alnum": self.init([48...57, 65...90, 97...122])
    case "alpha": self.init([65...90, 97...122])
    case "ascii": self.init([0...127])
    case "blank": self.init("\t ")
    case "cntrl": self.init([0...31, 127...127])
    case "digit": self = .digits
    case "graph": self.init([33...126])
    case "lower": self.init([97...122])
    case "print": self.init([32...126])
    case "punct": self.init([33...47, 58...64, 91...96, 123...126])
    case "space": self.init([9...13, 32...32])
    case "upper": self.init([65...90])
    case "word": self = .word
    case "xdigit": self.init([48...57, 65...70, 97...102])
    default: return nil
    }
  }

  /// A general category of Unicode: `L`, `Lu`, …, or `Any`; `nil` for any other name, those of scripts among them.
  static func category(_ name: String) -> ScalarSet? {
    if name == "Any" { return .all }
    guard categoryNames.values.contains(where: { $0 == name || $0.prefix(1) == name }) else { return nil }
    return known.withLock { known in
      if let set = known[name] { return set }
      var ranges: [ClosedRange<UInt32>] = []
      for value in UInt32(0)...last {
        let category = Unicode.Scalar(value)?.properties.generalCategory ?? .surrogate
        guard let own = categoryNames[category], own == name || own.prefix(1) == name else { continue }
        if let before = ranges.last, before.upperBound + 1 == value {
          ranges[ranges.count - 1] = before.lowerBound...value
        } else {
          ranges.append(value...value)
        }
      }
      let set = ScalarSet(ranges)
      known[name] = set
      return set
    }
  }

  private static let known = Mutex<[String: ScalarSet]>([:])

  private static let categoryNames: [Unicode.GeneralCategory: String] = [
    .uppercaseLetter: "Lu", .lowercaseLetter: "Ll", .titlecaseLetter: "Lt", .modifierLetter: "Lm", .otherLetter: "Lo",
    .nonspacingMark: "Mn", .spacingMark: "Mc", .enclosingMark: "Me", .decimalNumber: "Nd", .letterNumber: "Nl",
    .otherNumber: "No", .connectorPunctuation: "Pc", .dashPunctuation: "Pd", .openPunctuation: "Ps",
    .closePunctuation: "Pe", .initialPunctuation: "Pi", .finalPunctuation: "Pf", .otherPunctuation: "Po",
    .mathSymbol: "Sm", .currencySymbol: "Sc", .modifierSymbol: "Sk", .otherSymbol: "So", .spaceSeparator: "Zs",
    .lineSeparator: "Zl", .paragraphSeparator: "Zp", .control: "Cc", .format: "Cf", .surrogate: "Cs",
    .privateUse: "Co",
  ]
}
