import ZooCore
import Zip

/// A name in a group, and where the object is that it stands for.
struct HDF5Link {
  var name: String
  var address: Int
  /// The number of links that were made before it, where the file tells.
  var order: UInt64?
}

extension HDF5Reader {
  /// The links of a group, by their order of creation if that is known.
  mutating func links(of header: HDF5Header) throws -> [HDF5Link] {
    if let message = header[.symbolTable] { return try oldLinks(message) }
    var links: [HDF5Link] = []
    for message in header.messages where message.type == .link { links.append(try link(message.contents)) }
    if var info = header[.linkInfo] {
      try info.skip(1)
      if try info.byte() & 1 != 0 { try info.skip(8) }
      if let heap = try address(&info), let index = try address(&info) {
        for object in try heapObjects(heap, index: index) { links.append(try link(object)) }
      }
    }
    if links.allSatisfy({ $0.order != nil }) { links.sort { ($0.order ?? 0) < ($1.order ?? 0) } }
    return links
  }

  /// A link message (section IV.A.2.g).
  private func link(_ message: ByteCursor) throws -> HDF5Link {
    var cursor = message
    let version = try cursor.byte()
    guard version == 1 else { throw ZooError(.unsupported, "version \(version) of HDF5's links is unknown") }
    let flags = try cursor.byte()
    let kind = flags & 8 != 0 ? try cursor.byte() : 0
    let order = flags & 4 != 0 ? try cursor.unsigned(8) : nil
    if flags & 16 != 0 { try cursor.skip(1) }
    guard let length = Int(exactly: try cursor.unsigned(1 << (flags & 3))) else {
      throw ZooError(.badData, "a link's name is too long")
    }
    let name = try cursor.text(cursor.take(length))
    guard kind == 0 else { throw Self.refusal(of: kind == 1 ? "soft" : "external", name) }
    guard let address = try address(&cursor) else { throw ZooError(.badData, "a link leads nowhere", at: name) }
    return HDF5Link(name: name, address: address, order: order)
  }

  private static func refusal(of kind: String, _ name: String) -> ZooError {
    ZooError(
      .unsupported, "\(kind) links are not followed", at: name,
      advice: "write what it stands for into the file itself")
  }

  // MARK: - Groups of the first kind: a tree of tables of symbols

  private mutating func oldLinks(_ message: ByteCursor) throws -> [HDF5Link] {
    var message = message
    guard let tree = try address(&message), let heap = try address(&message) else { return [] }
    var head = try cursor(heap, 8 + 2 * lengthSize + offsetSize)
    try head.signature("HEAP")
    try head.skip(4)
    let size = try length(&head)
    try head.skip(lengthSize)
    let names = try cursor(try address(&head) ?? 0, size)
    var links: [HDF5Link] = []
    for table in try treeChildren(tree, kind: 0, keySize: lengthSize, depth: 0) {
      var head = try cursor(table.address, 8)
      try head.signature("SNOD")
      try head.skip(2)
      let count = try head.half()
      var entries = try cursor(table.address + 8, count * (2 * offsetSize + 24))
      for _ in 0..<count {
        let offset = try entries.unsigned(offsetSize)
        let target = try address(&entries)
        let kind = try entries.word()
        try entries.skip(20)
        guard offset < UInt64(names.remaining),
          let end = names.bytes[(names.offset + Int(offset))...].firstIndex(of: 0)
        else { throw ZooError(.badData, "a name is not where it should be", at: "byte \(table.address)") }
        try spend(end - names.offset - Int(offset))
        let name = try names.text(names.offset + Int(offset)..<end)
        guard kind != 2 else { throw Self.refusal(of: "soft", name) }
        guard let target else { throw ZooError(.badData, "a link leads nowhere", at: name) }
        links.append(HDF5Link(name: name, address: target))
      }
    }
    return links
  }

  /// The leaves of the B-tree of version 1 at `address` (section III.A.1): each one's key and its address.
  mutating func treeChildren(
    _ address: Int, kind: Int, keySize: Int, depth: Int
  ) throws -> [(key: ByteCursor, address: Int)] {
    guard depth < 32 else { throw ZooError(.badData, "a tree is too deep", at: "byte \(address)") }
    var head = try cursor(address, 8 + 2 * offsetSize)
    try head.signature("TREE")
    let found = try head.byte()
    let level = try head.byte()
    let count = try head.half()
    guard found == kind else { throw ZooError(.badData, "a tree is of the wrong kind", at: "byte \(address)") }
    var entries = try cursor(address + 8 + 2 * offsetSize, count * (keySize + offsetSize))
    var children: [(key: ByteCursor, address: Int)] = []
    for _ in 0..<count {
      let key = entries
      try entries.skip(keySize)
      guard let child = try self.address(&entries) else { throw ZooError(.badData, "a tree has a hole") }
      if level == 0 {
        children.append((key, child))
      } else {
        children += try treeChildren(child, kind: kind, keySize: keySize, depth: depth + 1)
      }
    }
    return children
  }
}
