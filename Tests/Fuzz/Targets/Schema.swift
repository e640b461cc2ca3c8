import TextGrammar
import ZooCore

extension FuzzTarget {
  /// A JSON schema, and behind a zero byte a text that may be one of it.
  static let schema = FuzzTarget(
    name: "schema",
    seeds: {
      [
        #"{"type":"object","properties":{"a":{"type":"integer","minimum":-3,"maximum":120},"b":{"enum":["x",null,1.5]}},"required":["a"]}"#
          + "\0{\"a\": 12}",
        ##"{"$ref":"#/$defs/t","$defs":{"t":{"anyOf":[{"type":"null"},{"items":{"$ref":"#/$defs/t"},"minItems":1,"maxItems":3}]}}}"##
          + "\0[null,[null]]",
        #"{"properties":{"k":true,"kk":{"const":[]}},"additionalProperties":{"type":["string","boolean"],"minLength":2,"maxLength":5}}"#
          + "\0{\"k\":{},\"l\":\"\u{e4}\u{1F415}\"}",
        #"{"prefixItems":[{"type":"number","minimum":0},{"oneOf":[{},{}]}],"items":false}"# + "\0[0.5e3, 1]",
      ].map { Array($0.utf8) }
    }
  ) { bytes in
    let end = bytes.firstIndex(of: 0) ?? bytes.endIndex
    guard let text = String(validating: bytes[..<end], as: UTF8.self) else { return }
    var state = try GrammarState(Grammar(jsonSchema: text))
    for byte in bytes[min(end + 1, bytes.endIndex)...] {
      // What may come is what is accepted.
      let fits = try state.accepts([byte])
      guard fits else { break }
      guard try state.append([byte]), state.canGoOn || state.isComplete else { fatalError("\(byte) fits and does not") }
    }
  }
}
