import Files

/// File names for things that have names of any kind: each in its folder, each another file, on any file system.
struct FileNames {
  /// Bytes before the ending. File systems take 255, some that encrypt names fewer.
  private static let mostBytes = 120
  /// What Windows takes for devices, whatever the ending.
  private static let devices: Set<String> = Set(
    ["con", "prn", "aux", "nul"] + (1...9).flatMap { ["com\($0)", "lpt\($0)"] })

  private let ending: String
  /// What is taken, as file systems that don't tell capitals apart have it. Swift compares as those do that don't tell
  /// Unicode's normal forms apart.
  private var taken: Set<String> = []
  /// The number from which the next file of a name that is taken is looked for.
  private var next: [String: Int] = [:]

  init(ending: String) { self.ending = ending }

  /// A file name for each of `names`. Those that can be file names are: others get out of their way.
  mutating func add(_ names: [String]) -> [String] {
    let safe = names.enumerated().map { Self.safe($1, number: $0) }
    var files = [String?](repeating: nil, count: names.count)
    for index in names.indices where safe[index] == names[index] && taken.insert(safe[index].lowercased()).inserted {
      files[index] = safe[index]
    }
    return names.indices.map { index in (files[index] ?? unique(safe[index])) + ending }
  }

  private mutating func unique(_ name: String) -> String {
    let key = name.lowercased()
    var number = next[key] ?? 1
    while true {
      let suffix = number == 1 ? "" : "-\(number)"
      let candidate = name.shortened(toBytes: Self.mostBytes - suffix.utf8.count) + suffix
      number += 1
      guard taken.insert(candidate.lowercased()).inserted else { continue }
      next[key] = number
      return candidate
    }
  }

  private static func safe(_ name: String, number: Int) -> String {
    let replaced = String(
      String.UnicodeScalarView(name.unicodeScalars.map { "/\\".unicodeScalars.contains($0) || $0.isHidden ? "_" : $0 }))
    let whole = replaced.shortened(toBytes: mostBytes)
    if whole.isEmpty || whole.hasPrefix(".") { return "output_\(number)" }
    let stem = whole.prefix { $0 != "." }.lowercased()
    return devices.contains(stem) ? "_" + whole : whole
  }
}
