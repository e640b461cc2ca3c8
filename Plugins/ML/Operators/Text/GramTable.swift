import CZooPlugin
import PluginSupport
import ZooPlugin

/// The n-grams of a TfIdfVectorizer: a tree whose branches are tokens, in a hash table.
final class GramTable: Sendable {
  private struct Branch: BitwiseCopyable {
    /// The node before and the token; `UInt64.max` where the slot is free.
    var key: UInt64
    var node: Int32
    /// -1 where no n-gram ends here.
    var gram: Int32
  }
  /// N-grams in the pool, those of lengths that don't count among them.
  let gramCount: Int
  private let lengths: ClosedRange<Int>
  private let skips: Int
  private let texts: TextTable?
  private let numbers: [Int64: Int32]
  /// By token: n-grams that begin with it.
  private let firsts: Scratch<Branch>
  private let branches: Scratch<Branch>
  private let shift: UInt64
  /// An odd number that nobody outside knows: keys can't be chosen to meet.
  private let factor: UInt64

  init(_ node: Node) throws {
    let attributes = node.attributes
    let (least, most) = (try attributes.int("min_gram_length") ?? 1, try attributes.int("max_gram_length") ?? 1)
    skips = try attributes.int("max_skip_count") ?? 0
    guard least >= 1, least <= most, skips >= 0 else {
      throw OperatorError("n-grams have \(least) to \(most) tokens with up to \(skips) skipped")
    }
    lengths = least...most
    let (strings, ints) = (try attributes.strings("pool_strings") ?? [], try attributes.ints("pool_int64s") ?? [])
    guard strings.isEmpty != ints.isEmpty else { throw OperatorError("there is no pool, or there are two") }
    guard (try node.input(0).type == .string) == ints.isEmpty else { throw unsupported(try node.input(0).type) }
    let pool: [Int32]
    if ints.isEmpty {
      let table = try TextTable(strings, host: node.host)
      (texts, numbers) = (table, [:])
      pool = strings.map { string in
        Int32(Array(string.utf8).withUnsafeBytes { table.number(of: $0) } ?? 0)
      }
    } else {
      texts = nil
      var table: [Int64: Int32] = [:]
      pool = ints.map { number in
        if let known = table[Int64(number)] { return known }
        let next = Int32(table.count)
        table[Int64(number)] = next
        return next
      }
      numbers = table
    }
    let counts = try attributes.ints("ngram_counts") ?? []
    guard pool.count < 1 << 30, zip(counts, counts.dropFirst() + [pool.count]).allSatisfy({ $0 <= $1 }),
      counts.allSatisfy({ $0 >= 0 })
    else { throw OperatorError("ngram_counts is \(counts.prefix(8)) for a pool of \(pool.count)") }

    var bits: UInt64 = 4
    while 1 << bits < 2 * pool.count { bits += 1 }
    shift = 64 - bits
    factor = UInt64.random(in: .min ... .max) | 1
    let free = Branch(key: .max, node: -1, gram: -1)
    branches = try node.host.scratch(repeating: free, count: 1 << Int(bits))
    firsts = try node.host.scratch(repeating: free, count: pool.count)
    let ends = counts.dropFirst() + [pool.count]
    let grams = zip(counts, ends).enumerated().map { ($1.1 - $1.0) / ($0 + 1) }
    gramCount = grams.reduce(0, +)
    var gram = 0
    var nodes: Int32 = 0
    for (index, count) in grams.enumerated() {
      let size = index + 1
      for number in 0..<(lengths.contains(size) ? count : 0) {
        let first = counts[index] + number * size
        add(pool[first..<first + size], gram + number, &nodes)
      }
      gram += count
    }
  }

  private func add(_ tokens: ArraySlice<Int32>, _ gram: Int, _ nodes: inout Int32) {
    var before: Int32 = -1
    for (index, token) in tokens.enumerated() {
      let table = index == 0 ? firsts : branches
      let place = index == 0 ? Int(token) : slot(before, token)
      if table[place].node < 0 {
        table[place] = Branch(key: Self.key(before, token), node: nodes, gram: -1)
        nodes += 1
      }
      if index == tokens.count - 1 { table[place].gram = Int32(gram) }
      before = table[place].node
    }
  }

  private static func key(_ node: Int32, _ token: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: node)) << 32 | UInt64(UInt32(bitPattern: token))
  }

  /// The slot of a branch, or the free one where it would be.
  private func slot(_ node: Int32, _ token: Int32) -> Int {
    let key = Self.key(node, token)
    var place = Int((key &* factor) >> shift)
    while branches[place].node >= 0, branches[place].key != key { place = (place + 1) % branches.count }
    return place
  }

  /// The tokens' numbers; -1 for those that no n-gram has.
  func tokens(of input: TensorView, _ executor: Executor) throws -> Scratch<Int32> {
    let tokens = try input.host.scratch(input.count, of: Int32.self)
    guard input.data != nil else { return tokens }
    func fill(_ number: (Int) -> Int32?) {
      executor.parallelRanges(tokens.count, grain: 2048) { range in
        for index in range { tokens[index] = number(index) ?? -1 }
      }
    }
    switch input.type {
    case .string:
      let elements = input.pointer(as: zoo_string.self)
      fill { texts?.number(of: elements[$0]).map { Int32($0) } }
    case .int64:
      let elements = input.pointer(as: Int64.self)
      fill { numbers[elements[$0]] }
    case .int32:
      let elements = input.pointer(as: Int32.self)
      fill { numbers[Int64(elements[$0])] }
    default: throw unsupported(input.type)
    }
    return tokens
  }

  /// Calls `body` with the number of each n-gram in a row of tokens, as often as it occurs. Of an n-gram, all neighbours
  /// are equally far apart; single tokens count once.
  func forEach(_ row: UnsafeBufferPointer<Int32>, _ body: (Int) -> Void) {
    var least = lengths.lowerBound
    // Further apart than the row is long, no two tokens are.
    for distance in 1...min(skips.saturatingPlus(1), max(row.count, 1)) {
      for start in 0..<row.count where start.saturatingPlus(distance.saturatingTimes(least - 1)) < row.count {
        guard row[start] >= 0 else { continue }
        var branch = firsts[Int(row[start])]
        var (size, place) = (1, start)
        while branch.node >= 0 {
          if size >= least, branch.gram >= 0 { body(Int(branch.gram)) }
          place += distance
          guard size < lengths.upperBound, place < row.count, row[place] >= 0 else { break }
          branch = branches[slot(branch.node, row[place])]
          size += 1
        }
      }
      if least == 1 {
        least = 2
        if least > lengths.upperBound { break }
      }
    }
  }
}
