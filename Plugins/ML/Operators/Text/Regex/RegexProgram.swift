import PluginSupport
import ZooPlugin

/// A regular expression as a nondeterministic machine (Thompson 1968, "Regular Expression Search Algorithm").
struct RegexProgram: Sendable {
  enum Step: Sendable {
    /// One scalar of set number `set`, then the next step.
    case scalar(set: Int)
    case assertion(RegexNode.Assertion)
    case jump(Int)
    /// On at both places.
    case fork(Int, Int)
    case match
  }
  /// Bounds memory, and time for each character.
  private static let mostSteps = 20000

  private(set) var steps: [Step] = []
  /// The first scalar of each class of scalars between which the expression makes no difference.
  private(set) var classStarts: [UInt32] = [0]
  /// By set, which classes it holds.
  private(set) var sets: [[Bool]] = []
  /// The classes of the first 128 scalars.
  private(set) var asciiClasses: [Int] = []
  /// Whether what is between two characters depends on these.
  private(set) var looksAround = false
  /// Whether it asks for the begin or the end of the text.
  private(set) var asksForTextEdges = false

  private var numbers: [ScalarSet: Int] = [:]

  init(_ pattern: String) throws {
    try add(RegexParser.parse(pattern))
    try append(.match)
    addClasses()
  }

  private mutating func append(_ step: Step) throws {
    guard steps.count < Self.mostSteps else {
      throw OperatorError("the pattern is too large: it has more than \(Self.mostSteps) steps", kind: .unsupported)
    }
    steps.append(step)
  }

  private mutating func add(_ node: RegexNode) throws {
    switch node {
    case .empty: break
    case .set(let set):
      let number = numbers[set] ?? numbers.count
      numbers[set] = number
      try append(.scalar(set: number))
    case .assertion(let assertion):
      if assertion == .textBegin || assertion == .textEnd { asksForTextEdges = true } else { looksAround = true }
      try append(.assertion(assertion))
    case .sequence(let parts): for part in parts { try add(part) }
    case .choice(let parts):
      var jumps: [Int] = []
      for part in parts.dropLast() {
        let fork = steps.count
        try append(.match)
        try add(part)
        jumps.append(steps.count)
        try append(.match)
        steps[fork] = .fork(fork + 1, steps.count)
      }
      if let last = parts.last { try add(last) }
      for jump in jumps { steps[jump] = .jump(steps.count) }
    case .repetition(let part, let least, let most):
      for _ in 0..<least { try add(part) }
      guard let most else {
        let fork = steps.count
        try append(.match)
        try add(part)
        try append(.jump(fork))
        steps[fork] = .fork(fork + 1, steps.count)
        return
      }
      var forks: [Int] = []
      for _ in least..<max(most, least) {
        forks.append(steps.count)
        try append(.match)
        try add(part)
      }
      for fork in forks { steps[fork] = .fork(fork + 1, steps.count) }
    }
  }

  private mutating func addClasses() {
    var starts: Set<UInt32> = [0]
    for set in numbers.keys {
      for range in set.ranges { starts.formUnion([range.lowerBound, range.upperBound + 1]) }
    }
    classStarts = starts.filter { $0 <= ScalarSet.last }.sorted()
    sets = [[Bool]](repeating: [], count: numbers.count)
    for (set, number) in numbers { sets[number] = classStarts.map(set.contains) }
    asciiClasses = (0..<128).map { scalar in classStarts.lastIndex { $0 <= scalar } ?? 0 }
  }

  func classNumber(of scalar: UInt32) -> Int {
    if scalar < 128 { return asciiClasses[Int(scalar)] }
    var (low, high) = (0, classStarts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if classStarts[middle] <= scalar { low = middle } else { high = middle }
    }
    return low
  }
}
