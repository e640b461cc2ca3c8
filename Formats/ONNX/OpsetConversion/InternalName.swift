import ZooCore
import ZooOperators

/// What values are called while a graph is rewritten.
///
/// A file's names are bytes, and it may hold any of them. Their internal forms are ASCII but for `¦`, which stands before
/// each byte that is not: so two names are equal as `String`s only where their bytes are. Both ways are plain functions of the
/// text, so that what is made of equal graphs is called the same.
package enum InternalName {
  private static let byteMark: Unicode.Scalar = "¦"

  /// The internal form of a name that a file holds.
  package static func ofFile(_ name: String) -> String {
    guard !name.utf8.allSatisfy({ $0 < 0x80 }) else { return name }
    var form = String.UnicodeScalarView()
    for byte in name.utf8 {
      guard byte >= 0x80 else {
        form.append(Unicode.Scalar(byte))
        continue
      }
      form.append(byteMark)
      form.append(digit(byte >> 4))
      form.append(digit(byte & 15))
    }
    return String(form)
  }

  /// `text` with the internal forms of file's names in it as the file has them.
  package static func shown(_ text: String) -> String {
    guard text.unicodeScalars.contains(byteMark) else { return text }
    var bytes: [UInt8] = []
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      if scalar == byteMark, let high = rest.first.flatMap(number), let low = rest.dropFirst().first.flatMap(number) {
        bytes.append(high << 4 | low)
        rest = rest.dropFirst(2)
      } else {
        bytes += Array(String(scalar).utf8)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func digit(_ value: UInt8) -> Unicode.Scalar { Unicode.Scalar(value < 10 ? 48 + value : 87 + value) }

  private static func number(_ digit: Unicode.Scalar) -> UInt8? {
    switch digit.value {
    case 48...57: UInt8(digit.value - 48)
    case 97...102: UInt8(digit.value - 87)
    default: nil
    }
  }
}

extension ModelDefinition {
  /// The model with the internal forms of all names of values, in functions and bodies too. Whatever looks values up by
  /// their names works on it.
  package var withInternalNames: ModelDefinition {
    renamingValues { $0.utf8.allSatisfy { $0 < 0x80 } ? nil : InternalName.ofFile($0) }
  }

  /// The model with the names that files hold again.
  package var withFileNames: ModelDefinition {
    renamingValues { $0.utf8.allSatisfy { $0 < 0x80 } ? nil : InternalName.shown($0) }
  }

  private func renamingValues(_ rename: Renaming) -> ModelDefinition {
    var model = self
    model.graph.renameValues(rename)
    for index in model.functions.indices {
      model.functions[index].inputs.renameAll(rename)
      model.functions[index].outputs.renameAll(rename)
      model.functions[index].values.renameAll(\.name, rename)
      model.functions[index].nodes.renameValues(rename)
    }
    return model
  }
}

/// Another name for one; `nil` where it stays, so that what needs no renaming is not copied.
private typealias Renaming = (String) -> String?

extension Graph {
  fileprivate mutating func renameValues(_ rename: Renaming) {
    inputs.renameAll(\.name, rename)
    outputs.renameAll(\.name, rename)
    values.renameAll(\.name, rename)
    initializers.renameAll(\.name, rename)
    nodes.renameValues(rename)
  }
}

extension Array {
  fileprivate mutating func renameAll(_ path: WritableKeyPath<Element, String>, _ rename: Renaming) {
    for index in indices {
      if let name = rename(self[index][keyPath: path]) { self[index][keyPath: path] = name }
    }
  }
}

extension [String] {
  fileprivate mutating func renameAll(_ rename: Renaming) { renameAll(\.self, rename) }
}

extension [Node] {
  fileprivate mutating func renameValues(_ rename: Renaming) {
    for index in indices {
      self[index].inputs.renameAll(rename)
      self[index].outputs.renameAll(rename)
      self[index].renameDifferentiated(rename)
      for place in self[index].attributes.indices {
        switch self[index].attributes[place].value {
        case .graph(var graph):
          graph.renameValues(rename)
          self[index].attributes[place].value = .graph(graph)
        case .graphs(var graphs):
          for number in graphs.indices { graphs[number].renameValues(rename) }
          self[index].attributes[place].value = .graphs(graphs)
        default: break
        }
      }
    }
  }
}
