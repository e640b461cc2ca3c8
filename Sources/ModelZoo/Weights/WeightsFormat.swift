import Files
import TensorFiles

/// A file format that holds named tensors. Which there are says `WeightsFormat.all` (WeightsFormats.swift).
package struct WeightsFormat: Sendable {
  /// What JSON calls it: `safetensors`.
  package let name: String
  /// What people call a file of it: `PyTorch checkpoint`.
  package let title: String
  /// What the names of its files end with, dots included; the usual one first.
  package let endings: [String]
  /// The element types that it holds, as they are or in a form that reading undoes.
  package let types: Set<ElementType>
  /// Whether a file is of the format: its first bytes (4096, or fewer where there are no more) and its path.
  let sniff: @Sendable (_ beginning: UnsafeRawBufferPointer, _ path: String) -> Bool
  let read: @Sendable (_ path: String) throws -> WeightsContents
  /// `nil` for a format that is only read.
  let write: (@Sendable (_ file: TensorFile, _ path: String) throws -> Void)?
  /// Which files hold a network as well; `nil` where none does.
  var graphs: Graphs?

  struct Graphs: Sendable {
    let format: ModelFormat
    let areIn: @Sendable (_ path: String) throws -> Bool
  }

  package var isWritable: Bool { write != nil }

  /// Whether the file at `path`, of this format, holds a network as well as its weights.
  ///
  /// - Throws: `ZooError`, as reading does.
  package func holdsGraph(_ path: String) throws -> Bool { try graphFormat(path) != nil }

  /// The format of the network in the file at `path`; `nil` where there is none.
  func graphFormat(_ path: String) throws -> ModelFormat? {
    guard let graphs, try graphs.areIn(path) else { return nil }
    return graphs.format
  }
}

/// What a file of weights holds: its tensors, and what goes with them.
struct WeightsContents {
  var file: TensorFile
  /// What the file says besides, as a program wants it.
  var values: [String: CheckpointValue] = [:]
  /// Where in a PyTorch checkpoint the tensors were; empty if the whole is the state dictionary.
  var dictionary = ""
}

extension WeightsContents {
  /// A file whose metadata are all that it says.
  init(textsOf file: TensorFile) {
    let texts = file.metadata.map { ($0.key, CheckpointValue.text($0.value)) }
    self.init(file: file, values: Dictionary(texts, uniquingKeysWith: { $1 }))
  }
}

extension WeightsFormat: Equatable, Encodable {
  package static func == (first: WeightsFormat, second: WeightsFormat) -> Bool { first.name == second.name }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

extension WeightsFormat {
  /// The format of the file at `path`, by its contents; `nil` for any other.
  ///
  /// - Throws: `ZooError` for a file that can't be read.
  package init?(contentsOf path: String) throws {
    let beginning = try InputFile(path: path).read(4096)
    guard let format = beginning.withUnsafeBytes({ bytes in Self.all.first { $0.sniff(bytes, path) } }) else {
      return nil
    }
    self = format
  }

  /// The format that the name of a file to be written asks for; `nil` for a name that no format has.
  package init?(nameOf path: String) {
    let name = (path.split(separator: "/").last ?? "").lowercased()
    guard let format = Self.all.first(where: { $0.endings.contains { name.hasSuffix($0) && name.count > $0.count } })
    else { return nil }
    self = format
  }
}
