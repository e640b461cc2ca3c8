import Files
import ZooCore
import TensorFiles

/// A list of texts that a group has as an attribute.
package struct HDF5List: Sendable {
  package var group: String
  package var name: String
  package var texts: [String]

  package init(group: String, name: String, texts: [String]) {
    (self.group, self.name, self.texts) = (group, name, texts)
  }
}

/// Writes one file in the form that every HDF5 library since 1.8 reads: superblock 0, object headers of version 1,
/// elements in one piece, links in the groups' headers, in their order; those of large groups in a tree, by name.
struct HDF5Writer {
  private let file: TensorFile
  private let lists: [HDF5List]
  /// Elements begin at a multiple of this, so that they can be used where they lie.
  private static let alignment = TensorMemory.alignment
  private static let none = [UInt8](repeating: 0xFF, count: 8)
  /// Larger groups keep their links in a tree: messages are counted in 16 bits, and looked through one by one.
  private static let mostLinks = 4096
  /// What an attribute may take, with its name.
  private static let mostListBytes = 60_000

  init(_ file: TensorFile, lists: [HDF5List] = []) {
    self.file = file
    self.lists = lists
  }

  /// A group that is to be written.
  private final class Group {
    var members = NameTable<Member>()
    /// Attribute messages.
    var attributes: [[UInt8]] = []

    enum Member {
      case group(Group)
      /// The number of the tensor.
      case tensor(Int)
    }
  }

  func write(to path: String) throws {
    let root = try tree()
    let types = try file.tensors.map { item in
      guard let type = HDF5Datatype(item.tensor.type) else {
        throw ZooError(.usage, "HDF5 has no \(item.tensor.type.name)", at: "tensor \"\(item.name)\"")
      }
      return type
    }
    let output = try NewFile(path)
    try output.append([UInt8](repeating: 0, count: 96))
    var places: [Int] = []
    for item in file.tensors {
      let start = (output.count + Self.alignment - 1) / Self.alignment * Self.alignment
      try output.skip(to: start)
      places.append(start)
      do {
        try item.tensor.readPieces { try output.append($0) }
      } catch let error as ZooError {
        throw error.located("tensor \"\(item.name)\"")
      }
    }
    root.attributes += try metadata(output)
    for list in lists { try add(list, to: root) }
    let address = try append(root, places, types, output)
    try output.replace(at: 0, with: superblock(root: address, end: output.count))
    try output.commit()
  }

  /// The groups that the names tell of.
  private func tree() throws -> Group {
    let root = Group()
    for (index, item) in file.tensors.enumerated() {
      let place = "tensor \"\(item.name)\""
      let parts = item.name.pathParts
      guard parts.allSatisfy({ !$0.isEmpty && $0 != "." && !$0.utf8.contains(0) && $0.utf8.count < 1 << 15 }) else {
        throw ZooError(.usage, "the name is no path in an HDF5 file", at: place, advice: "rename it")
      }
      var group = root
      for part in parts.dropLast() {
        switch group.members[part] {
        case .group(let next): group = next
        case .tensor:
          throw ZooError(.usage, "another tensor has the name of its group, \(part)", at: place, advice: "rename one")
        case nil:
          let next = Group()
          _ = group.members.add(part, .group(next))
          group = next
        }
      }
      guard group.members.add(parts[parts.count - 1], .tensor(index)) else {
        throw ZooError(.usage, "the name is taken", at: place, advice: "give each tensor a name of its own")
      }
    }
    return root
  }

  /// Gives a group its list, in several attributes where one would be too large, as Keras has it.
  private func add(_ list: HDF5List, to root: Group) throws {
    var group = root
    for part in list.group.pathParts where !part.isEmpty {
      guard case .group(let next) = group.members[part] else { return }
      group = next
    }
    let width = max(list.texts.map(\.utf8.count).max() ?? 1, 1)
    guard width <= Self.mostListBytes else { throw ZooError(.usage, "a name is too long for a list", at: list.name) }
    let most = Self.mostListBytes / width
    let parts = stride(from: 0, to: list.texts.count, by: most).map {
      list.texts[$0..<min($0 + most, list.texts.count)]
    }
    for (number, part) in parts.enumerated() {
      let texts = part.flatMap { Array($0.utf8) + [UInt8](repeating: 0, count: width - $0.utf8.count) }
      let name = parts.count == 1 ? list.name : "\(list.name)\(number)"
      group.attributes.append(attribute(name, HDF5Datatype.text(width), texts, extents: [part.count]))
    }
  }

  // MARK: - Structures

  /// Writes a group after all that is in it, and gives its address.
  private func append(_ group: Group, _ places: [Int], _ types: [HDF5Datatype], _ output: NewFile) throws -> Int {
    let links = try group.members.entries.map { name, member in
      switch member {
      case .group(let inner): (name, try append(inner, places, types, output))
      case .tensor(let index): (name, try append(file.tensors[index], at: places[index], types[index], output))
      }
    }
    let attributes = group.attributes.map { (kind: 0x0C, contents: $0) }
    guard links.count <= Self.mostLinks else {
      let table = try HDF5SymbolTable(links).append(to: output)
      return try append([(0x11, table)] + attributes, output)
    }
    // Links keep the order in which they were made; no heap, no tree.
    var messages: [(kind: Int, contents: [UInt8])] = [
      (0x02, [0, 1] + little(links.count, 8) + Self.none + Self.none), (0x0A, [0, 0]),
    ]
    messages += attributes
    for (position, (name, address)) in links.enumerated() {
      // With the order, in UTF-8, and a length of two bytes.
      messages.append(
        (0x06, [1, 0x15] + little(position, 8) + [1] + little(name.utf8.count, 2) + name.utf8 + little(address, 8)))
    }
    return try append(messages, output)
  }

