import Files
import ZooCore

/// The links of a group as a tree of tables, by name, with the names in a heap (sections III.A.1, III.B to III.D of the
/// specification): what every HDF5 library reads, with any number of links.
struct HDF5SymbolTable {
  /// Links in a table and children of a tree's node, as the superblock says (twice 4, twice 16).
  private static let (mostSymbols, mostChildren) = (8, 32)
  private static let none = [UInt8](repeating: 0xFF, count: 8)

  private let links: [(name: [UInt8], address: Int)]

  init(_ links: [(name: String, address: Int)]) {
    self.links = links.map { (Array($0.name.utf8), $0.address) }.sorted { $0.name.lexicographicallyPrecedes($1.name) }
  }

  /// Writes it, and gives the message that says where it is.
  func append(to output: NewFile) throws -> [UInt8] {
    // The empty name, which comes before all others, is the first of the heap.
    var heap = [UInt8](repeating: 0, count: 8)
    var names: [Int] = []
    for (name, _) in links {
      names.append(heap.count)
      heap += name + [UInt8](repeating: 0, count: 8 - name.count % 8)
    }
    let data = try append(heap, output)
    // Nothing of the heap is free.
    let heapAddress = try append(
      Array("HEAP".utf8) + [0, 0, 0, 0] + little(heap.count, 8) + little(1, 8) + little(data, 8), output)
    return little(try appendTree(names, output), 8) + little(heapAddress, 8)
  }

  /// A part of the tree: where it is, and where its last name is in the heap.
  private typealias Child = (address: Int, last: Int)

  private func appendTree(_ names: [Int], _ output: NewFile) throws -> Int {
    var children = try stride(from: 0, to: links.count, by: Self.mostSymbols).map { start -> Child in
      let end = min(start + Self.mostSymbols, links.count)
      var table = Array("SNOD".utf8) + [1, 0] + little(end - start, 2)
      for index in start..<end {
        table += little(names[index], 8) + little(links[index].address, 8) + [UInt8](repeating: 0, count: 24)
      }
      table += [UInt8](repeating: 0, count: 8 + 40 * Self.mostSymbols - table.count)
      return (try append(table, output), names[end - 1])
    }
    var level = 0
    repeat {
      children = try appendLevel(level, of: children, output)
      level += 1
    } while children.count > 1
    return children[0].address
  }

  /// Writes the nodes of one level side by side, each of which names those beside it.
  private func appendLevel(_ level: Int, of children: [Child], _ output: NewFile) throws -> [Child] {
    let size = 24 + 8 * (2 * Self.mostChildren + 1)
    let start = (output.count + 7) / 8 * 8
    let firsts = stride(from: 0, to: children.count, by: Self.mostChildren)
    let count = (children.count + Self.mostChildren - 1) / Self.mostChildren
    return try firsts.enumerated().map { number, first -> Child in
      let own = children[first..<min(first + Self.mostChildren, children.count)]
      func neighbour(_ number: Int) -> [UInt8] {
        (0..<count).contains(number) ? little(start + number * size, 8) : Self.none
      }
      var node = Array("TREE".utf8) + [0, UInt8(level)] + little(own.count, 2) + neighbour(number - 1)
      node += neighbour(number + 1) + little(first == 0 ? 0 : children[first - 1].last, 8)
      for child in own { node += little(child.address, 8) + little(child.last, 8) }
      node += [UInt8](repeating: 0, count: size - node.count)
      return (try append(node, output), own[own.endIndex - 1].last)
    }
  }

  private func append(_ bytes: [UInt8], _ output: NewFile) throws -> Int {
    try output.skip(to: (output.count + 7) / 8 * 8)
    let address = output.count
    try output.append(bytes)
    return address
  }
}
