/// Names that occur once.
package struct UniqueNames {
  private var taken: Set<String> = []
  private var numbers: [String: Int] = [:]

  package init() {}

  package func contains(_ name: String) -> Bool { taken.contains(name) }

  /// Takes `name`. Says whether it was free.
  @discardableResult
  package mutating func reserve(_ name: String) -> Bool { taken.insert(name).inserted }

  /// Takes `wanted`, or if that is taken, the same with a number behind it.
  package mutating func name(_ wanted: String) -> String {
    if taken.insert(wanted).inserted { return wanted }
    var number = numbers[wanted, default: 0]
    while true {
      number += 1
      let name = "\(wanted)_\(number)"
      if taken.insert(name).inserted {
        numbers[wanted] = number
        return name
      }
    }
  }
}
