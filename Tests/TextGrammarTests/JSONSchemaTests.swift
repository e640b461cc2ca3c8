import Foundation
import Testing
import ZooCore

@testable import TextGrammar

/// JSON schemas as grammars: what they allow and refuse, as the specification has it.
@Suite struct JSONSchemaTests {
  private func allows(_ schema: String, _ text: String) throws -> Bool {
    var state = try GrammarState(Grammar(jsonSchema: schema))
    return try state.append(text.utf8) && state.isComplete
  }

  private func check(_ schema: String, allowed: [String], refused: [String]) throws {
    for text in allowed { #expect(try allows(schema, text), "\(text) by \(schema)") }
    for text in refused { #expect(try !allows(schema, text), "\(text) by \(schema)") }
  }

  @Test func scalars() throws {
    try check(
      #"{"type": "null"}"#, allowed: ["null", " null", "\n  null"], refused: ["nul", "nulll", "null ", "0", ""])
    try check(#"{"type": "boolean"}"#, allowed: ["true", "false"], refused: ["True", "\"true\""])
    try check(
      #"{"type": "integer"}"#, allowed: ["0", "-1", "123456789012345"],
      refused: ["-0", "01", "1.0", "1e3", "+1", "1234567890123456"])
    try check(
      #"{"type": "number"}"#, allowed: ["0", "-0.5", "1e3", "1.25E-10", "12"], refused: [".5", "1.", "01", "1e", "NaN"])
    try check(#"{"type": "number", "minimum": 0}"#, allowed: ["0", "0.5"], refused: ["-0.5"])
    try check(
      #"{"type": "string"}"#,
      allowed: [#""""#, #""a b""#, #""\n\u00e4\"""#, "\"ä€🐕\"", #""\uD83D\uDC15""#, #""\ue000""#],
      refused: ["\"", "\"a", "\"\n\"", #""\x""#, #""\uD83D""#, #""\uDC15""#, #""\uD83D\u0041""#])
    // Not the bytes of a surrogate, nor those of a longer form than needed.
    for bytes: [UInt8] in [[0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xF4, 0x90, 0x80, 0x80], [0x80]] {
      #expect(try !GrammarState(Grammar(jsonSchema: #"{"type": "string"}"#)).accepts([0x22] + bytes))
    }
  }

  @Test func lengths() throws {
    try check(
      #"{"type": "string", "minLength": 2, "maxLength": 3}"#, allowed: [#""ab""#, #""äöü""#, #""\n🐕""#],
      refused: [#""a""#, #""abcd""#])
    try check(#"{"maxLength": 0}"#, allowed: [#""""#], refused: [#""a""#])
  }

  @Test func rangesAreThoseOfNumbers() throws {
    for (least, most) in [(0, 0), (3, 17), (-5, 5), (-120, -99), (98, 1203), (0, 100), (-1, 0), (7, 7), (10, 99)] {
      let grammar = try Grammar(jsonSchema: #"{"type": "integer", "minimum": \#(least), "maximum": \#(most)}"#)
      for number in -1300...1300 {
        var state = try GrammarState(grammar)
        let isAllowed = try state.append("\(number)".utf8) && state.isComplete
        #expect(isAllowed == (least...most).contains(number), "\(number) of \(least)...\(most)")
      }
    }
    try check(
      #"{"type": "integer", "exclusiveMinimum": 2, "exclusiveMaximum": 4.5}"#, allowed: ["3", "4"], refused: ["2", "5"])
    try check(#"{"type": "integer", "minimum": 1}"#, allowed: ["1", "99999"], refused: ["0", "-1", "007"])
  }

  @Test func arrays() throws {
    try check(
      #"{"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3}"#,
      allowed: ["[1]", "[1, 2]", "[1,2,3]", "[ 1,\n  2\n]"], refused: ["[]", "[1,2,3,4]", "[1,]", "[,1]", "[1 2]"])
    try check(#"{"type": "array"}"#, allowed: ["[]", "[null, [true]]"], refused: ["[", "[]]"])
    try check(
      #"{"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": false}"#, allowed: [#"[1, "a"]"#],
      refused: ["[1]", #"[1, "a", 2]"#, #"["a", 1]"#])
    try check(#"{"items": {}, "maxItems": 0}"#, allowed: ["[]", "[ ]"], refused: ["[1]"])
  }

  @Test func objects() throws {
    let schema = #"""
      {"type": "object", "properties": {"a": {"type": "integer"}, "b\"": {"type": "null"}, "c": {"type": "boolean"}},
      "required": ["b\""]}
      """#
    try check(
      schema,
      allowed: [
        #"{"b\"": null}"#, #"{"a": 1, "b\"": null}"#, #"{"a":1,"b\"":null,"c":true}"#, "{\n  \"b\\\"\": null\n}",
      ],
      refused: ["{}", #"{"a": 1}"#, #"{"c": true, "b\"": null}"#, #"{"b\"": null, "d": 1}"#, #"{"b\"": null,}"#])
    try check(#"{"type": "object"}"#, allowed: ["{}", #"{"x": {"y": [1]}}"#], refused: ["{x: 1}", "[]"])
    try check(
      #"{"properties": {"a": true}, "additionalProperties": {"type": "integer"}}"#,
      allowed: ["{}", #"{"a": "x"}"#, #"{"a": null, "b": 1, "ab": 2, "": 3}"#, #"{"b": 1}"#, #"{"ä": 1}"#],
      refused: [#"{"b": "x"}"#, #"{"b": 1, "a": 2}"#, #"{"\u0061": 1}"#])
    try check(#"{"required": ["z"], "additionalProperties": true}"#, allowed: [#"{"z": 1}"#], refused: ["{}"])
  }

  @Test func choices() throws {
    try check(#"{"enum": ["a", 1, null, [2]]}"#, allowed: [#""a""#, "1", "null", "[2]"], refused: ["2", #""b""#])
    try check(#"{"type": "string", "enum": ["a", 1]}"#, allowed: [#""a""#], refused: ["1"])
    try check(#"{"const": {"k": 1.5}}"#, allowed: [#"{"k":1.5}"#], refused: ["{}"])
    try check(
      #"{"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}"#, allowed: ["1", "[1]"],
      refused: ["true"])
    try check(#"{"type": ["integer", "null"]}"#, allowed: ["1", "null"], refused: ["true"])
    try check("true", allowed: ["1", "{}", #""x""#], refused: ["", "x"])
    try check("{}", allowed: ["[{}]"], refused: ["}"])
  }

  @Test func referencesMayContainThemselves() throws {
    let schema = #"""
      {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties": {
      "value": {"$ref": "#/$defs/a~1b"}, "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
      "required": ["value"]}, "a/b": {"type": "integer"}}}
      """#
    try check(
      schema, allowed: [#"{"value": 1}"#, #"{"value": 1, "children": [{"value": 2, "children": []}]}"#],
      refused: [#"{"children": []}"#, #"{"value": 1, "children": [2]}"#])
  }

  @Test(arguments: [
    "", "[]", "1", "false", #"{"type": "text"}"#, #"{"type": 1}"#, #"{"pattern": "a"}"#, #"{"not": {}}"#,
    #"{"uniqueItems": true}"#, ##"{"$ref": "#/nothing"}"##, #"{"$ref": "https://example.org"}"#,
    #"{"minLength": 3, "maxLength": 2}"#, #"{"minLength": -1}"#, #"{"type": "integer", "minimum": 2, "maximum": 1}"#,
    #"{"type": "number", "maximum": 1}"#, #"{"enum": []}"#, #"{"type": "null", "enum": [1]}"#, #"{"anyOf": []}"#,
    #"{"allOf": [{}, {}]}"#, #"{"anyOf": [{}], "properties": {}}"#, #"{"properties": []}"#, #"{"required": [1]}"#,
    #"{"properties": {}, "required": ["a"], "additionalProperties": false}"#, ##"{"$ref": "#"}"##,
    ##"{"anyOf": [{"$ref": "#"}, {"type": "null"}]}"##,
  ])
  func schemasThatAreNone(schema: String) throws {
    let error = #expect(throws: ZooError.self) { try GrammarState(Grammar(jsonSchema: schema)) }
    #expect(error?.kind == .usage)
  }

  @Test func largeSchemasEnd() throws {
    #expect(throws: ZooError.self) { try Grammar(jsonSchema: String(repeating: " ", count: 1 << 19) + "{}") }
    let deep = String(repeating: #"{"items":"#, count: 100) + "{}" + String(repeating: "}", count: 100)
    #expect(throws: ZooError.self) { try Grammar(jsonSchema: deep) }
    // Many ways to go on at once.
    let names = (0..<1000).map { #""p\#($0)": {"type": "integer"}"# }.joined(separator: ",")
    var state = try GrammarState(Grammar(jsonSchema: "{\"properties\": {\(names)}}"))
    let fits = try state.append(#"{"p0": 1, "p999": 2}"#.utf8)
    #expect(fits && state.isComplete)
  }

  @Test func valuesDoNotLieTooDeep() throws {
    var state = try GrammarState(.jsonObject())
    let begins = try state.append(#"{"a":"#.utf8)
    #expect(begins)
    var depth = 0
    while try state.accepts("[".utf8), depth < 10_000 {
      _ = try state.append("[".utf8)
      depth += 1
    }
    #expect(depth > 50 && depth < 1000)
  }

  /// Whatever is written byte by byte as the grammar allows is JSON to others, too.
  @Test(arguments: 0..<20)
  func randomTextsAreJSON(seed: Int) throws {
    var random = Random(state: UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1)
    let schema = #"""
      {"properties": {"name": {"type": "string", "maxLength": 4}, "n": {"type": "number"}, "i": {"type": "integer"},
      "l": {"items": {"enum": ["x", "y"]}, "maxItems": 2}, "m": {"type": ["boolean", "null"]}},
      "additionalProperties": {"type": "integer"}, "required": ["name", "i"]}
      """#
    let start = try GrammarState(Grammar(jsonSchema: schema))
    var state = start
    var text: [UInt8] = []
    while state.canGoOn, text.count < 3000 {
      // What ends something comes more often than not.
      let bytes =
        (text.count > 200 ? Array("\"}],:.e".utf8) : [])
        + (0..<64).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let next = try bytes.first { try state.accepts([$0]) } ?? (0...255).first { try state.accepts([$0]) }
      guard let next else { break }
      text.append(next)
      _ = try state.append([next])
      if state.isComplete, !state.canGoOn { break }
    }
    #expect(state.isComplete, "\(String(decoding: text, as: UTF8.self))")
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any])
    #expect(object["name"] is String && object["i"] is NSNumber)
  }

  /// Whatever a schema has become, there is a grammar or an error.
  @Test(arguments: 0..<4)
  func changedSchemasEndWell(seed: Int) throws {
    let schemas = [
      #"{"type":"object","properties":{"a":{"type":"integer","minimum":-3,"maximum":120},"b":{"enum":["x",null,1.5]}},"required":["a"]}"#,
      ##"{"$ref":"#/$defs/t","$defs":{"t":{"anyOf":[{"type":"null"},{"items":{"$ref":"#/$defs/t"},"minItems":1,"maxItems":3}]}}}"##,
      #"{"properties":{"k":true,"kk":{"const":[]}},"additionalProperties":{"type":["string","boolean"],"minLength":2,"maxLength":5}}"#,
      #"{"prefixItems":[{"type":"number","minimum":0},{"oneOf":[{},{}]}],"items":false}"#,
    ]
    let parts = [
      "{}", "[]", "true", "false", "1", "-1", "1e99", "\"\"", "{", "}", "[", "]", ",", ":", "9999999999999999999",
      "null",
    ]
    var random = Random(state: UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 7)
    func number(_ limit: Int) -> Int { Int(random.next() >> 33) % limit }
    for _ in 0..<500 {
      var bytes = Array(schemas[seed % schemas.count].utf8)
      for _ in 0...number(4) {
        let place = number(bytes.count)
        let end = min(bytes.count, place + number(6))
        let other = schemas[number(schemas.count)].utf8
        let piece =
          number(2) == 0
          ? Array(parts[number(parts.count)].utf8) : Array(other.dropFirst(number(other.count)).prefix(number(30)))
        bytes.replaceSubrange(place..<end, with: piece)
        if bytes.isEmpty { bytes = [0x7B] }
      }
      do {
        var state = try GrammarState(Grammar(jsonSchema: String(decoding: bytes, as: UTF8.self)))
        for _ in 0..<100 where state.canGoOn {
          let fitting = try (0x20...0x7E as ClosedRange<UInt8>).filter { try state.accepts([$0]) }
          guard !fitting.isEmpty else { break }
          _ = try state.append([fitting[number(fitting.count)]])
        }
      } catch let error as ZooError {
        #expect(error.kind == .usage)
      }
    }
  }

  private struct Random {
    var state: UInt64

    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }
}
