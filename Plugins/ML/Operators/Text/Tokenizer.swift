import CZooPlugin
import PluginSupport
import ZooPlugin

/// com.microsoft Tokenizer: the words of each text along a new last axis, filled up with `pad_value`. What the exporter of
/// scikit-learn writes before TfIdfVectorizer.
struct Tokenizer: Operator {
  let signature = Signature("Tokenizer", domain: "com.microsoft", since: 1)

  private enum Method: Sendable {
    /// Each match is a word.
    case words(SearchPool)
    /// What is between the matches, by one expression after the other.
    case separators([SearchPool])
    case characters
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    guard try node.input(0).type == .string else { throw unsupported(try node.input(0).type) }
    let method: Method
    let separators = try node.attributes.strings("separators") ?? []
    if let expression = try node.attributes.string("tokenexp"), !expression.isEmpty {
      method = .words(SearchPool(try RegexProgram(expression)))
    } else if separators == [""] {
      method = .characters
    } else if !separators.isEmpty {
      method = .separators(try separators.map { SearchPool(try RegexProgram($0)) })
    } else {
      throw OperatorError("there is neither tokenexp nor separators")
    }
    let padding = Array((try node.attributes.string("pad_value") ?? "").utf8)
    let isMarked = try node.attributes.int("mark") ?? 0 != 0
    let least = try node.attributes.int("mincharnum") ?? 1
    return ClosureKernel { call in
      let input = call.input(0)
      let texts = input.pointer(as: zoo_string.self)
      // Where words begin and end in their texts, and how many each text has.
      var words: [Range<Int>] = []
      let counts = try call.host.scratch(repeating: 0, count: input.count)
      for index in counts.indices {
        let text = UnsafeRawBufferPointer(start: texts[index].bytes, count: texts[index].count)
        let before = words.count
        try Self.append(to: &words, text, method, least: least)
        counts[index] = words.count - before
      }
      let most = counts.max() ?? 0
      let width = most == 0 ? 0 : most + (isMarked ? 2 : 0)
      let results = try call.allocateOutput(0, shape: input.shape + [width]).assumingMemoryBound(to: zoo_string.self)
      guard width > 0 else { return }
      var next = 0
      for index in counts.indices {
        var place = index * width
        func write(_ text: zoo_string) throws {
          results[place] = try call.string(text)
          place += 1
        }
        func write(_ bytes: [UInt8]) throws {
          results[place] = try call.string(bytes)
          place += 1
        }
        if isMarked { try write([2]) }
        for _ in 0..<counts[index] {
          try write(texts[index].part(words[next]))
          next += 1
        }
        if isMarked { try write([3]) }
        while place < (index + 1) * width { try write(padding) }
      }
    }
  }

  private static func append(
    to words: inout [Range<Int>], _ text: UnsafeRawBufferPointer, _ method: Method, least: Int
  ) throws {
    func add(_ range: Range<Int>) {
      let letters = text[range].reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
      if !range.isEmpty, letters >= least { words.append(range) }
    }
    switch method {
    case .characters:
      var scalars = Scalars(text)
      var start = 0
      while scalars.next() != nil {
        add(start..<scalars.place)
        start = scalars.place
      }
    case .words(let pool): try pool.withMatcher { try $0.forEachMatch(in: text, add) }
    case .separators(let pools):
      var parts = [0..<text.count]
      for pool in pools {
        var finer: [Range<Int>] = []
        try pool.withMatcher { matcher in
          for part in parts {
            var start = part.lowerBound
            try matcher.forEachMatch(in: UnsafeRawBufferPointer(rebasing: text[part])) { match in
              finer.append(start..<part.lowerBound + match.lowerBound)
              start = part.lowerBound + match.upperBound
            }
            finer.append(start..<part.upperBound)
          }
        }
        parts = finer.filter { !$0.isEmpty }
      }
      for part in parts { add(part) }
    }
  }
}
