import PluginSupport
import ZooPlugin

/// Runs a machine over texts, in all states at once. Sets of states that came up, and what follows them, are kept for the
/// next time, up to a limit. One thread at a time may use it.
final class RegexMatcher: @unchecked Sendable {
  /// A set of states that was reached, by the steps that it waits at.
  private struct State: Sendable {
    var waiting: [Int32]
    /// Whether a text may end here.
    var isEnd: Bool
    /// By class of scalars: the number of the state that follows, or -1 where nobody has been yet.
    var following: [Int32]
  }
  private static let mostEntries = 1 << 18

  private let program: RegexProgram
  private var states: [State] = []
  private var numbers: [[Int32]: Int32] = [:]
  /// By step, the run that saw it last.
  private var marks: [Int]
  private var mark = 0
  private var stack: [Int32] = []

  init(_ program: RegexProgram) {
    self.program = program
    marks = [Int](repeating: 0, count: program.steps.count)
  }

  /// What is on both sides of a place in a text; `nil` beyond its ends.
  private struct Surroundings {
    var before, after: UInt32?

    func satisfy(_ assertion: RegexNode.Assertion) -> Bool {
      func isWord(_ scalar: UInt32?) -> Bool { scalar.map { ScalarSet.word.contains($0) } ?? false }
      switch assertion {
      case .textBegin: return before == nil
      case .textEnd: return after == nil
      case .lineBegin: return before == nil || before == 10
      case .lineEnd: return after == nil || after == 10
      case .wordBoundary: return isWord(before) != isWord(after)
      case .noWordBoundary: return isWord(before) == isWord(after)
      }
    }
  }

