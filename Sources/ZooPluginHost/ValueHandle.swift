import CZooPlugin
import ZooCompiler
import ZooCore
import ZooOperators

/// What runs a graph of a node, whoever that is.
package protocol NodeBody: Sendable {}

/// A graph of a node, as kernels know it.
package final class BodyHandle: Sendable {
  package let body: any NodeBody

  package init(_ body: any NodeBody) { self.body = body }

  /// Valid as long as this object is.
  var pointer: OpaquePointer { OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

  package static func at(_ pointer: OpaquePointer) -> BodyHandle {
    Unmanaged.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }
}

/// Values as plugins look at them: a sequence, an optional value, a map's keys and values, or what a body has given.
package final class ValueHandle {
  package let elements: [Value]
  private let memory = ScratchMemory()
  private let inner: [ValueHandle?]
  private let table: UnsafeMutablePointer<zoo_tensor>

  package init(_ elements: [Value]) throws {
    self.elements = elements
    inner = try elements.map { $0.tensor == nil ? try ValueHandle(of: $0) : nil }
    table = memory.allocate(zoo_tensor.self, count: elements.count)
    for (index, element) in elements.enumerated() {
      let shape = element.tensor?.shape
      table[index] = zoo_tensor(
        element.kind, layout: .plain, shape: shape.map { memory.copy($0.map(Int64.init)) }, rank: shape?.count)
      if let tensor = element.tensor {
        table[index].data = memory.data(of: tensor)
        table[index].byte_count = try Tensor.byteCount(type: tensor.type, shape: tensor.shape)
      }
      table[index].value = inner[index]?.pointer
    }
  }

  /// The values in `value`, or itself where it is a tensor.
  package convenience init(of value: Value) throws {
    switch value {
    case .tensor: try self.init([value])
    case .sequence(let elements): try self.init(elements)
    case .optional(let element): try self.init(element.map { [$0] } ?? [])
    case .map(let keys, let values): try self.init([.tensor(keys), .tensor(values)])
    }
  }

  /// Valid as long as this object is.
  package var pointer: OpaquePointer { OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

  /// As `pointer`, until it is released.
  package var retained: OpaquePointer { OpaquePointer(Unmanaged.passRetained(self).toOpaque()) }

  package static func at(_ pointer: OpaquePointer?) -> ValueHandle? {
    pointer.map { Unmanaged.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
  }

  static func release(_ pointer: OpaquePointer?) {
    pointer.map { Unmanaged<ValueHandle>.fromOpaque(UnsafeRawPointer($0)).release() }
  }

  var count: Int { elements.count }

  func describe(_ index: Int, in element: UnsafeMutablePointer<zoo_tensor>?) -> zoo_status {
    guard elements.indices.contains(index), let element else { return zoo_status(ZOO_INVALID) }
    element.fill(with: table[index])
    return zoo_status(ZOO_OK)
  }
}
