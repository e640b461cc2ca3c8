import JSON
import ZooCore

extension Grammar {
  /// Any JSON object.
  package static func jsonObject() throws -> Grammar {
    var json = JSONGrammar()
    let object = try json.anything(object: true)
    return try json.document(object)
  }

  /// JSON that a schema describes (json-schema.org, draft 2020-12).
  ///
  /// Members are written in the order of `properties`, and others only where `additionalProperties` says so. Whatever the
  /// grammar allows satisfies the schema, but for `oneOf`, which is read as `anyOf`, and `format`, which is a remark.
  ///
  /// - Throws: `ZooError` (`usage`): for a text that is no JSON, and for a schema that is too large, contradicts itself or says
  ///   what is not enforced here, such as `pattern`.
  package init(jsonSchema text: String) throws {
    guard text.utf8.count <= JSONSchema.greatestSize else {
      throw ZooError(
        .usage, "the schema has \(text.utf8.count) bytes", advice: "give \(JSONSchema.greatestSize) at most")
    }
    do {
      var schema = JSONSchema(try JSON(text))
      let node = try schema.node(schema.root, "#", depth: 0)
      self = try schema.json.document(node)
    } catch let error as ZooError {
      throw ZooError(.usage, error.message, at: error.location.map { "schema \($0)" } ?? "schema", advice: error.advice)
    }
  }
}

extension JSONGrammar {
  /// White space, which some tokens begin with, and a value.
  fileprivate mutating func document(_ value: Int) throws -> Grammar {
    let root = try builder.sequence(space(), value)
    return Grammar(nodes: builder.nodes, root: root)
  }
}

/// A schema on its way to a grammar.
private struct JSONSchema {
  static let greatestSize = 1 << 18
  private static let greatestDepth = 64
  /// Numbers of items and characters.
  private static let greatestCount = 1 << 20

  let root: JSON
  var json = JSONGrammar()
  /// Nodes of what references name.
  private var named: [String: Int] = [:]

  init(_ root: JSON) { self.root = root }

  /// What would have to be enforced, and is not.
  private static let unsupported = [
    "pattern", "multipleOf", "contains", "minContains", "maxContains", "minProperties", "maxProperties",
    "patternProperties", "propertyNames", "dependentRequired", "dependentSchemas", "dependencies", "if", "then", "else",
    "not", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef",
  ]
  /// What `$ref`, `anyOf` and their like can't be beside.
  private static let constraints = [
    "$ref", "const", "enum", "anyOf", "oneOf", "allOf", "properties", "required", "additionalProperties", "items",
    "prefixItems", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum",
  ]

  private func error(_ message: String, _ place: String, _ advice: String? = nil) -> ZooError {
    ZooError(.usage, message, at: place, advice: advice)
  }

  mutating func node(_ schema: JSON, _ place: String, depth: Int) throws -> Int {
    guard depth < Self.greatestDepth else {
      throw error("more than \(Self.greatestDepth) schemas lie in one another", String(place.prefix(100)))
    }
    if let isAnything = schema.bool {
      guard isAnything else { throw error("nothing satisfies the schema false", place) }
      return try json.anything(object: false)
    }
    guard schema.members != nil else { throw error("a schema is an object, true or false", place) }
    for name in Self.unsupported where schema[name] != nil {
      throw error("\"\(name)\" is not enforced here", place, "leave it out, and check what comes")
    }
    if schema["uniqueItems"]?.bool == true {
      throw error("\"uniqueItems\" is not enforced here", place, "leave it out, and check what comes")
    }
    let given = Self.constraints.filter { schema[$0] != nil }
    func alone(_ name: String) throws {
      guard given == [name] else {
        let others = given.filter { $0 != name }.joined(separator: ", ")
        throw error("\"\(name)\" is not combined with \(others) here", place, "write the combination out")
      }
    }
    for name in ["$ref", "const", "enum", "anyOf", "oneOf", "allOf"] where schema[name] != nil {
      try alone(name)
      return try combined(name, schema, place, depth)
    }
    let types = try types(schema, given, place)
    guard !types.isEmpty else { return try json.anything(object: false) }
    return try json.builder.choice(try types.map { try value($0, schema, place, depth) })
  }

