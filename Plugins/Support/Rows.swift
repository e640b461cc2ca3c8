import ZooPlugin

/// The rows of an input [N, F], or [F] for one row.
package struct Rows: Sendable {
  package var count: Int
  package var features: Int

  package init(_ tensor: TensorView) throws {
    switch tensor.rank {
    case 1: (count, features) = (1, tensor[dimension: 0])
    case 2: (count, features) = (tensor[dimension: 0], tensor[dimension: 1])
    default: throw OperatorError("the input has the shape \(tensor.shape), not [N, F]")
    }
    guard [.float32, .float64, .int64, .int32].contains(tensor.type) else { throw unsupported(tensor.type) }
  }

  /// Calls `body` with the elements as float32.
  package static func withFloats(of tensor: TensorView, _ body: (UnsafePointer<Float>) throws -> Void) throws {
    func convert<Element: BitwiseCopyable>(_: Element.Type, _ number: (Element) -> Float) throws {
      let elements = tensor.pointer(as: Element.self)
      let floats = try tensor.host.scratch(tensor.count, of: Float.self)
      for index in floats.indices { floats[index] = number(elements[index]) }
      try floats.withPointer { try body($0) }
    }
    switch tensor.type {
    case .float32: try body(UnsafePointer(tensor.pointer(as: Float.self)))
    case .float64: try convert(Double.self) { Float($0) }
    case .int64: try convert(Int64.self) { Float($0) }
    default: try convert(Int32.self) { Float($0) }
    }
  }
}

extension Attributes {
  /// A list of numbers; empty where there is none.
  package func numbers(_ name: String) throws -> [Float] { try floats(name) ?? [] }
}
