import ZooCore
import ZooOperators

/// What passes ask that look for nodes of certain kinds.
extension CompilerGraph {
  /// The node that makes `value`, if it is one of ONNX's operator `type`.
  package func making(_ value: ValueID?, _ type: String) -> CompilerNode? { producer(of: value, type).map { self[$0] } }

  package func shape(of value: ValueID?) -> [Int]? { value.flatMap { self[$0].facts.fixedShape } }

  package func type(of value: ValueID?) -> ElementType? { value.flatMap { self[$0].facts.elementType } }

  /// The one number that `value` holds.
  package func scalar(_ value: ValueID?) -> Float? {
    guard let value, let constant = self[value].constant, constant.shape.reduce(1, *) == 1 else { return nil }
    if constant.type == .int64 { return integers(value)?.first.map(Float.init) }
    guard constant.type == .float32, let numbers: [Float] = try? constant.load().elements() else { return nil }
    return numbers.first
  }

  /// The integers that `value` holds.
  package func integers(_ value: ValueID?) -> [Int]? {
    guard let value, let constant = self[value].constant, constant.type == .int64, constant.shape.reduce(1, *) <= 64,
      let numbers: [Int64] = try? constant.load().elements()
    else { return nil }
    return numbers.map { Int($0) }
  }

  /// Whether two values are one, or constants of the same bits, small enough to look at.
  package func isSame(_ first: ValueID?, _ second: ValueID?) -> Bool {
    guard let first, let second else { return false }
    if first == second { return true }
    guard let one = self[first].constant, let other = self[second].constant, one.type == other.type,
      one.shape == other.shape, one.byteCount <= 1 << 16, let bytes = try? one.load(), let others = try? other.load()
    else { return false }
    return bytes.withUnsafeBytes { bytes in others.withUnsafeBytes { bytes.elementsEqual($0) } }
  }
}
