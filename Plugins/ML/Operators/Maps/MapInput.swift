import CZooPlugin
import ZooPlugin

extension Call {
  /// Calls `body` with the keys and the values of the map that input 0 is.
  func withMap(_ body: (_ keys: TensorView, _ values: TensorView) throws -> Void) throws {
    let input = input(0)
    guard input.raw.pointee.kind == ZOO_VALUE_MAP, let map = input.values else {
      throw OperatorError("input 0 is not a map")
    }
    try map.withElement(0) { keys in try map.withElement(1) { values in try body(keys, values) } }
  }
}

extension TensorView {
  func elements<Element>(as _: Element.Type = Element.self) -> UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: pointer(as: Element.self), count: count)
  }
}
