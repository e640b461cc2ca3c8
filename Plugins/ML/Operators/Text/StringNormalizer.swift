import CZooPlugin
import PluginSupport
import ZooPlugin

/// ONNX StringNormalizer: texts [C] or [1, C] without stop words, in lower or upper case; one empty text where none is
/// left. Case follows Unicode one character at a time, whatever `locale` says.
struct StringNormalizer: Operator {
  let signature = Signature("StringNormalizer", since: 10)

  private enum Case: String, Sendable {
    case lower = "LOWER"
    case upper = "UPPER"
    case none = "NONE"

    func of(_ text: UnsafeRawBufferPointer) -> [UInt8] {
      if self == .none { return Array(text) }
      if text.allSatisfy({ $0 < 128 }) {
        return text.map { byte in
          switch self {
          case .lower: (65...90).contains(byte) ? byte + 32 : byte
          default: (97...122).contains(byte) ? byte - 32 : byte
          }
        }
      }
      var result = ""
      for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
        let mapping = self == .lower ? scalar.properties.lowercaseMapping : scalar.properties.uppercaseMapping
        let mapped = mapping.unicodeScalars
        result.unicodeScalars.append(mapped.count == 1 ? mapped[mapped.startIndex] : scalar)
      }
      return Array(result.utf8)
    }
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let name = try node.attributes.string("case_change_action") ?? "NONE"
    guard let change = Case(rawValue: name) else { throw OperatorError("case_change_action \(name) is unknown") }
    let ignoresCase = try node.attributes.int("is_case_sensitive") ?? 0 == 0
    guard try node.input(0).type == .string else { throw unsupported(try node.input(0).type) }
    let words = try node.attributes.strings("stopwords") ?? []
    let keepsAll = words.isEmpty
    let stops = try TextTable(
      words.map { word in Array(word.utf8).withUnsafeBytes { (ignoresCase ? Case.lower : .none).of($0) } },
      host: node.host)
    return ClosureKernel { call in
      let input = call.input(0)
      let texts = input.pointer(as: zoo_string.self)
      let kept = try call.host.scratch(input.count, of: Int.self)
      var count = 0
      for index in 0..<input.count {
        let text = UnsafeRawBufferPointer(start: texts[index].bytes, count: texts[index].count)
        if !keepsAll {
          let isStop = ignoresCase ? Case.lower.of(text).withUnsafeBytes(stops.number) : stops.number(of: text)
          if isStop != nil { continue }
        }
        kept[count] = index
        count += 1
      }
      let shape = Array(input.shape.dropLast()) + [max(count, 1)]
      guard let data = try keepsAll ? call.output(0).data : call.allocateOutput(0, shape: shape) else { return }
      let results = data.assumingMemoryBound(to: zoo_string.self)
      if count == 0 { results[0] = try call.string([]) }
      for place in 0..<count {
        let text = texts[kept[place]]
        results[place] =
          change == .none
          ? try call.string(text)
          : try call.string(change.of(UnsafeRawBufferPointer(start: text.bytes, count: text.count)))
      }
    }
  }
}
