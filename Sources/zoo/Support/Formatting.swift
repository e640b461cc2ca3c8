import ModelZoo

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `12.3 MB`, in powers of 1000.
func byteText(_ count: Int) -> String {
  var value = Double(count)
  for unit in ["B", "kB", "MB", "GB"] {
    if value < 999.5 || unit == "GB" {
      return unit == "B" ? "\(count) B" : "\(fixed(value, value < 99.5 ? 1 : 0)) \(unit)"
    }
    value /= 1000
  }
  return "\(count) B"
}

/// `1.23 ms`
func secondsText(_ seconds: Double) -> String {
  if seconds < 1e-3 { return "\(fixed(seconds * 1e6, 1)) µs" }
  return seconds < 1 ? "\(fixed(seconds * 1e3, 2)) ms" : "\(fixed(seconds, 3)) s"
}

/// A number with the digits of a float32, or all that it has where no float32 is near it.
func numberText(_ value: Double) -> String {
  let short = Float(value)
  return short.isFinite == value.isFinite && (short == 0) == (value == 0) ? "\(short)" : "\(value)"
}

/// `0.39 %`, with as many digits as a small share needs.
func percentText(_ share: Double) -> String {
  guard share.isFinite else { return "\(share)" }
  let value = share * 100
  if value == 0 { return "0 %" }
  if value < 1e-6 { return "\(Float(value)) %" }
  return fixed(value, value < 1e-3 ? 6 : value < 0.1 ? 4 : 2) + " %"
}

/// `value` with `digits` digits after the point.
func fixed(_ value: Double, _ digits: Int) -> String {
  let scale = (0..<digits).reduce(1.0) { product, _ in product * 10 }
  let scaled = (value.magnitude * scale).rounded()
  guard scaled < 1e15 else { return "\(value)" }
  let all = String(Int64(scaled))
  let padded = String(repeating: "0", count: max(0, digits + 1 - all.count)) + all
  let sign = value < 0 && scaled > 0 ? "-" : ""
  return digits == 0 ? sign + padded : "\(sign)\(padded.dropLast(digits)).\(padded.suffix(digits))"
}

/// A shape as people write it: `N×3×224×224`; `scalar` for none.
func shapeText(_ shape: [Int]) -> String {
  shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×")
}

/// `float32 N×3×224×224`
func typeText(_ type: ValueType?) -> String {
  guard let type else { return "unknown" }
  switch type.form {
  case .tensor(let number, let shape), .sparseTensor(let number, let shape):
    let element = ElementType(rawValue: number)?.name ?? "type \(number)"
    guard let shape else { return "\(element) of any shape" }
    return shape.isEmpty ? "\(element) scalar" : "\(element) \(shape.map(\.description).joined(separator: "×"))"
  case .sequence(let element): return "sequence of \(typeText(element))"
  case .map(_, let value): return "map to \(typeText(value))"
  case .optional(let element): return "optional \(typeText(element))"
  case .opaque(let domain, let name): return "\(domain).\(name)"
  case .missing: return "unknown"
  }
}

/// An extent in JSON: a number, a symbol, or null where nothing is known.
enum ExtentReport: Encodable {
  case number(Int64)
  case symbol(String)
  case unknown

  init(_ dimension: ShapeDimension) {
    switch dimension.extent {
    case .fixed(let extent): self = .number(extent)
    case .symbol(let symbol): self = .symbol(symbol)
    case .unknown: self = .unknown
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let number): try container.encode(number)
    case .symbol(let symbol): try container.encode(symbol)
    case .unknown: try container.encodeNil()
    }
  }
}

/// A type in JSON: that of the elements beside the shape, of a tensor; else all in words.
struct TypeReport {
  var name: String
  /// `nil` for any shape, and for what is no tensor.
  var shape: [ExtentReport]?

  init(_ type: ValueType?) {
    guard case .tensor(let number, let shape)? = type?.form else {
      name = typeText(type)
      return
    }
    name = ElementType(rawValue: number)?.name ?? "type \(number)"
    self.shape = shape.map { $0.map(ExtentReport.init) }
  }
}

/// Rows of cells as lines, each column as wide as its widest cell; a row of one cell is a title, which may be wider.
///
/// - Parameter right: The columns that are aligned to the right.
func table(_ rows: [[String]], right: Set<Int> = [], indent: String = "") -> String {
  let rows = rows.map { $0.map(\.visibleLine) }
  let columns = rows.map(\.count).max() ?? 0
  let widths = (0..<columns).map { column in rows.map { $0.count > max(column, 1) ? $0[column].count : 0 }.max() ?? 0 }
  return rows.map { row in
    let cells = row.enumerated().map { column, cell in
      let space = String(repeating: " ", count: max(0, widths[column] - cell.count))
      return right.contains(column) ? space + cell : cell + space
    }
    var line = indent + cells.joined(separator: "  ")
    while line.hasSuffix(" ") { line.removeLast() }
    return line
  }.joined(separator: "\n")
}

/// Rows of cells that are `width` characters wide together, with a table's two spaces between columns: cells of the columns
/// `elastic` are cut, the first of them first, to 12 characters if need be.
///
/// - Parameter elastic: Columns, and whether it is the end of a text that stays, as of a path.
func fitted(_ rows: [[String]], to width: Int?, elastic: [(column: Int, keepsEnd: Bool)]) -> [[String]] {
  guard let width else { return rows }
  var rows = rows.map { $0.map(\.visibleLine) }
  func widest(_ column: Int) -> Int { rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
  let columns = rows.map(\.count).max() ?? 0
  var surplus = (0..<columns).reduce(2 * (columns - 1)) { $0 + widest($1) } - width
  for (column, keepsEnd) in elastic where surplus > 0 {
    let most = max(12, widest(column) - surplus)
    surplus -= max(0, widest(column) - most)
    for index in rows.indices where column < rows[index].count && rows[index][column].count > most {
      let text = rows[index][column]
      rows[index][column] = keepsEnd ? "…" + text.suffix(most - 1) : text.prefix(most - 1) + "…"
    }
  }
  return rows
}

extension String {
  /// The text with spaces after it, `width` characters wide at least.
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
