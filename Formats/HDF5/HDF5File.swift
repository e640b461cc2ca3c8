import Files
import ZooCore
import TensorFiles

/// The contents of an HDF5 file: everything but the datasets' elements, read at once.
package struct HDF5File: Sendable {
  package let root: HDF5Group

  /// The file at `path`, mapped.
  package init(_ path: String) throws {
    self = try MappedFile.reading(path) { try HDF5File($0.memory(in: 0..<$0.bytes.count)) }
  }

  /// A file that is in memory.
  package init(_ memory: TensorMemory) throws {
    root = try withExtendedLifetime(memory) {
      var reader = try HDF5Reader(memory)
      return try reader.root()
    }
  }

  /// Every dataset of numbers as a tensor named after its path; what others hold is only told.
  package func tensorFile() throws -> TensorFile {
    var found: [(name: String, dataset: HDF5Dataset)] = []
    root.collect(into: &found)
    // Datasets without a place in the file follow the one before them.
    var place = 0
    let placed = found.enumerated().map { index, item in
      place = item.dataset.place ?? place
      return (place, index)
    }
    var result = TensorFile(tensors: [])
    for (name, dataset) in placed.sorted(by: { $0 < $1 }).map({ found[$0.1] }) {
      if dataset.elementType == nil {
        result.unread.append("dataset \"\(name)\": \(dataset.type.title)")
      } else {
        result.tensors.append(NamedTensor(name: name, tensor: try dataset.stored(name)))
      }
    }
    let attributes = root.attributes.entries.sorted {
      Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8))
    }
    result.metadata = attributes.compactMap { name, value in value.text.map { Property(key: name, value: $0) } }
    return result
  }
}

/// A group: named groups and datasets.
package struct HDF5Group: Sendable {
  package enum Member: Sendable {
    case group(HDF5Group)
    case dataset(HDF5Dataset)
  }

  package var attributes = NameTable<HDF5Value>()
  /// In the order in which they were made, where the file tells; by name otherwise.
  private var table = NameTable<Member>()
  package var members: [(name: String, value: Member)] { table.entries }

  init() {}

  mutating func add(_ name: String, _ member: Member) throws {
    guard table.add(name, member) else {
      throw ZooError(.badData, "two members of a group have one name", at: name)
    }
  }

  /// The group at `path`, whose parts are separated by slashes.
  package func group(_ path: String) -> HDF5Group? { group(path.pathParts) }

  private func group(_ parts: some Sequence<String>) -> HDF5Group? {
    var group = self
    for part in parts where !part.isEmpty {
      guard case .group(let next)? = group.table[part] else { return nil }
      group = next
    }
    return group
  }

  /// The dataset at `path`, whose parts are separated by slashes.
  package func dataset(_ path: String) -> HDF5Dataset? {
    let parts = path.pathParts.filter { !$0.isEmpty }
    guard let last = parts.last, case .dataset(let dataset)? = group(parts.dropLast())?.table[last] else { return nil }
    return dataset
  }

  fileprivate func collect(_ prefix: String = "", into found: inout [(name: String, dataset: HDF5Dataset)]) {
    for (name, member) in members {
      switch member {
      case .group(let group): group.collect("\(prefix)\(name)/", into: &found)
      case .dataset(let dataset): found.append((prefix + name, dataset))
      }
    }
  }
}

/// The value of an attribute.
package enum HDF5Value: Sendable {
  case text(String)
  case texts([String])
  /// Something else than texts.
  case other

  package var text: String? { if case .text(let text) = self { text } else { nil } }
  package var texts: [String]? { if case .texts(let texts) = self { texts } else { nil } }
}

/// A dataset whose elements are still in the file.
package struct HDF5Dataset: Sendable {
  package var attributes: NameTable<HDF5Value>
  package let shape: [Int]
  let type: HDF5Type
  /// `nil` where no tensor has elements of that type.
  let elementType: ElementType?
  /// `nil` where there is no such type: nobody looks for them.
  let elements: HDF5Elements?
  /// Where in the file the elements begin.
  var place: Int? { elements?.layout.place }

  /// The elements as a tensor, read when they are wanted.
  ///
  /// - Throws: `ZooError` (`unsupported`) for a type that tensors don't have.
  package func stored(_ name: String) throws -> StoredTensor {
    guard let elementType, let elements else {
      throw ZooError(
        .unsupported, "the elements are \(type.title), which no tensor holds", at: "dataset \"\(name)\"",
        advice: "save the file without this dataset")
    }
    return try StoredTensor(type: elementType, shape: shape, source: elements)
  }
}