  func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    program.looksAround ? matchesLookingAround(text) : matchesByStates(text)
  }

  /// Follows `steps` without reading: the steps that wait for a scalar, in order, and whether the end is reached.
  ///
  /// - Parameter keepsEnds: Whether to wait at assertions of the text's end as well.
  private func closure(
    of steps: [Int32], _ around: Surroundings, keepsEnds: Bool = false
  ) -> (waiting: [Int32], isEnd: Bool) {
    mark += 1
    var waiting: [Int32] = []
    var isEnd = false
    stack.append(contentsOf: steps)
    while let step = stack.popLast() {
      guard marks[Int(step)] != mark else { continue }
      marks[Int(step)] = mark
      switch program.steps[Int(step)] {
      case .scalar: waiting.append(step)
      case .assertion(.textEnd) where keepsEnds: waiting.append(step)
      case .assertion(let assertion): if around.satisfy(assertion) { stack.append(step + 1) }
      case .jump(let place): stack.append(Int32(place))
      case .fork(let first, let second): stack.append(contentsOf: [Int32(second), Int32(first)])
      case .match:
        isEnd = true
        if keepsEnds { waiting.append(step) }
      }
    }
    return (waiting.sorted(), isEnd)
  }

  /// The steps after those of `waiting` that a scalar of class `number` satisfies.
  private func advanced(_ waiting: [Int32], class number: Int) -> [Int32] {
    waiting.compactMap { step in
      guard case .scalar(let set) = program.steps[Int(step)], program.sets[set][number] else { return nil }
      return step + 1
    }
  }

  private func matchesLookingAround(_ text: UnsafeRawBufferPointer) -> Bool {
    var scalars = Scalars(text)
    var before: UInt32?
    var after = scalars.next()
    var steps: [Int32] = [0]
    while true {
      let (waiting, isEnd) = closure(of: steps, Surroundings(before: before, after: after))
      guard let scalar = after else { return isEnd }
      guard !waiting.isEmpty else { return false }
      steps = advanced(waiting, class: program.classNumber(of: scalar))
      (before, after) = (scalar, scalars.next())
    }
  }

  private func matchesByStates(_ text: UnsafeRawBufferPointer) -> Bool {
    if text.isEmpty { return closure(of: [0], Surroundings(before: nil, after: nil)).isEnd }
    var scalars = Scalars(text)
    var state = firstState()
    while let scalar = scalars.next() {
      state = following(state, scalar)
      if states[state].waiting.isEmpty { return false }
    }
    return states[state].isEnd
  }

  private func firstState() -> Int {
    if states.isEmpty { _ = number(of: closure(of: [0], Surroundings(before: nil, after: 0), keepsEnds: true).waiting) }
    return 0
  }

  /// The state after a scalar.
  private func following(_ state: Int, _ scalar: UInt32) -> Int {
    let kind = program.classNumber(of: scalar)
    let known = states[state].following[kind]
    if known >= 0 { return Int(known) }
    let steps = advanced(states[state].waiting, class: kind)
    let waiting = closure(of: steps, Surroundings(before: scalar, after: 0), keepsEnds: true).waiting
    if states.count * program.classStarts.count > Self.mostEntries {
      forget()
      return Int(number(of: waiting))
    }
    let next = number(of: waiting)
    states[state].following[kind] = next
    return Int(next)
  }

  // MARK: Search

  /// Calls `body` with the longest match from each place on, first to last, those of no characters left out.
  ///
  /// - Throws: `OperatorError` where an expression looks far ahead again and again for nothing.
  func forEachMatch(in text: UnsafeRawBufferPointer, _ body: (Range<Int>) -> Void) throws {
    var (start, work) = (0, 0)
    var before: UInt32?
    while start < text.count {
      var rest = Scalars(text, from: start)
      let first = rest.next()
      let (end, read) = longestMatch(in: text, from: start, before: before)
      work += read
      guard work <= 256 * (text.count + 256) else {
        throw OperatorError("the expression takes too long on a text of \(text.count) bytes", kind: .unsupported)
      }
      if let end, end > start {
        body(start..<end)
        // The scalar before decides about boundaries only.
        var last = Scalars(text, from: start)
        while last.place < end { before = last.next() }
        start = end
      } else {
        before = first
        start = rest.place
      }
    }
  }

  /// Where the longest match from `start` on ends, and how many scalars it took to know.
  private func longestMatch(
    in text: UnsafeRawBufferPointer, from start: Int, before: UInt32?
  ) -> (end: Int?, read: Int) {
    var scalars = Scalars(text, from: start)
    var (before, after) = (before, scalars.next())
    var place = start
    var (end, read): (Int?, Int) = (nil, 0)
    var steps: [Int32] = [0]
    // Away from the text's begin, the first state is another one.
    let usesStates = !program.looksAround && !program.asksForTextEdges
    var state = usesStates ? firstState() : 0
    while true {
      if !usesStates {
        let (waiting, isEnd) = closure(of: steps, Surroundings(before: before, after: after))
        if isEnd { end = place }
        guard let scalar = after, !waiting.isEmpty else { return (end, read) }
        steps = advanced(waiting, class: program.classNumber(of: scalar))
      } else {
        guard let scalar = after else { return (end, read) }
        state = following(state, scalar)
        if states[state].waiting.isEmpty { return (end, read) }
      }
      place = scalars.place
      read += 1
      if usesStates, states[state].isEnd { end = place }
      (before, after) = (after, scalars.next())
    }
  }

  /// Begins anew with the first state alone.
  private func forget() {
    let first = states[0].waiting
    (states, numbers) = ([], [:])
    _ = number(of: first)
  }

  private func number(of waiting: [Int32]) -> Int32 {
    if let number = numbers[waiting] { return number }
    let number = Int32(states.count)
    numbers[waiting] = number
    // Not the begin of a text any more: an empty one is looked at apart.
    let isEnd = closure(of: waiting, Surroundings(before: 0, after: nil)).isEnd
    states.append(
      State(
        waiting: waiting, isEnd: isEnd, following: [Int32](repeating: -1, count: program.classStarts.count)))
    return number
  }
}

/// The scalars of UTF-8; what is none counts as U+FFFD.
struct Scalars {
  private let bytes: UnsafeRawBufferPointer
  private(set) var place: Int

  init(_ bytes: UnsafeRawBufferPointer, from place: Int = 0) { (self.bytes, self.place) = (bytes, place) }

  mutating func next() -> UInt32? {
    guard place < bytes.count else { return nil }
    let first = bytes[place]
    place += 1
    if first < 0x80 { return UInt32(first) }
    let count = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1
    guard first >= 0xC2, first <= 0xF4, place + count <= bytes.count else { return 0xFFFD }
    var value = UInt32(first) & (0x3F >> UInt32(count))
    for index in 0..<count {
      guard bytes[place + index] & 0xC0 == 0x80 else { return 0xFFFD }
      value = value << 6 | UInt32(bytes[place + index] & 0x3F)
    }
    guard let scalar = Unicode.Scalar(value), value >= [0x80, 0x800, 0x10000][count - 1] else { return 0xFFFD }
    place += count
    return scalar.value
  }
}