  private mutating func combined(_ name: String, _ schema: JSON, _ place: String, _ depth: Int) throws -> Int {
    let value = schema[name] ?? .null
    switch name {
    case "$ref":
      guard schema["type"] == nil else { throw error("\"$ref\" is not combined with type here", place) }
      return try reference(value, place, depth)
    case "const": return try constants([value], schema, place)
    case "enum":
      guard let values = value.list else { throw error("\"enum\" is no list", place) }
      return try constants(values, schema, place)
    default:
      guard let schemas = value.list, !schemas.isEmpty else { throw error("\"\(name)\" is no list of schemas", place) }
      guard schema["type"] == nil else {
        throw error("\"\(name)\" is not combined with type here", place, "put the type into its schemas")
      }
      guard name != "allOf" || schemas.count == 1 else {
        throw error("\"allOf\" of several schemas is not enforced here", place, "write the combination out")
      }
      var nodes: [Int] = []
      for (index, schema) in schemas.enumerated() {
        nodes.append(try node(schema, "\(place)/\(name)/\(index)", depth: depth + 1))
      }
      return try json.builder.choice(nodes)
    }
  }

  /// Those of the values that are of the schema's type.
  private mutating func constants(_ values: [JSON], _ schema: JSON, _ place: String) throws -> Int {
    let types = try types(schema, [], place)
    let fitting = values.filter { value in types.isEmpty || types.contains { Self.has(value, type: $0) } }
    guard !fitting.isEmpty else { throw error("no value satisfies the schema", place) }
    return try json.builder.choice(try fitting.map { try json.builder.text($0.document) })
  }

  private static func has(_ value: JSON, type: String) -> Bool {
    switch value {
    case .null: type == "null"
    case .bool: type == "boolean"
    case .integer: type == "integer" || type == "number"
    case .number(let number): type == "number" || type == "integer" && number.rounded() == number
    case .text: type == "string"
    case .list: type == "array"
    case .object: type == "object"
    }
  }

