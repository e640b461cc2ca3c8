import Files
import ZooCore

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

  /// Every dataset as a tensor named after its path.
  package func tensorFile() throws -> TensorFile {
    var found: [(name: String, dataset: HDF5Dataset)] = []
    root.collect(into: &found)
    // Datasets without a place in the file follow the one before them.
    var place = 0
    let placed = found.enumerated().map { index, item in
      place = item.dataset.place ?? place
      return (place, index)
    }
    let order = placed.sorted { $0 < $1 }.map(\.1)
    let tensors = try order.map { index in
      NamedTensor(name: found[index].name, tensor: try found[index].dataset.stored(found[index].name))
    }
    let texts = root.attributes.sorted { $0.key < $1.key }.compactMap { key, value in
      value.text.map { Property(key: key, value: $0) }
    }
    return TensorFile(tensors: tensors, metadata: texts)
  }
}

/// A group: named groups and datasets.
package struct HDF5Group: Sendable {
  package enum Member: Sendable {
    case group(HDF5Group)
    case dataset(HDF5Dataset)
  }

  package var attributes: [String: HDF5Value] = [:]
  /// In the order in which they were made, where the file tells; by name otherwise.
  package var members: [(name: String, member: Member)] = []
  private var positions: [String: Int] = [:]

  init() {}

  mutating func add(_ name: String, _ member: Member) throws {
    guard positions.updateValue(members.count, forKey: name) == nil else {
      throw ZooError(.badData, "two members of a group have one name", at: name)
    }
    members.append((name, member))
  }

  /// The group at `path`, whose parts are separated by slashes.
  package func group(_ path: String) -> HDF5Group? {
    var group = self
    for part in path.split(separator: "/") {
      guard let index = group.positions[String(part)], case .group(let next) = group.members[index].member else {
        return nil
      }
      group = next
    }
    return group
  }

  /// The dataset at `path`, whose parts are separated by slashes.
  package func dataset(_ path: String) -> HDF5Dataset? {
    let parts = path.split(separator: "/")
    guard let last = parts.last, let group = group(parts.dropLast().joined(separator: "/")),
      let index = group.positions[String(last)], case .dataset(let dataset) = group.members[index].member
    else { return nil }
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
  package var attributes: [String: HDF5Value]
  package let shape: [Int]
  let type: HDF5Type
  let elements: HDF5Elements
  /// Where in the file the elements begin.
  var place: Int? { elements.layout.place }

  /// The elements as a tensor, read when they are wanted.
  ///
  /// - Throws: `ZooError` (`unsupported`) for a type that tensors don't have.
  package func stored(_ name: String) throws -> StoredTensor {
    let element: ElementType
    switch type.form {
    case .number(let type): element = type
    // What Keras writes for bfloat16, which NumPy knows as two bytes of whatever.
    case .opaque where type.size == 2 && attributes["dtype"]?.text == "bfloat16": element = .bfloat16
    case .opaque where attributes["dtype"]?.text != nil:
      guard let named = ElementType.allCases.first(where: { $0.name == attributes["dtype"]?.text }),
        named.bitWidth == 8 * type.size
      else { fallthrough }
      element = named
    default:
      throw ZooError(
        .unsupported, "the elements are \(type.title), which no tensor holds", at: "dataset \"\(name)\"",
        advice: "save the file without this dataset")
    }
    return try StoredTensor(type: element, shape: shape, source: elements)
  }
}