  /// Writes a dataset's header, and gives its address.
  private func append(_ item: NamedTensor, at place: Int, _ type: HDF5Datatype, _ output: NewFile) throws -> Int {
    let shape = item.tensor.shape
    guard shape.count <= 32 else {
      throw ZooError(.usage, "\(shape.count) axes are more than HDF5 has", at: "tensor \"\(item.name)\"")
    }
    var messages: [(kind: Int, contents: [UInt8])] = [
      (0x01, [1, UInt8(shape.count), 0, 0, 0, 0, 0, 0] + shape.flatMap { little($0, 8) }), (0x03, type.message),
      // Space is made when something is written, and there is no fill value but zero.
      (0x05, [2, 2, 2, 1, 0, 0, 0, 0]),
      (0x08, [3, 1] + (item.tensor.byteCount > 0 ? little(place, 8) : Self.none) + little(item.tensor.byteCount, 8)),
    ]
    if let name = type.name {
      let text = Array(name.utf8)
      messages.append((0x0C, attribute("dtype", HDF5Datatype.text(text.count), text)))
    }
    return try append(messages, output)
  }

  /// Writes an object's header, and gives its address.
  private func append(_ messages: [(kind: Int, contents: [UInt8])], _ output: NewFile) throws -> Int {
    var body: [UInt8] = []
    for (kind, contents) in messages {
      let padded = contents + [UInt8](repeating: 0, count: (8 - contents.count % 8) % 8)
      guard padded.count < 1 << 16 else { throw ZooError(.usage, "a name or a text is too long") }
      body += little(kind, 2) + little(padded.count, 2) + [0, 0, 0, 0] + padded
    }
    guard body.count < 1 << 32 else { throw ZooError(.usage, "a group has too many members") }
    try output.skip(to: (output.count + 7) / 8 * 8)
    let address = output.count
    try output.append([1, 0] + little(messages.count, 2) + little(1, 4) + little(body.count, 4) + [0, 0, 0, 0] + body)
    return address
  }

  /// An attribute of one element, or of a list of them.
  private func attribute(_ name: String, _ type: [UInt8], _ value: [UInt8], extents: [Int] = []) -> [UInt8] {
    var space: [UInt8] = [1, UInt8(extents.count), 0, 0, 0, 0, 0, 0]
    for extent in extents { space += little(extent, 8) }
    // Version 3: nothing is padded; the name is UTF-8.
    var message: [UInt8] = [3, 0] + little(name.utf8.count + 1, 2)
    message += little(type.count, 2) + little(space.count, 2) + [1]
    message += Array(name.utf8) + [0]
    return message + type + space + value
  }

  /// Writes the texts of the metadata into a heap, and gives the attributes that refer to them.
  private func metadata(_ output: NewFile) throws -> [[UInt8]] {
    guard !file.metadata.isEmpty else { return [] }
    var heap: [UInt8] = []
    var names: Set<[UInt8]> = []
    var references: [(name: String, length: Int)] = []
    for property in file.metadata {
      guard names.insert(Array(property.key.utf8)).inserted, !property.key.utf8.contains(0), references.count < 1 << 15
      else {
        throw ZooError(.usage, "two texts of the metadata have one name", at: property.key)
      }
      let text = Array(property.value.utf8)
      references.append((property.key, text.count))
      guard !text.isEmpty else { continue }
      heap += little(references.count, 2) + little(1, 2) + [0, 0, 0, 0] + little(text.count, 8) + text
      heap += [UInt8](repeating: 0, count: (8 - text.count % 8) % 8)
    }
    // A collection has at least 4096 bytes; object 0 is what is free.
    let size = max(4096, 16 + heap.count + 16)
    heap += [0, 0, 0, 0, 0, 0, 0, 0] + little(size - 16 - heap.count, 8)
    heap += [UInt8](repeating: 0, count: size - 16 - heap.count)
    try output.skip(to: (output.count + 7) / 8 * 8)
    let address = output.count
    try output.append(Array("GCOL".utf8) + [1, 0, 0, 0] + little(size, 8) + heap)
    return references.enumerated().map { index, item in
      let value =
        item.length == 0
        ? [UInt8](repeating: 0, count: 16) : little(item.length, 4) + little(address, 8) + little(index + 1, 4)
      return attribute(item.name, HDF5Datatype.textReference, value)
    }
  }

  private func superblock(root: Int, end: Int) -> [UInt8] {
    // Addresses and lengths of 8 bytes; the usual sizes of trees, of which there are none.
    HDF5Format.signature + [0, 0, 0, 0, 0, 8, 8, 0] + little(4, 2) + little(16, 2) + [0, 0, 0, 0] + little(0, 8)
      + Self.none + little(end, 8) + Self.none + little(0, 8) + little(root, 8) + [UInt8](repeating: 0, count: 24)
  }
}

/// `value` in `width` bytes, little-endian.
func little(_ value: Int, _ width: Int) -> [UInt8] {
  (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
