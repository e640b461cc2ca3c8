import ZooCore

/// Reads a machine's attributes.
struct MachineAttributes {
  let node: Node

  init(_ node: Node) { self.node = node }

  func text(_ name: String) -> String? {
    guard case .string(let bytes)? = node[attribute: name] else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Finite numbers; none where the attribute is absent.
  func numbers(_ name: String) throws -> [Double] {
    guard case .floats(let values)? = node[attribute: name] else { return [] }
    guard values.allSatisfy(\.isFinite) else {
      throw ZooError(.unsupported, "\(name) holds numbers that are not finite")
    }
    return values.map(Double.init)
  }

  /// The classes, as the libraries' files name them.
  func labels() throws -> [Int] {
    guard node[attribute: "classlabels_strings"] == nil else {
      throw ZooError(
        .unsupported, "the classes are named by texts, and the libraries' files have whole numbers",
        advice: "train with classes that are numbers")
    }
    let labels = try integers("classlabels_ints")
    guard labels.allSatisfy({ Int32(exactly: $0) != nil }) else {
      throw ZooError(.unsupported, "some labels are no numbers of 32 bits")
    }
    return labels
  }

  func integers(_ name: String) throws -> [Int] {
    switch node[attribute: name] {
    case .int(let value): [Int(value)]
    case .ints(let values): values.map(Int.init)
    default: []
    }
  }
}
