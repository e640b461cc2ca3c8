/// The members of a request's object. One that is null is none.
struct RequestMembers {
  private let members: [String: JSONValue]

  init(_ body: [UInt8]) throws {
    guard let members = try JSONValue(parsing: body).object() else {
      throw Failure(.badRequest, "the request is no JSON object")
    }
    self.members = members.filter { !$0.value.isNull }
  }

  subscript(_ name: String) -> JSONValue? { members[name] }

  func requiredString(_ name: String) throws -> String {
    guard let text = members[name]?.string else { throw Failure(.badRequest, "\(name) is missing, or no text") }
    return text
  }

  func bool(_ name: String) throws -> Bool? { try value(name, "true or false") { $0.bool } }

  func int(_ name: String) throws -> Int? { try value(name, "a whole number") { $0.int } }

  func double(_ name: String) throws -> Double? { try value(name, "a number") { $0.double } }

  private func value<Value>(_ name: String, _ kind: String, _ read: (JSONValue) -> Value?) throws -> Value? {
    guard let member = members[name] else { return nil }
    guard let value = read(member) else { throw Failure(.badRequest, "\(name) is not \(kind)") }
    return value
  }

  /// Refuses members that ask for what is not there, unless `means` says that they ask for nothing.
  func refuse(_ names: String..., unless meansNothing: (JSONValue) throws -> Bool) throws {
    for name in names {
      if let value = members[name], try !meansNothing(value) {
        throw Failure(.badRequest, "\(name) is not supported")
      }
    }
  }
}
