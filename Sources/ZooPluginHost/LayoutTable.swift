import CZooPlugin
import Synchronization
import ZooCompiler
import ZooCore
import ZooOperators
import ZooPlatform

/// The layouts that plugins have registered, by name. Their numbers are the process's, so that plugins can share them.
package enum LayoutTable {
  private struct Entry: Sendable {
    let name: String
    let domain: String
    nonisolated(unsafe) let table: zoo_layout
  }

  /// Names of those that the ABI numbers itself.
  private static let fixed = ["plain", "NCHW16C"]
  private static let registered = Mutex<[Entry]>([])

  /// The name by which plugins know the layout.
  package static func name(of layout: Layout) -> String {
    let names = fixed + registered.withLock { $0.map(\.name) }
    return names.indices.contains(Int(layout.number)) ? names[Int(layout.number)] : "layout \(layout.number)"
  }

  static func isKnown(_ number: Int32) -> Bool {
    number >= 0 && Int(number) < fixed.count + registered.withLock { $0.count }
  }

  static func number(named name: String) -> Int32 {
    let names = fixed + registered.withLock { $0.map(\.name) }
    return names.firstIndex(of: name).map { Int32($0) } ?? Int32(ZOO_LAYOUT_NONE)
  }

  /// Adds a layout and gives its number; `ZOO_LAYOUT_NONE` where the name is taken or the struct malformed.
  static func register(_ layout: UnsafePointer<zoo_layout>) -> Int32 {
    guard let table = layout.copy(into: zoo_layout(), through: \.byte_count), let name = table.name,
      let domain = table.domain, table.byte_count != nil
    else { return Int32(ZOO_LAYOUT_NONE) }
    let entry = Entry(name: String(cString: name), domain: String(cString: domain), table: table)
    return registered.withLock { entries in
      guard !fixed.contains(entry.name), !entries.contains(where: { $0.name == entry.name }) else {
        return Int32(ZOO_LAYOUT_NONE)
      }
      entries.append(entry)
      return Int32(fixed.count + entries.count - 1)
    }
  }

  private static func entry(_ layout: Layout) -> Entry? {
    let index = Int(layout.number) - fixed.count
    return registered.withLock { $0.indices.contains(index) ? $0[index] : nil }
  }

  /// The domain whose Reorder copies tensors to the layout and back.
  package static func domain(of layout: Layout) -> String { entry(layout)?.domain ?? internalDomain }

  package static func byteCount(_ type: ElementType, _ shape: [Int], in layout: Layout) throws -> Int {
    guard let entry = entry(layout), let measure = entry.table.byte_count else {
      throw ZooError(.defect, "there is no layout number \(layout.number)")
    }
    let count = measure(entry.table.context, type.rawValue, shape.map(Int64.init), Int32(shape.count))
    // At least what the elements take, as long as they are whole.
    guard count > 0 || shape.contains(0), count <= 1 << 47 else {
      throw ZooError(.unsupported, "the layout \(entry.name) has no \(type.name) of shape \(shape)")
    }
    return Int(count)
  }
}

/// Bytes that a tensor takes in memory, blocked padding included.
package func byteCount(of facts: ValueFacts, layout: Layout) throws -> Int {
  guard let type = facts.elementType, var shape = facts.fixedShape else {
    throw ZooError(.defect, "the shape of a value is not known")
  }
  // Checked before it is padded, which may then not overflow.
  let plain = try Tensor.byteCount(type: type, shape: shape)
  switch Int(layout.number) {
  case ZOO_LAYOUT_PLAIN: return plain
  case ZOO_LAYOUT_NCHW16C:
    guard shape.count >= 2 else { return plain }
    shape[1] = shape[1].roundedUp(to: 16)
    return try Tensor.byteCount(type: type, shape: shape)
  default: return try LayoutTable.byteCount(type, shape, in: layout)
  }
}

/// The bytes of a part of a value in a layout; `nil` where they don't lie together.
package func bytes(
  of part: OperatorDeclaration.Part, in facts: ValueFacts, layout: Layout
) throws -> Range<Int>? {
  guard let shape = facts.fixedShape, shape.indices.contains(part.axis), shape[..<part.axis].allSatisfy({ $0 == 1 })
  else { return nil }
  var (places, count) = (part.places, shape[part.axis])
  switch Int(layout.number) {
  case ZOO_LAYOUT_PLAIN: break
  case ZOO_LAYOUT_NCHW16C where part.axis == 1:
    // Whole blocks, the last of which may be filled up.
    guard places.lowerBound % 16 == 0, places.upperBound % 16 == 0 || places.upperBound == count else { return nil }
    places = places.lowerBound / 16..<(places.upperBound + 15) / 16
    count = (count + 15) / 16
  default: return nil
  }
  let size = try byteCount(of: facts, layout: layout)
  guard count > 0, size % count == 0, places.lowerBound >= 0, places.upperBound <= count else { return nil }
  return places.lowerBound * (size / count)..<places.upperBound * (size / count)
}