  /// What a schema is: what it says, or what its members are about; none where it may be anything.
  private func types(_ schema: JSON, _ given: [String], _ place: String) throws -> [String] {
    if let type = schema["type"] {
      let types = (type.list ?? [type]).compactMap(\.text)
      guard !types.isEmpty, types.count == type.list?.count ?? 1 else { throw error("\"type\" is no name", place) }
      return types
    }
    let kinds: [(String, [String])] = [
      ("object", ["properties", "required", "additionalProperties"]),
      ("array", ["items", "prefixItems", "minItems", "maxItems"]), ("string", ["minLength", "maxLength"]),
      ("number", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]),
    ]
    return kinds.filter { _, names in given.contains(where: names.contains) }.map(\.0)
  }

  private mutating func value(_ type: String, _ schema: JSON, _ place: String, _ depth: Int) throws -> Int {
    switch type {
    case "null": return try json.builder.text("null")
    case "boolean": return try json.builder.choice([json.builder.text("true"), json.builder.text("false")])
    case "string":
      let (least, most) = try counts(schema, "minLength", "maxLength", place)
      return try json.text(least: least, most: most)
    case "integer": return try integer(schema, place)
    case "number": return try number(schema, place)
    case "array": return try array(schema, place, depth)
    case "object": return try object(schema, place, depth)
    default: throw error("\"\(type.prefix(40))\" is no type", place)
    }
  }

  private func counts(_ schema: JSON, _ least: String, _ most: String, _ place: String) throws -> (Int, Int?) {
    func count(_ name: String) throws -> Int? {
      guard let value = schema[name] else { return nil }
      guard let count = value.integer, (0...Self.greatestCount).contains(count) else {
        throw error("\"\(name)\" is no number from 0 to \(Self.greatestCount)", place)
      }
      return count
    }
    let (from, to) = (try count(least) ?? 0, try count(most))
    guard to.map({ from <= $0 }) ?? true else { throw error("\"\(least)\" is above \"\(most)\"", place) }
    return (from, to)
  }

  // MARK: Numbers

  private mutating func integer(_ schema: JSON, _ place: String) throws -> Int {
    // What has fewer digits than a double can hold.
    let greatest = 999_999_999_999_999
    func bound(_ name: String, _ rounding: FloatingPointRoundingRule, _ step: Int) throws -> Int? {
      guard let value = schema[name] else { return nil }
      guard let number = value.number, number.isFinite else { throw error("\"\(name)\" is no number", place) }
      let rounded = number.rounded(rounding)
      let whole = Int(max(-Double(greatest), min(Double(greatest), rounded)))
      return rounded == number ? max(-greatest, min(greatest, whole + step)) : whole
    }
    let least = [try bound("minimum", .up, 0), try bound("exclusiveMinimum", .up, 1)].compactMap(\.self).max()
    let most = [try bound("maximum", .down, 0), try bound("exclusiveMaximum", .down, -1)].compactMap(\.self).min()
    if least == nil, most == nil { return try json.integer() }
    let (from, to) = (least ?? -greatest, most ?? greatest)
    guard from <= to else { throw error("no number satisfies the schema", place) }
    return try json.integer(from, to)
  }

  private mutating func number(_ schema: JSON, _ place: String) throws -> Int {
    for name in ["maximum", "exclusiveMinimum", "exclusiveMaximum"] where schema[name] != nil {
      throw error("\"\(name)\" is enforced for the type integer only", place, "leave it out, and check what comes")
    }
    guard let least = schema["minimum"] else { return try json.number() }
    guard least.number == 0 else {
      throw error(
        "a \"minimum\" but 0 is enforced for the type integer only", place, "leave it out, and check what comes")
    }
    return try json.number(signed: false)
  }

  // MARK: Values of values

  private mutating func array(_ schema: JSON, _ place: String, _ depth: Int) throws -> Int {
    let (least, most) = try counts(schema, "minItems", "maxItems", place)
    var first: [Int] = []
    if let schemas = schema["prefixItems"] {
      guard let list = schemas.list else { throw error("\"prefixItems\" is no list", place) }
      for (index, schema) in list.prefix(most ?? .max).enumerated() {
        first.append(try node(schema, "\(place)/prefixItems/\(index)", depth: depth + 1))
      }
    }
    let items = schema["items"] ?? .bool(true)
    guard items.bool != false else {
      guard least <= first.count else { throw error("no array satisfies the schema", place) }
      return try json.list(first, nil, least: 0, most: 0)
    }
    let item = try node(items, "\(place)/items", depth: depth + 1)
    return try json.list(first, item, least: least, most: most)
  }

  private mutating func object(_ schema: JSON, _ place: String, _ depth: Int) throws -> Int {
    guard let properties = (schema["properties"] ?? .object([])).members else {
      throw error("\"properties\" is no object", place)
    }
    let required = (schema["required"] ?? .list([])).list?.map(\.text) ?? [nil]
    guard !required.contains(nil) else { throw error("\"required\" is no list of names", place) }
    let wanted = Set(required.compactMap { $0.map { ExactText($0) } })
    let more = schema["additionalProperties"] ?? .bool(properties.isEmpty)
    var others: Int?
    if more.bool != false { others = try node(more, "\(place)/additionalProperties", depth: depth + 1) }
    var members: [(node: Int, isRequired: Bool)] = []
    var names: Set<ExactText> = []
    for property in properties where names.insert(ExactText(property.name)).inserted {
      let value = try node(property.value, "\(place)/properties/\(property.name)", depth: depth + 1)
      let name = try json.builder.text(JSON.quoted(property.name))
      members.append((try json.member(name, value), wanted.contains(ExactText(property.name))))
    }
    for case let name? in required where names.insert(ExactText(name)).inserted {
      guard let others else { throw error("\"\(name)\" is required, and no property", place) }
      members.append((try json.member(json.builder.text(JSON.quoted(name)), others), true))
    }
    let rest = try others.map { try json.member(json.text(except: names.map(\.text).sorted()), $0) }
    return try json.object(members, rest)
  }

  // MARK: References

  private mutating func reference(_ value: JSON, _ place: String, _ depth: Int) throws -> Int {
    guard let pointer = value.text, pointer == "#" || pointer.hasPrefix("#/") else {
      throw error("\"$ref\" names no part of the schema", place, "name one from its root on, as #/$defs/name")
    }
    if let node = named[pointer] { return node }
    var schema = root
    for part in pointer.split(separator: "/").dropFirst() {
      let name = String(part.replacing("~1", with: "/").replacing("~0", with: "~"))
      guard
        let next = schema[name]
          ?? Int(name).flatMap({ index in
            schema.list.flatMap { $0.indices.contains(index) ? $0[index] : nil }
          })
      else { throw error("there is no \(pointer.prefix(200))", place) }
      schema = next
    }
    // It may contain itself.
    let place = try json.builder.nothing()
    named[pointer] = place
    let target = try node(schema, pointer, depth: depth + 1)
    json.builder.set(place, to: .sequence([target]))
    return place
  }
}
