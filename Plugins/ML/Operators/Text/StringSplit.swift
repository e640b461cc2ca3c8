import CZooPlugin
import PluginSupport
import ZooPlugin

/// ONNX StringSplit: the parts of each text along a new last axis, and how many there are.
struct StringSplit: Operator {
  let signature = Signature("StringSplit", since: 20)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let limit = try node.attributes.int("maxsplit") ?? -1
    let splitter = TextSplitter(
      delimiter: Array((try node.attributes.string("delimiter") ?? "").utf8), limit: limit < 0 ? .max : limit)
    guard try node.input(0).type == .string else { throw unsupported(try node.input(0).type) }
    return ClosureKernel { call in
      let input = call.input(0)
      let texts = input.pointer(as: zoo_string.self)
      let counts = try call.host.scratch(repeating: Int64(0), count: input.count)
      for index in counts.indices { splitter.forEach(texts[index]) { _ in counts[index] += 1 } }
      if call.outputCount > 1, let data = call.output(1).data {
        counts.withPointer { data.copyMemory(from: $0, byteCount: counts.count * MemoryLayout<Int64>.size) }
      }
      guard call.outputCount > 0, call.output(0).type == .string else { return }
      let most = Int(counts.max() ?? 0)
      let parts = try call.allocateOutput(0, shape: input.shape + [most]).assumingMemoryBound(to: zoo_string.self)
      for index in 0..<counts.count {
        var failure: (any Error)?
        var place = index * most
        splitter.forEach(texts[index]) { part in
          guard failure == nil else { return }
          do {
            parts[place] = try call.string(part)
            place += 1
          } catch {
            failure = error
          }
        }
        if let failure { throw failure }
        while place < (index + 1) * most {
          parts[place] = try call.string([])
          place += 1
        }
      }
    }
  }
}

/// How a text comes apart.
struct TextSplitter: Sendable {
  /// Empty for runs of white space.
  let delimiter: [UInt8]
  /// The most splits; what follows the last of them is one part.
  let limit: Int

  /// An empty text has no parts, as ONNX Runtime has it.
  func forEach(_ text: zoo_string, _ body: (zoo_string) -> Void) {
    let bytes = UnsafeRawBufferPointer(start: text.bytes, count: text.count)
    if delimiter.isEmpty { return forEachWord(bytes, text, body) }
    guard !bytes.isEmpty else { return }
    var (start, index, splits) = (0, 0, 0)
    while index + delimiter.count <= bytes.count, splits < limit {
      if bytes[index] == delimiter[0],
        UnsafeRawBufferPointer(rebasing: bytes[index..<index + delimiter.count]).elementsEqual(delimiter)
      {
        body(text.part(start..<index))
        index += delimiter.count
        start = index
        splits += 1
      } else {
        index += 1
      }
    }
    body(text.part(start..<bytes.count))
  }

  private func forEachWord(_ bytes: UnsafeRawBufferPointer, _ text: zoo_string, _ body: (zoo_string) -> Void) {
    var end = bytes.count
    while end > 0, Self.isSpace(bytes[end - 1]) { end -= 1 }
    var (index, splits) = (0, 0)
    while true {
      while index < end, Self.isSpace(bytes[index]) { index += 1 }
      guard index < end else { return }
      let start = index
      if splits == limit { return body(text.part(start..<end)) }
      while index < end, !Self.isSpace(bytes[index]) { index += 1 }
      body(text.part(start..<index))
      splits += 1
    }
  }

  /// Blank, tab, line feed, vertical tab, form feed, carriage return.
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
}

extension zoo_string {
  func part(_ range: Range<Int>) -> zoo_string {
    zoo_string(bytes: bytes.map { $0 + range.lowerBound }, count: range.count)
  }
}
